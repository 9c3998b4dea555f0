"""Buttons that open file dialogues, pressed with the mouse: one that is cancelled leaves no trace."""

import sys
from functools import partial

import numpy as np
import pytest
from support.duet_player import DAY, OUT
from support.external import EXTERNAL
from support.pd_window import buttons
from support.waiting import wait_until

PATCH = DAY / "ai_duet.pd"
DIALOGUES = {"own_file": "Open", "open_MIDI": "Open", "save_MIDI": "Save As"}


def is_drawn(screen, box, pixels):
    """Whether these pixels are in a box (left, top, right, bottom) of the screen."""
    left, top, right, bottom = box
    return np.array_equal(screen.picture()[top:bottom, left:right], pixels)


@pytest.mark.parametrize("button", DIALOGUES)
def test_a_button_is_as_it_was_after_a_cancelled_dialogue(play, screen, tmp_path, button):
    environment = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(tmp_path)}
    pd = play([PATCH], path=[EXTERNAL], listen=[OUT], display=screen.name, environment=environment)
    press = buttons(screen, PATCH)
    pd.expect(OUT, "worker", "off", timeout=90)
    wait_until(lambda: (screen.picture() == 255).any(), "the page")
    before = screen.picture()
    for _ in range(2):  # the first time, Pd draws in the right order
        box = left, top, right, bottom = press(button)
        screen.wait_for_window(f"^{DIALOGUES[button]}$")
        pd.let_time_pass(500)  # longer than a button flashes
        screen.xdotool("key", "Escape")
        pd.let_time_pass(1000)
        then = before[top:bottom, left:right]
        wait_until(partial(is_drawn, screen, box, then), "the button as it was", 30)
    assert pd.errors() == []
