"""The map of timbres of day 3, in real Pd: known ones and random points, notes at a place, sounds along a path."""

import json
from pathlib import Path

import numpy as np
import pytest
from ganspacesynth.fitting import fit
from gansynth.model import load
from gansynth.timbres import TIMBRES, known_timbres
from modelfiles.errors import UserError
from support.external import EXTERNAL
from support.gansynth_files import write_model
from support.page import Page
from support.waiting import wait_until

DAY = Path(__file__).resolve().parents[2] / "03_gansynth"
DONE = 240  # seconds, on a very busy machine


@pytest.fixture
def notes(tmp_path):
    """A small GANSynth of random weights."""
    return write_model(tmp_path / "small")


@pytest.fixture
def page(play, tmp_path, monkeypatch, notes):
    """`page()`: gansynth_map.pd with the small model loaded."""
    monkeypatch.setenv("DLWA_TAKES", str(tmp_path / "takes"))

    def start():
        pd = play([DAY / "gansynth_map.pd"], ["-lib", "py"], path=[EXTERNAL], listen=["gansynth-map-out"])
        page = Page(pd, "gansynth-map")
        page.load(str(notes), DONE)
        return page

    return start


def test_random_points_are_mapped_heard_and_travelled(page, notes):
    page = page()
    page.send("map", 12, 3)
    places = page.spots(12, DONE)
    assert list(places) == [f"z {number}" for number in range(1, 13)]
    model, out = load(notes), page.own("sound-out")
    page.send("spread", out)
    latents = len(model.random(1)[0])
    bars = wait_until(lambda: len(page.array("sound-out")) == latents and page.array("sound-out"), "the bars")
    assert max(bars) == 1 and np.ptp(bars) > 0.1
    heard = {}
    for number in (1, 8):
        page.send("go", *places[f"z {number}"], out)
        page.expect("done", "go", timeout=DONE)
        heard[number] = np.array(page.array("sound-out"))
        pitch = min(max(60, model.folder.pitches[0]), model.folder.pitches[-1])
        (expected,) = model.generate(model.random(12, seed=3)[number - 1][None], [pitch])
        expected = expected / max(1.0, np.abs(expected).max())
        np.testing.assert_allclose(heard[number], expected, atol=2e-3)
    assert np.abs(heard[1] - heard[8]).max() > 0.01
    page.press("map-walk")
    page.press("map-seconds-set", 1)
    page.press("map-travel")
    take = page.expect("take", timeout=DONE)[1]  # it may come before the sound is done
    page.send("recall", take)
    assert page.expect("recalled", timeout=DONE) == ["recalled", take, "same"]
    assert page.pd.errors() == []


def test_known_timbres_are_mapped_by_their_names(page, notes):
    points = load(notes).random(5, seed=1)
    named = {f"instrument-{number}": point.tolist() for number, point in enumerate(points)}
    (notes / TIMBRES).write_text(json.dumps(named))
    page = page()
    page.press("draw-map")
    assert set(page.spots(5, DONE)) == set(named)
    (notes / TIMBRES).write_text('{"short": [1, 2]}')
    page.press("draw-map")
    assert "timbres.json is damaged" in page.expect("error", timeout=DONE)[1]


@pytest.mark.parametrize("text", ["[1]", '{"a": [1, 2]}', '{"a": "b"}', '{"a": null}'])
def test_damaged_timbres_are_told(notes, text):
    (notes / TIMBRES).write_text(text)
    with pytest.raises(UserError, match=r"timbres\.json (is damaged|holds no keys)"):
        known_timbres(load(notes).folder)


def test_edits_of_day_4_are_added_to_what_the_map_plays(play, notes, tmp_path):
    fit(load(notes), samples=200, components=12, pitch=62).write(notes / "conv0.npz")
    day = DAY.parent / "04_ganspacesynth"
    listen = ["ganspacesynth-out"]
    pd = play([day / "ganspacesynth.pd"], ["-lib", "py"], path=[EXTERNAL], listen=listen)
    page = Page(pd, "ganspacesynth")
    page.load(str(notes), DONE)
    page.send("map", 4)
    places = page.spots(4, DONE)
    heard = []
    for edit in (0, 5):
        page.send("load_ganspace_components", "conv0", page.own("edits"))
        page.expect("loaded_pca", timeout=DONE)
        pd.set_array(page.own("edits"), [edit] * 12)
        page.send("go", *places["z 2"], page.own("sound"))
        page.expect("done", "go", timeout=DONE)
        heard.append(np.array(page.array("sound")))
    assert np.abs(heard[0] - heard[1]).max() > 0.01
