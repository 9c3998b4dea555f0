"""The help patches open without an error, their examples play, and nothing lies on top of anything else."""

import itertools
import re
from pathlib import Path

import pytest
from support.pd_window import boxes, size

EXTERNAL = Path(__file__).parents[3] / "pyext_py3"
HELP = sorted(path.name for path in EXTERNAL.glob("*-help.pd"))


@pytest.mark.parametrize("name", [*HELP, "py-meta.pd"])
def test_it_opens_without_an_error(rig, play, name):
    pd = play([EXTERNAL / name], arguments=rig.LIBRARY)
    pd.sync()
    assert pd.errors() == []


@pytest.mark.parametrize("name", HELP)
def test_it_has_the_parts_that_every_help_patch_has(name):
    text = (EXTERNAL / name).read_text()
    for part in ("pd reference", "pd META", "DESCRIPTION", "See\\ also:", "#4f9d69"):
        assert part in text
    width, height = map(int, re.match(r"#N canvas \d+ \d+ (\d+) (\d+) 12;", text).groups())
    assert width <= 740 and height <= 640


@pytest.mark.parametrize("name", HELP)
def test_nothing_overlaps_or_is_cut_off(name):
    width, height = size(EXTERNAL / name)
    found = [box for box in boxes(EXTERNAL / name) if "floatatom" not in box[4]]
    for left, top, right, bottom, line in found:
        assert left >= 0 and top >= 0 and right <= width and bottom <= height, line
    for one, other in itertools.combinations(found, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, f"{one[4]}\n{other[4]}"


HELP_OF = {
    "py math": "py",
    "pym +": "pym",
    "pyext {m}.Thing": "pyext",
    "pyx {m}.Thing": "pyext",
    "pyext. {m} Thing": "pyext",
    "pyx. {m} Thing": "pyext",
    "pyext~ {m}.Thing": "pyext~",
    "pyx~ {m}.Thing": "pyext~",
    "pyext.~ 0 0 1 1 {m} Thing": "pyext~",
    "pyx.~ 0 0 1 1 {m} Thing": "pyext~",
    "pystream~": "pystream~",
}


@pytest.mark.parametrize("text", HELP_OF)
def test_every_object_opens_its_help(rig, text):
    box = rig.box(text, "import pyext\nclass Thing(pyext._class):\n    pass\n", inlets=0, outlets=0)
    name = f"{HELP_OF[text]}-help.pd"
    rig.pd.send(f"pd-{box.patch}", "done-popup", 2, 12, 102)
    # The open patch answers: it says that it cannot make this.
    rig.pd.send(f"pd-{name}", "obj", 10, 10, f"within-{name}")
    rig.expect_console(f"within-{name}")
    rig.pd.send(f"pd-{name}", "menuclose", 1)


def test_the_examples_play(rig):
    scripts = {
        "py pyext_help.mtof": (["float", 69], ["Float", 440]),
        "py pyext_help.scale": (["list", 60, 2, 2, 1], ["List", 60, 62, 64, 65]),
        "pyext pyext_help.Arpeggio 20": (["list", 60, 64], ["Float", 64]),
    }
    for text, (message, answer) in scripts.items():
        box = rig.box(text)
        box.send(1, *message)
        assert box.expect(0) == answer
        box.close()
    box = rig.box("pyext pyext_help.Painter @detach 1", tables=[("canvas", 64)])
    box.send(1, "waves", "canvas", 1)
    assert box.expect(0) == ["Any", "painted", 64]
    assert max(rig.pd.array("canvas")) == pytest.approx(1)
    box.send(1, "walk", "canvas")
    assert box.expect(0) == ["Any", "walked", "in a thread"]
