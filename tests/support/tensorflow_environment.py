"""Runs scripts in the environment `tensorflow`, for the tests that ask the original packages."""

import os
import subprocess
from pathlib import Path

from support.tools import need_environment

ROOT = Path(__file__).resolve().parents[2]


def tensorflow_python():
    """Its Python."""
    return need_environment("tensorflow")


def run_in_tensorflow(script, *arguments, day="01_ai_duet"):
    """Run a Python script with a day's folder on its path; a failure shows its last words."""
    variables = dict(
        os.environ,
        PYTHONPATH=os.pathsep.join(map(str, (ROOT / day, ROOT / "pyext_py3", ROOT / "tests"))),
        TF_CPP_MIN_LOG_LEVEL="3",
        CUDA_VISIBLE_DEVICES="",
    )
    done = subprocess.run(
        [tensorflow_python(), script, *map(str, arguments)], env=variables, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
