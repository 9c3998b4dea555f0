"""Submission of trainings to Slurm, through submitit.

    python -m dlwakit.training.submit < ORDER

Runs in the environment `torch`, on a machine that has Slurm's commands. ORDER is JSON: {"profile", "dry_run",
"folder" (for submitit's files), "programs": [{"model", "run", "command"}]}; more than one program become a
job array.
"""

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import submitit
from modelfiles.errors import UserError
from submitit.slurm.slurm import SlurmExecutor, _make_sbatch_string

from dlwakit.base.console import say, warn
from dlwakit.runs import folder as files
from dlwakit.runs.records import record
from dlwakit.training import profile

LIMIT = {
    signal.SIGUSR2
}  # what Slurm sends to all processes of a job before its limit; the program gets SIGTERM


class Training:
    """One training program as submitit's callable: it runs in the job, and is asked to save before the limit."""

    def __init__(self, command, folder):
        self.command, self.folder = command, folder
        self._pid, self._stopped = None, False

    def __call__(self):
        """Run the program to its end. Raises RuntimeError when it fails."""
        output = Path(self.folder, files.OUTPUT)
        with output.open("ab") as file:
            while files.is_locked(self.folder):  # what a node that was lost has not given up yet
                time.sleep(1)
            signal.pthread_sigmask(signal.SIG_BLOCK, LIMIT)
            program = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
            self._pid = program.pid
            signal.signal(signal.SIGTERM, self._stop)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, LIMIT)
            _wait(program.pid)
            status = program.wait()
        if status and not self._stopped:
            raise RuntimeError(f"the training ended with {status}; {output} says why")

    def checkpoint(self):
        """Called when the time limit is near: let the program save and end; what to go on with.

        Ends the job where there is nothing to go on with: the program was done, or the user has stopped it.
        """
        if self._stopped:
            sys.exit()
        if self._pid:
            self._stop()
            if _wait(self._pid) == 0:
                sys.exit()
        return submitit.helpers.DelayedSubmission(Training(self.command, self.folder))

    def _stop(self, *_):
        self._stopped = True
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGTERM)


def _wait(pid):
    """Wait until a child has ended, without reaping it; also from inside a signal handler. Its exit status."""
    with contextlib.suppress(ChildProcessError):
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
    return None


def main():
    """Read the order, submit it or say what would be submitted; the exit status."""
    order = json.load(sys.stdin)
    try:
        submit(order, profile.load(order["profile"]))
    except UserError as error:
        warn(error)
        return 1
    return 0


def submit(order, wanted):
    """Submit the programs of an order with a Profile, and record where they are. Raises UserError."""
    folder, programs = Path(order["folder"]), order["programs"]
    options = _options(order, wanted)
    if order["dry_run"]:
        say(_script(folder, options, len(programs)))
        for program in programs:
            say(f"# {program['run']}\n$ {shlex.join(program['command'])}")
        say("Nothing was submitted (--dry-run).")
        return
    try:
        executor = SlurmExecutor(folder, max_num_timeout=wanted.restarts)
    except RuntimeError:
        raise UserError(
            "environment",
            "there is no Slurm here",
            "Its commands (sbatch, squeue) are on the cluster's login machine.",
        ) from None
    for program in programs:
        run = Path(program["run"])
        run.mkdir(parents=True, exist_ok=True)
        (run / files.OUTPUT).touch()
    try:
        executor.update_parameters(**options)
        with executor.batch():
            jobs = [executor.submit(Training(program["command"], program["run"])) for program in programs]
        numbers = [job.job_id for job in jobs]
    except (submitit.core.utils.FailedJobError, subprocess.CalledProcessError) as error:
        raise UserError(
            "environment", f"Slurm refuses the job: {_said(error)}", f"Profile: {order['profile']}"
        ) from None
    for program, number in zip(programs, numbers):
        place = {"kind": "slurm", "job": number, "profile": order["profile"]}
        record(program["run"], program["model"], place)
        say(f"job {number}: {program['run']}")
    say("next  setup/dlwa runs list")


def _options(order, wanted):
    """submitit's parameters for a profile."""
    outputs = " ".join(shlex.quote(str(Path(program["run"], files.OUTPUT))) for program in order["programs"])
    setup = [f"outputs=({outputs})", 'output="${outputs[${SLURM_ARRAY_TASK_ID:-0}]}"']
    for line in wanted.setup:
        words = shlex.quote(f"'{line}' failed on ")
        setup.append(f'{{ {line}; }} 2>> "$output" || {{ echo {words}"$(hostname)" >> "$output"; exit 1; }}')
    return {
        "job_name": f"{order['programs'][0]['model']}-{Path(order['folder']).parent.name}",
        "time": wanted.minutes,
        "signal_delay_s": wanted.warning,
        "setup": setup,
        "stderr_to_stdout": True,
        "additional_parameters": {"requeue": True, **wanted.sbatch},
    }


def _script(folder, options, count):
    command = f"{shlex.quote(sys.executable)} -u -m submitit.core._submit {shlex.quote(str(folder))}"
    return _make_sbatch_string(command, folder, map_count=count if count > 1 else None, **options)


def _said(error):
    lines = [line for line in str(error).splitlines() if "error:" in line.lower()]
    return lines[-1].partition("error: ")[2].strip() if lines else str(error).splitlines()[-1]


if __name__ == "__main__":
    sys.exit(main())
