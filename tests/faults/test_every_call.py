"""A fault at some calls of some operations leaves nothing half, and the same command again does all of it.

`tests/faults/every_call.py` tries every call of every operation and prints a table.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

POINTS = {
    "keep a take": 20,
    "checkpoints get": 6,
    "checkpoints add": 8,
    "dataset melody": 12,
    "dataset samplernn": 8,
    "train melody": 6,
    "train rave, on": 5,
}


@pytest.mark.slow
@pytest.mark.needs("gcc")
@pytest.mark.parametrize("operation", POINTS)
def test_a_fault_at_any_call_loses_nothing(operation):
    program = Path(__file__).with_name("every_call.py")
    words = [sys.executable, program, operation, "--points", str(POINTS[operation])]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert operation in done.stdout
