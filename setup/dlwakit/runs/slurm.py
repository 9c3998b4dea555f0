"""Trainings in a Slurm queue: start (through dlwakit.training.submit), status, stop, fetch. On the command line."""

import itertools
import json
import math
import os
import subprocess
import time
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.base.paths import ROOT, find_python, worker_path
from dlwakit.runs import folder as files
from dlwakit.runs.local import CRASHED, PATIENCE, last_line, read, with_progress
from dlwakit.runs.state import Status

UNKNOWN_JOB = "Invalid job id"
AGAIN = 5  # seconds until a job that was only starting, and missed the signal, is asked to stop once more


def grid(folder, texts):
    """[(run folder, arguments)] for all combinations of texts such as "learning-rate=0.1,0.2". Raises UserError.

    Each combination has a folder of its own below `folder`; without texts there is one run, in `folder` itself.
    """
    points = []
    for choices in itertools.product(*map(_values, texts)):
        name = ",".join(f"{option}={value}" for option, value in choices)
        points.append((folder / name, [word for option, value in choices for word in (f"--{option}", value)]))
    return points


def _values(text):
    """[(option, value), ...] of "learning-rate=0.1,0.2". Raises UserError."""
    option, equals, values = text.lstrip("-").partition("=")
    if not (option and equals and values):
        raise UserError("usage", f"--grid {text} is not OPTION=A,B,C")
    return [(option, value) for value in values.split(",")]


def start(profile, model, program, runs, folder, dry_run):
    """Put trainings into the queue; more than one become a job array. Returns the exit status of submitting.

    program: the model's `dlwakit.course.days.Program`. runs: [(run folder, arguments)]. folder: where they all are.
    """
    variables = [f"{name}={value}" for name, value in {"DLWA_RECORDED": "1", **program.variables}.items()]
    programs = [
        {
            "model": model,
            "run": str(run),
            "command": ["env", *variables, *program.command([*arguments, "--run", run])],
        }
        for run, arguments in runs
    ]
    order = {"profile": profile, "dry_run": dry_run, "folder": str(folder / "slurm"), "programs": programs}
    return subprocess.run(
        [str(find_python("torch")), "-m", "dlwakit.training.submit"],
        input=json.dumps(order),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, worker_path(ROOT)))},
        text=True,
        check=False,
    ).returncode


def status(run, offset=0):
    """The Status of a run, by the queue and by its folder, with its output from the offset on."""
    folder = Path(run["folder"])
    return Status(_state(folder, run["place"]["job"]), *read(folder / files.OUTPUT, offset))


def _state(folder, job):
    try:
        queue, reason = _queue(job)
    except UserError as error:
        return with_progress(folder, "unknown", error.message)
    if queue == "RUNNING":
        word = "running" if files.read_state(folder).get("state") == "running" else "starting"
        return with_progress(folder, word)
    if queue in ("COMPLETING", "STOPPED", "SUSPENDED"):
        return with_progress(folder, "running", queue.lower())
    if queue:
        return with_progress(folder, "waiting", f"in the queue ({reason})")
    kept = files.read_state(folder)
    word = kept.get("state", "failed")
    if word == "running":
        return with_progress(folder, "crashed", CRASHED)
    note = kept.get("message", "") if kept else last_line(folder)
    return with_progress(folder, word, note or (last_line(folder) if word == "failed" else ""))


def _queue(job):
    """(state in the queue, or "" when it has left it; the reason why it waits). Raises UserError."""
    done = _slurm("squeue", "--noheader", "--jobs", job, "--format", "%T|%r", check=False)
    if done.returncode:
        if UNKNOWN_JOB in done.stderr:
            return "", ""
        raise UserError("environment", f"Slurm does not answer: {_reason(done)}")
    state, _, reason = done.stdout.strip().partition("|")
    return state, reason.splitlines()[0] if reason else ""


def stop(run):
    """Take the run out of the queue, or let it save and end; waits for it. Raises UserError."""
    job = run["place"]["job"]
    began, last = time.monotonic(), -math.inf
    while queue := _queue(job)[0]:
        now = time.monotonic()
        if now > began + PATIENCE:
            raise UserError(
                "environment", f"job {job} was asked to stop and is still at work", f"scancel {job} ends it"
            )
        if queue == "PENDING":
            _slurm("scancel", job)
        elif queue == "RUNNING" and now > last + AGAIN:
            last = now
            _slurm("scancel", "--signal=TERM", job)
        time.sleep(0.5)


def fetch(run):
    """Nothing to do: the queue's machines write into the same folder."""


def _slurm(*command, check=True):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError:
        raise UserError(
            "environment",
            f"there is no {command[0]} here",
            "Slurm's commands are on the cluster's login machine.",
        ) from None
    except subprocess.TimeoutExpired:
        raise UserError("environment", f"{command[0]} does not answer") from None
    if check and done.returncode:
        raise UserError("environment", f"{command[0]}: {_reason(done)}")
    return done


def _reason(done):
    lines = (done.stderr or done.stdout).strip().splitlines()
    return lines[-1] if lines else f"it ended with {done.returncode}"
