"""The help patches of abstractions and of Python objects: they open and are tidy."""

import itertools
import re
from pathlib import Path

import pytest
from dlwakit.course.days import all_days
from dlwakit.pdtools.reference import references
from support.external import EXTERNAL
from support.pd_window import boxes, size, title

ROOT = Path(__file__).parents[2]
SHARED = ROOT / "setup/patches"
FOLDERS = [*(day.folder for day in all_days(ROOT)), ROOT / "06_rave/nn", SHARED]
OBJECTS = {table.patch for table in references()}
HELP = sorted({patch for folder in FOLDERS for patch in folder.glob("*-help.pd")} | OBJECTS)
OF_THE_EXTERNAL = sorted((ROOT / "pyext_py3").glob("*-help.pd"))
TITLE_HEIGHT = 38
TALLEST = 608  # pixels: such a window opens 60 below the top of 698, and has a menu
BY_NAME = {"argvalues": HELP, "ids": [patch.stem for patch in HELP]}


def is_abstraction(patch):
    """Whether a patch is a part of others: all shared ones, and those of a day that are no page with a status line."""
    return patch.parent == SHARED or "dlwa-status \\$0" not in patch.read_text()


def test_every_abstraction_has_one():
    patches = {patch for folder in FOLDERS for patch in folder.glob("*.pd")} - set(HELP)
    needed = {f"{patch.stem}-help" for patch in patches if is_abstraction(patch)}
    assert needed <= {patch.stem for patch in HELP}
    assert {patch.stem for patch in set(HELP) - OBJECTS} <= needed
    assert len(HELP) > 20


@pytest.mark.parametrize("patch", **BY_NAME)
def test_it_opens_without_an_error(patch, play):
    pd = play([patch], path=[EXTERNAL])
    pd.send("pd", "dsp", 1)
    pd.sync()
    assert pd.errors() == []


@pytest.mark.parametrize("patch", OF_THE_EXTERNAL, ids=[patch.stem for patch in OF_THE_EXTERNAL])
def test_a_help_patch_of_the_external_loads_it_by_itself(patch, play):
    pd = play([patch], path=[EXTERNAL])
    pd.sync()
    assert pd.errors() == []
    assert not any("couldn't create" in line for line in pd.console)


@pytest.mark.parametrize("patch", **BY_NAME)
def test_it_has_the_parts_of_a_help_patch_and_nothing_overlaps(patch):
    text = patch.read_text()
    for part in ("pd reference", "pd META", "DESCRIPTION", "See\\ also", "#4f9d69"):
        assert part in text
    width, height = size(patch)
    assert width <= (1000 if patch.stem == "dlwa-status-help" else 740)
    found = [box for box in boxes(patch) if "floatatom" not in box[4]]
    for left, top, right, bottom, line in found:
        assert left >= 0 and top >= 0 and right <= width and bottom <= height, line
    for one, other in itertools.combinations(found, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, f"{one[4]}\n{other[4]}"


@pytest.mark.parametrize("patch", [*HELP, *OF_THE_EXTERNAL], ids=lambda patch: patch.stem)
def test_the_whole_of_it_is_on_a_small_screen(patch):
    _, height = size(patch)
    assert height <= TALLEST and all(box[3] <= height for box in boxes(patch))


@pytest.mark.parametrize("patch", [*HELP, *OF_THE_EXTERNAL], ids=lambda patch: patch.stem)
def test_no_box_lies_on_the_dark_title(patch):
    """Where Pd's black frames and letters can hardly be read."""
    left, top, width = title(patch)
    for box in boxes(patch):
        assert box[0] >= left + width or box[1] >= top + TITLE_HEIGHT, box[4]


def test_an_abstraction_without_arguments_hands_no_number_to_an_object_that_wants_a_name():
    """Pd 0.55 and later complain: `$1` is 0 there, as in the boxes behind "See also"."""
    wants = re.compile(r"#X obj \S+ \S+ (tab(read4|write|play|osc4|send|receive)~) \\\$\d+;")
    found = {patch.name for patch in ROOT.glob("**/*.pd") if wants.search(patch.read_text())}
    assert found == set()
