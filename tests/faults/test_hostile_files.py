"""No file that is made to harm whoever opens it takes memory, ends the worker, or says more than a line."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_no_hostile_file_does_harm():
    program = Path(__file__).with_name("hostile_files.py")
    done = subprocess.run([sys.executable, program], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 did harm" in done.stdout
