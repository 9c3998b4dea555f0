"""Day 1's patch on a screen: its keys."""

import sys

import pytest
from support.duet_player import DAY, OUT, Duet
from support.external import EXTERNAL
from support.pd_window import buttons


@pytest.fixture
def duet(play, screen, tmp_path):
    environment = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(tmp_path)}
    patch, path = DAY / "ai_duet.pd", [EXTERNAL]
    return Duet(play([patch], path=path, listen=[OUT], display=screen.name, environment=environment))


def test_computer_keys_are_piano_keys_and_do_not_stutter(duet, screen):
    duet.expect("worker", "off")
    buttons(screen, DAY / "ai_duet.pd")  # waits for the window
    screen.xdotool("mousemove", 500, 560)
    screen.xdotool("keydown", "a", "sleep", 1.2, "keyup", "a")  # long enough for the keyboard to repeat
    length = duet.expect("roll", "theme", 60)[4]
    assert length > 0.3
    screen.xdotool("key", "x", "key", "w")
    duet.expect("roll", "theme", 73)
    assert [pitch for pitch, start, length in duet.drawn("theme")] == [60, 73]
    assert duet.pd.errors() == []


def test_keys_typed_into_a_dialogue_are_no_music(duet, screen):
    press = buttons(screen, DAY / "ai_duet.pd")
    duet.expect("worker", "off")
    press("\\$0-save")
    screen.wait_for_window("Save As")
    screen.xdotool("key", "a", "key", "x", "key", "s", "key", "Escape")
    assert typed_into_the_patch(duet, screen) == [64]


def test_keys_typed_into_another_patch_are_no_music(duet, screen, tmp_path):
    buttons(screen, DAY / "ai_duet.pd")
    duet.expect("worker", "off")
    (tmp_path / "other.pd").write_text("#N canvas 1050 300 300 400 12;\n")
    duet.pd.open(tmp_path / "other.pd")
    screen.wait_for_window("other.pd")
    screen.xdotool("mousemove", 1150, 500, "click", 1, "key", "a", "key", "x", "key", "s")
    assert typed_into_the_patch(duet, screen) == [64]


def typed_into_the_patch(duet, screen):
    """The pitches of the theme after a D is typed in the patch's window."""
    screen.xdotool("mousemove", 500, 560)
    screen.xdotool("key", "d")
    duet.expect("roll", "theme", 64)
    return [pitch for pitch, start, length in duet.drawn("theme")]
