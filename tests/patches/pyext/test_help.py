"""The help patches open without an error, their examples play, and nothing lies on top of anything else."""

import re
from pathlib import Path

import pytest

EXTERNAL = Path(__file__).parents[3] / "pyext_py3"
HELP = sorted(path.name for path in EXTERNAL.glob("*-help.pd"))


@pytest.mark.parametrize("name", [*HELP, "py-meta.pd"])
def test_it_opens_without_an_error(desk, play, name):
    pd = play([EXTERNAL / name], arguments=desk.LIBRARY)
    pd.sync()
    assert pd.errors() == []


@pytest.mark.parametrize("name", HELP)
def test_it_has_the_parts_that_every_help_patch_has(name):
    text = (EXTERNAL / name).read_text()
    for part in ("pd reference", "pd META", "DESCRIPTION", "see also", "#4f9d69"):
        assert part in text
    width, height = map(int, re.match(r"#N canvas \d+ \d+ (\d+) (\d+) 12;", text).groups())
    assert width <= 740 and height <= 640


def test_every_object_has_its_help():
    assert {"py-help.pd", "pym-help.pd", "pyext-help.pd", "pyext~-help.pd"} <= set(HELP)


def test_the_examples_play(desk):
    scripts = {
        "py pyext_help.mtof": (["float", 69], ["Float", 440]),
        "py pyext_help.scale": (["list", 60, 2, 2, 1], ["List", 60, 62, 64, 65]),
        "pyext pyext_help.Arpeggio 20": (["list", 60, 64], ["Float", 64]),
    }
    for text, (message, answer) in scripts.items():
        box = desk.box(text)
        box.send(1, *message)
        assert box.expect(0) == answer
        box.close()
    box = desk.box("pyext pyext_help.Painter @detach 1", tables=[("canvas", 64)])
    box.send(1, "waves", "canvas", 1)
    assert box.expect(0) == ["Any", "painted", 64]
    assert max(desk.pd.array("canvas")) == pytest.approx(1)
    box.send(1, "walk", "canvas")
    assert box.expect(0) == ["Any", "walked", "in a thread"]
