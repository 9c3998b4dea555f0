"""A training of each model, killed at some moments, goes on as if nothing had been; no file is ever half there.

DLWA_KILLS=20 kills each model's training at 20 moments instead of 3; `tests/training/kills.py` does one model alone.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

MODELS = ("melody", "ddsp", "gansynth", "samplernn", "rave", "prior")
MOMENTS = os.environ.get("DLWA_KILLS", "3")


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_a_training_that_is_killed_goes_on(model, tmp_path):
    kills = Path(__file__).with_name("kills.py")
    words = [sys.executable, str(kills), model, str(tmp_path), "--moments", MOMENTS]
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"killed {MOMENTS} times" in done.stdout
