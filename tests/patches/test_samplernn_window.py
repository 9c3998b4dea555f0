"""A student's first minute with day 5: the buttons are pressed with the mouse as the patch comes up, and it sounds."""

import math
import sys
from pathlib import Path

import pytest
from support.external import EXTERNAL
from support.pd_window import buttons

PATCH = Path(__file__).parents[2] / "05_samplernn/samplernn.pd"
OUT = "samplernn-out"


@pytest.mark.parametrize("starter", ["beat", "voice"])
@pytest.mark.parametrize("curve", [None, "rising"])
def test_the_first_press_of_generate_sounds(play, screen, tmp_path, starter, curve):
    environment = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(tmp_path)}
    pd = play([PATCH], path=[EXTERNAL], listen=[OUT], display=screen.name, environment=environment)
    press = buttons(screen, PATCH)
    pd.expect(OUT, "worker", "off", timeout=90)
    press(starter)
    pd.expect(OUT, "worker", "on", timeout=240)
    if curve:
        press(curve)
    press("generate")
    sounds = [pd.expect(OUT, "generated", timeout=120)[1] for _ in "AB"]
    for name in sounds:
        samples = pd.array(name)
        assert math.sqrt(sum(sample * sample for sample in samples) / len(samples)) > 0.02
    assert pd.errors() == []
