"""The mouse on the patches of days 3 and 4: a click on a button that is seen reaches the Python object."""

import sys
from pathlib import Path

import pytest
from support.external import EXTERNAL
from support.pd_window import buttons

ROOT = Path(__file__).parents[2]
# A button of each patch, by its label, and what the object then says: there is no model yet, and it says so.
BUTTONS = {
    "03_gansynth/gansynth.pd": ("gansynth-out", "synthesize", "error"),
    "03_gansynth/gansynth_multi.pd": ("gansynth-out", "random 1", "error"),
    "03_gansynth/gansynth_hallucination.pd": ("gansynth-out", "generate", "error"),
    "04_ganspacesynth/ganspacesynth.pd": ("ganspacesynth-out", "conv0", "error"),
    "04_ganspacesynth/ganspacesynth_noz.pd": ("ganspacesynth-out", "synthesize", "error"),
    "04_ganspacesynth/ganspacesynth_halluseq.pd": ("halluseq-out", "add", "updated"),
}


@pytest.mark.parametrize("patch, button", BUTTONS.items(), ids=[Path(name).stem for name in BUTTONS])
def test_a_click_reaches_the_object(patch, button, play, screen, tmp_path):
    out, label, answer = button
    environment = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(tmp_path)}
    pd = play([ROOT / patch], path=[EXTERNAL], listen=[out], display=screen.name, environment=environment)
    press = buttons(screen, ROOT / patch)
    pd.expect(out, "worker", "off", timeout=90)
    press(label.replace(" ", "_"))
    pd.expect(out, answer, timeout=90)
