"""Trainings on this machine: status, stop, fetch. On the command line."""

import os
import signal
import time
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.runs import folder as files
from dlwakit.runs.state import State, Status

PATIENCE = 120  # seconds that a training may take to save
CRASHED = "it exited without an error message; the same command goes on from its last checkpoint"


def status(run, offset=0):
    """The Status of a run, with its log from the offset on."""
    folder = Path(run["folder"])
    return Status(state(folder), *read(folder / files.LOG, offset))


def state(folder):
    """The State of a run that trains on this machine, from its folder alone."""
    if files.is_locked(folder):
        word, note = "running", ""
        if files.read_state(folder).get("state") != "running":
            word = "starting"
    elif _alive(starter(folder)):
        word, note = "starting", ""
    else:
        kept = files.read_state(folder)
        word, note = kept.get("state", "not begun"), kept.get("message", "")
        if word == "running":
            word, note = "crashed", CRASHED
        elif word == "not begun" and (folder / files.OUTPUT).exists():
            word, note = "failed", last_line(folder)
    return with_progress(folder, word, note)


def with_progress(folder, word, note=""):
    """A State with the progress that state.json knows."""
    kept = files.read_state(folder)
    return State(
        word, kept.get("step", 0), kept.get("goal"), kept.get("unit", "step"), kept.get("seconds_left"), note
    )


def read(path, offset):
    """(text of a file from a byte offset on, the offset behind it)."""
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            content = file.read()
    except FileNotFoundError:
        return "", offset
    return content.decode(errors="replace"), offset + len(content)


def last_line(folder):
    """The last line that a run printed where no terminal showed it."""
    lines = read(folder / files.OUTPUT, 0)[0].splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def starter(folder):
    """The process that starts a run without a terminal, or None."""
    try:
        return int((folder / files.STARTER).read_text())
    except (OSError, ValueError):
        return None


def _alive(pid):
    """Whether a process is at work; a zombie is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def stop(run):
    """Ask the training to save and end; waits for it. Raises UserError if it does not."""
    folder = Path(run["folder"])
    now = state(folder)
    if now.word not in ("running", "starting"):
        return
    pid = files.read_state(folder).get("pid") if files.is_locked(folder) else starter(folder)
    try:
        os.kill(pid, signal.SIGTERM)
    except OSError as error:
        raise UserError("file", f"process {pid} cannot be stopped: {error.strerror}") from None
    end = time.monotonic() + PATIENCE
    while state(folder).word in ("running", "starting"):
        if time.monotonic() > end:
            raise UserError(
                "environment",
                f"process {pid} was asked to stop and is still at work",
                f"kill -9 {pid} ends it",
            )
        time.sleep(0.2)


def fetch(run):
    """Nothing to do: everything is here."""
