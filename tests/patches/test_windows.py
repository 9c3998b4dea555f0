"""The patches of the days and the overview, on the screen of a small laptop."""

import itertools
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from support.external import EXTERNAL
from support.pd_window import HEIGHT, TITLE, WIDTH, boxes, cords, face, size, title, where
from support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
PATCHES = sorted(
    patch
    for folder in [*ROOT.glob("[0-9][0-9]_*"), ROOT / "setup", ROOT / "setup/sketch", ROOT / "setup/quiz"]
    for patch in folder.glob("*.pd")
    if re.search(f"#{bytes(TITLE).hex()}|dlwa-status", patch.read_text()) and "-help" not in patch.name
)
# Looks at a window until it is opened anew: on a busy machine Tk adds scrollbars before it knows the size.
LOOKS = 60
TALLEST = 620  # pixels: a title bar, a menu and a desktop's own bar stand above
BY_NAME = {"argvalues": PATCHES, "ids": [patch.stem for patch in PATCHES]}


def test_every_day_has_a_patch():
    assert {patch.parent for patch in PATCHES} >= {
        day for day in ROOT.glob("[0-9][0-9]_*") if (day / "day.json").exists()
    }


@pytest.mark.parametrize("patch", **BY_NAME)
def test_nothing_overlaps_is_cut_off_or_crossed_by_a_cord(patch):
    assert cords(patch) == []
    width, height = size(patch)
    assert width <= WIDTH and height <= TALLEST
    found = boxes(patch)
    assert len(found) > 10
    for one, other in itertools.combinations(found, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, f"{one[:4]} {one[4]}\n{other[:4]} {other[4]}"
    for left, top, right, bottom, line in found:
        assert left >= 0 and top >= 0 and right <= width and bottom <= height, line


@pytest.mark.parametrize("patch", **BY_NAME)
def test_no_rule_between_steps_runs_through_a_box(patch):
    rules = [line for line in face(patch) if re.search(r" cnv 1 96\d 1 empty ", line)]
    assert rules or patch.stem == "overview"
    for height in (int(line.split()[3]) for line in rules):
        for _, top, _, bottom, line in boxes(patch):
            assert not top < height < bottom, line


@pytest.mark.parametrize("patch", **BY_NAME)
def test_the_picture_of_a_sound_leaves_no_peak_out(patch):
    pictures = r"#X array \S*(?:sound|wave|view-[ab])\S* (\d+) float (\d+);\n#X coords (?:\S+ ){4}(\d+)"
    for points, flags, width in re.findall(pictures, patch.read_text()):
        filled = int(flags) & 2  # Pd draws the lowest and the highest of all points in a pixel
        assert filled or int(points) <= int(width)


@pytest.mark.parametrize("patch", **BY_NAME)
def test_a_playhead_stands_on_the_picture_over_which_it_moves(patch):
    text = patch.read_text()
    for name, *place in re.findall(
        r"dlwa-(?:player~ (\S+)|sound~ \S+) ([1-9]\d*) (\d+) (\d+)(?: \\\$0)?;", text
    ):
        left, top, width = map(int, place)
        head = re.escape(name or r"\$0-sound") + "-head"
        assert re.search(rf"#X obj {left} {top} cnv 1 2 \d+ empty {head} ", text)
        assert re.search(rf"#X coords .* {width} \d+ 1 0 0;\n#X restore {left} {top} graph;", text)


@pytest.mark.parametrize("patch", **BY_NAME)
def test_the_whole_patch_is_on_the_screen(patch, play, screen, tmp_path):
    environment = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(tmp_path)}
    pd = play([patch], path=[EXTERNAL], display=screen.name, environment=environment)
    left, top, width = title(patch)
    looks = itertools.count(1)

    def whole_title():  # no border or scrollbar covers it
        columns = where(screen.picture(), TITLE)[1]
        if next(looks) % LOOKS == 0:
            for shown in (0, 1):
                pd.send(f"pd-{patch.name}", "vis", shown)
        return len(columns) and columns.max() - columns.min() == width

    wait_until(whole_title, "the window with the whole of its title")
    image = screen.picture()
    rows, columns = where(image, TITLE)
    right, bottom = columns.min() - left + size(patch)[0], rows.min() - top + size(patch)[1]
    assert right <= WIDTH and bottom <= HEIGHT
    lowest = max(box[3] for box in boxes(patch))
    below = image[rows.min() - top + lowest + 2, columns.min() : columns.max()]
    assert np.mean((below == 255).all(axis=1)) > 0.9  # paper, not a scrollbar
    assert pd.errors() == []
