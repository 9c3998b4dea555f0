"""The table of the starters' figures: rows of sheets that are there, and what is said of them."""

import json

import pytest
from support import starters_table
from support.starters_table import COLUMNS, SAMPLERNN, STARTERS, TABLE, rows, table

DATA = {"data": {"flatness": 0.1}}


def samplernn(bits, levels, flat):
    """A sheet of day 5: a number for each temperature."""
    heats = {
        heat: {"level_db": level, "flatness": flatness}
        for heat, level, flatness in zip(starters_table.HEATS, levels, flat)
    }
    return {"checkpoint": {"below_linear": bits}} | DATA | heats


def test_figures_are_those_of_the_worst_temperature_and_say_whether_they_reach_their_aim():
    now = samplernn(1.62, [-3, 4, 13, 2], [0.05, 0.1, 0.2, 0.25])
    before = samplernn(0.4, [-52, -48, -45, -40], [0.5, 0.5, 0.5, 0.5])
    assert [figure.cells(now, before) for figure in SAMPLERNN] == [
        ("0.40", "1.62", "≥ 1.50", "yes"),
        ("52", "13", "≤ 12", "no"),
        ("5.0", "2.5", "≤ 3.0", "yes"),
    ]


def test_sheets_that_are_there_are_not_made_again(tmp_path):
    (tmp_path / "05_samplernn/checkpoints").mkdir(parents=True)
    starter = next(starter for starter in STARTERS if starter.name == "starter_beat")
    baselines = samplernn(1.62, [0] * 4, [0.1] * 4)
    sheet = baselines.pop("checkpoint") | {"baselines": baselines}
    for name in ("samplernn_starter_beat", "samplernn_starter_beat_before"):
        (tmp_path / f"{name}.json").write_text(json.dumps({"checkpoints": {"any": sheet}}))
    first, *_ = rows(starter, tmp_path, tmp_path, tmp_path)
    assert first == ("5", "`starter_beat`", SAMPLERNN[0].name, "1.62", "1.62", "≥ 1.50", "yes")


@pytest.mark.parametrize("starter", STARTERS, ids=lambda starter: starter.name)
def test_each_is_a_starter_that_there_is(starter):
    (registry,) = starters_table.ROOT.glob(f"0{starter.day}_*/checkpoints/registry.json")
    assert starter.name in {entry["name"] for entry in json.loads(registry.read_text())}


def test_the_book_has_the_table():
    found = TABLE.search(starters_table.PAGE.read_text())
    lines = found[0].splitlines()[1:-1]
    assert lines[:2] == table([]).splitlines()
    assert all(line.count("|") == len(COLUMNS) + 1 for line in lines)
    named = {line.split("`")[1] for line in lines[2:]}
    assert named and named <= {starter.name for starter in STARTERS}
