"""A day's training as a process of its own, for the tests of trainings."""

import os
import signal
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run_training(python, day, module, *arguments, stop_at=None):
    """(exit status, what it said, what it complained) of a training with one thread.

    python: the interpreter; day: the day's folder; stop_at: the step of the check at which Ctrl-C comes.
    """
    path = os.pathsep.join(str(ROOT / folder) for folder in (day, "setup", "pyext_py3"))
    said = []
    with tempfile.TemporaryFile("w+") as complaints:
        program = subprocess.Popen(
            [python, "-m", module, *map(str, arguments), "--threads", "1"],
            env=os.environ | {"PYTHONPATH": path, "DLWA_RECORDED": "1", "CUDA_VISIBLE_DEVICES": ""},
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        )
        with program:
            for line in program.stdout:
                said.append(line)
                if stop_at and line.startswith(f"step {stop_at}/"):
                    program.send_signal(signal.SIGINT)
        complaints.seek(0)
        return program.returncode, "".join(said), complaints.read()
