"""Buttons that open file dialogues, pressed with the mouse: one that is cancelled leaves no trace."""

import sys

import numpy as np
import pytest
from support.duet_player import DAY, OUT
from support.external import EXTERNAL
from support.pd_window import buttons
from support.waiting import wait_until

PATCH = DAY / "ai_duet.pd"
DIALOGUES = {"own_file": "Open", "open_MIDI": "Open", "save_MIDI": "Save As", "\\$1-record": "Save As"}


def inside(screen, box):
    """The pixels in a box (left, top, right, bottom)."""
    left, top, right, bottom = box
    return screen.picture()[top:bottom, left:right]


@pytest.mark.parametrize("button", DIALOGUES)
def test_a_button_is_as_it_was_after_a_cancelled_dialogue(play, screen, tmp_path, button):
    environment = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(tmp_path)}
    pd = play([PATCH], path=[EXTERNAL], listen=[OUT], display=screen.name, environment=environment)
    press = buttons(screen, PATCH)
    pd.expect(OUT, "worker", "off", timeout=90)
    wait_until(lambda: (screen.picture() == 255).any(), "the page")
    before = screen.picture()
    box = left, top, right, bottom = press(button)
    screen.wait_for_window(f"^{DIALOGUES[button]}$")
    screen.xdotool("mousemove", right + 30, bottom + 30, "key", "Escape")
    wait_until(
        lambda: np.array_equal(inside(screen, box), before[top:bottom, left:right]),
        "the button as it was",
        30,
    )
    assert pd.errors() == []
