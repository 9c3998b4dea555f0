"""Every main patch of a day is reached: by the command, by its lesson, and from the day's first patch."""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from dlwakit.cli import open as opening
from dlwakit.course.days import all_days, find_day, find_patch
from modelfiles.errors import UserError
from support.course_copy import ROOT
from support.external import EXTERNAL
from support.pd_window import TITLE, boxes, title, where
from support.waiting import wait_until

DAYS = all_days(ROOT)
MORE = [day for day in DAYS if "dlwa-patch" in (day.folder / day.patch).read_text()]
SMALL_DAYS = [day for day in DAYS if day.concepts]
BUTTON = re.compile(r"dlwa-patch (\S+) (\S+\.pd) ")
SMALL = re.compile(r"dlwa-(?:idea|patch) (\S+) (concepts/\S+\.pd)")
COMMAND = re.compile(r"setup/dlwa open (\S+?)(?: ([a-z_]+))?[`\s]")


@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.name)
def test_a_day_knows_its_main_patches(day):
    pages = {
        patch.name
        for patch in day.folder.glob("*.pd")
        if "dlwa-status \\$0" in patch.read_text() and "-help" not in patch.name
    }
    assert set(day.patches) == pages


@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.name)
def test_the_command_opens_each(day, monkeypatch):
    started = []
    monkeypatch.setattr(opening, "ensure", lambda *parts, yes: None)
    monkeypatch.setattr(opening.os, "execv", lambda pd, words: started.append(words[2]))
    others = [Path(patch).stem for patch in day.concepts]
    for word in [None, *day.patches, *others]:
        opening.run(SimpleNamespace(day=day.package, patch=word, yes=False))
    assert started == [str(day.folder / patch) for patch in (day.patch, *day.patches, *day.concepts)]


@pytest.mark.parametrize("day", SMALL_DAYS, ids=lambda day: day.name)
def test_the_page_of_the_small_patches_names_the_command_of_each(day):
    commands = COMMAND.findall((day.folder / "concepts/README.md").read_text())
    found = {find_patch(find_day(number), word) for number, word in commands}
    assert found == {day.folder / patch for patch in day.concepts}


@pytest.mark.parametrize("day", SMALL_DAYS, ids=lambda day: day.name)
def test_the_small_patches_are_reached_from_the_first_patch(day):
    """It has a button for one of them, and each of them one for the next, until all are reached."""
    assert len(day.concepts) >= 2
    reached, places = set(), [day.patch]
    for place in places:
        for folder, patch in SMALL.findall((day.folder / place).read_text()):
            assert folder == day.name
            if patch not in reached:
                reached.add(patch)
                places.append(patch)
    assert reached == set(day.concepts)


@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.name)
def test_the_first_patch_has_a_button_for_each_other(day):
    """A [dlwa-patch], or one of its own with a [dlwa-day] behind it."""
    text = (day.folder / day.patch).read_text()
    opened = re.findall(r"dlwa-(?:patch|day) \S+ (\S+\.pd)[ ;]", text)
    assert set(opened) == set(day.more_patches)


@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.name)
def test_the_lesson_names_the_command_of_each(day):
    commands = COMMAND.findall((day.folder / "README.md").read_text())
    named = {find_patch(find_day(number), word or None).name for number, word in commands}
    assert named >= set(day.patches)


@pytest.mark.parametrize(
    "word, found",
    [("noz", "ganspacesynth_noz"), ("HALLU", "ganspacesynth_halluseq"), ("ganspacesynth", None)],
)
def test_a_part_of_the_name_is_enough(word, found):
    day = find_day("4")
    assert find_patch(day, word) == day.folder / (f"{found}.pd" if found else day.patch)


@pytest.mark.parametrize("word", ["multi", "ganspacesynth_"])
def test_a_wrong_or_ambiguous_name_lists_the_patches(word):
    with pytest.raises(UserError, match=word) as error:
        find_patch(find_day("4"), word)
    assert (
        error.value.hint
        == "Patches there: ganspacesynth, ganspacesynth_noz, ganspacesynth_halluseq, cloud, direction"
    )


@pytest.mark.parametrize("day", MORE, ids=lambda day: day.name)
def test_the_first_patch_opens_the_others_with_a_click(day, play, screen, tmp_path):
    first = day.folder / day.patch
    buttons = {BUTTON.search(box[4])[2]: box[:2] for box in boxes(first) if BUTTON.search(box[4])}
    assert set(buttons) <= set(day.more_patches)
    environment = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(tmp_path)}
    pd = play([first], path=[EXTERNAL], display=screen.name, environment=environment)
    wait_until(lambda: len(where(screen.picture(), TITLE)[0]) > 5000, "the window")
    rows, columns = where(screen.picture(), TITLE)
    left, top = columns.min() - title(first)[0], rows.min() - title(first)[1]
    name, (x, y) = next(iter(buttons.items()))
    screen.xdotool("mousemove", left + x + 14, top + y + 14, "click", 1)
    search = ["xdotool", "search", "--name", name]
    shown = {"DISPLAY": screen.name, "PATH": "/usr/bin:/bin"}
    wait_until(lambda: subprocess.run(search, env=shown, capture_output=True).stdout, "the other patch")
    assert pd.errors() == []


def test_a_patch_that_is_open_is_not_opened_once_more(play):
    """Two of them would answer to one name, and each have rings of sound and arrays of its own."""
    out = "timbre-live-out"
    pd = play([ROOT / "02_ddsp/timbre_transfer.pd"], path=[EXTERNAL], listen=[out])
    for _ in range(2):
        pd.send("timbre_transfer", "press", "live")
        pd.sync()
    pd.send("timbre-live", "number")
    pd.sync()
    assert sum(message[0] == "number" for message in pd.received[out]) == 1
