"""The overview: what its buttons open, and its sound check, used with the mouse on a screen."""

import sys
from pathlib import Path

import numpy as np
import pytest
from dlwakit.cli import doctor
from dlwakit.cli.open import OVERVIEW, what_is_installed
from dlwakit.course.days import all_days
from dlwakit.install import system
from dlwakit.pdtools.pd_session import atoms
from support.external import EXTERNAL
from support.pd_window import STEP, TITLE, boxes, where
from support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
CHECKS = [
    {"name": "Pd", "ok": True, "needed": True},
    {"name": "a part with a { bracket, a $ and a ; in its name", "ok": False, "needed": True},
]


def test_there_is_a_button_for_every_day():
    text = OVERVIEW.read_text()
    for day in all_days(ROOT):
        assert f"dlwa-day {day.name} {day.patch};" in text
        assert f"{int(day.name[:2])}\\ " in text
    assert "dlwa-day 03_gansynth nsynth.pd;" in text


def test_what_is_installed_is_told_in_pds_own_words():
    words = what_is_installed([*CHECKS, *[CHECKS[0]] * 30])
    assert words[::2] == ["-send"] * 17
    assert words[1].startswith("overview-say symbol Something\\ is\\ missing")
    assert words[3] == "overview-part-1 label ok:\\ Pd"
    assert (
        words[5]
        == "overview-part-2 label MISSING:\\ a\\ part\\ with\\ a\\ {\\ bracket\\,\\ a\\ \\$\\ and\\ a\\ \\;..."
    )


@pytest.mark.parametrize("has, words", [(True, "NVIDIA card"), (False, "no NVIDIA card needed")])
def test_a_machine_without_a_graphics_card_is_not_said_to_have_one(monkeypatch, has, words):
    monkeypatch.setattr(system, "has_nvidia_card", lambda: has)
    assert words in [check["name"] for check in doctor.report()]


def test_a_click_makes_the_tone_and_another_opens_a_day(play, screen, tmp_path):
    environment = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(tmp_path)}
    listen = ["ai_duet-out"]
    pd = play([OVERVIEW], path=[EXTERNAL], listen=listen, display=screen.name, environment=environment)
    wait_until(lambda: len(where(screen.picture(), TITLE)[0]) > 5000, "the window")
    for message in what_is_installed(CHECKS)[1::2]:
        pd.send(*atoms(message))
    pd.sync()
    rows, columns = where(screen.picture(), TITLE)
    left, top = columns.min() - 2, rows.min() - 2

    def area(x, y, width, height):
        return screen.picture()[top + y : top + y + height, left + x : left + x + width]

    def click(send):
        x, y = next(box[:2] for box in boxes(OVERVIEW) if f"\\$0-{send} " in box[4] + " ")
        screen.xdotool("mousemove", left + x + 12, top + y + 12, "click", 1)

    def length_of_the_bar():
        x, y = next(box[:2] for box in boxes(OVERVIEW) if "dlwa-output~" in box[4])
        return np.count_nonzero((area(x + 6, y + 27, 150, 1) == STEP).all(axis=2))

    parts = [
        next(box for box in OVERVIEW.read_text().splitlines() if f"part-{n} " in box).split()
        for n in (1, 2, 3)
    ]

    def dark(part):
        return (area(int(part[2]), int(part[3]), 340, 14) < 100).sum()

    wait_until(lambda: min(dark(parts[0]), dark(parts[1])) > 50, "two lines of what is installed")
    assert dark(parts[2]) == 0
    assert length_of_the_bar() < 10
    click("dsp")
    click("tone")
    wait_until(lambda: length_of_the_bar() > 50, "the tone")
    click("tone")
    wait_until(lambda: length_of_the_bar() < 10, "the tone's end")
    click("day-1")
    pd.expect("ai_duet-out", "worker", "off")
    assert pd.errors() == []
