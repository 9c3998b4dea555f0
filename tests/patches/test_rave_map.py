"""The map of one's own sounds on day 6, in real Pd: made, moved in, drawn on, named; what is wrong with sounds."""

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from rave_rt.model import load
from support import rave_files
from support.external import EXTERNAL
from support.page import Page
from support.pd_window import TITLE, where
from support.waiting import wait_until

DAY = Path(__file__).resolve().parents[2] / "06_rave"
RATE = 44100
DONE = 240  # seconds, on a very busy machine


def write_sounds(folder, count):
    """Short tones, low to high and loud to soft."""
    folder.mkdir(exist_ok=True)
    for one in range(count):
        times = np.arange(2048 + 64 * (one % 7)) / RATE
        tone = 0.8 * 0.97**one * np.sin(2 * np.pi * (200 + 150 * one) * times)
        soundfile.write(folder / f"tone-{one:02d}.wav", tone, RATE, subtype="FLOAT")
    return folder


@pytest.fixture
def model(tmp_path):
    return rave_files.save(rave_files.Codec(rate=RATE), tmp_path / "codec.ts")


@pytest.fixture
def page(play, tmp_path, monkeypatch, model):
    """`page(display)`: rave_map.pd with a small codec loaded."""
    monkeypatch.setenv("DLWA_TAKES", str(tmp_path / "takes"))

    def start(display=None):
        variables = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(tmp_path / "state")}
        more = {"display": display} if display else {}
        listen = ["rave-map-out"]
        patch = DAY / "rave_map.pd"
        pd = play([patch], ["-lib", "py"], path=[EXTERNAL], listen=listen, environment=variables, **more)
        page = Page(pd, "rave-map")
        page.load(str(model), DONE)
        return page

    return start


def taken(page):
    """The names of the takes so far; one may come before its sound is done."""
    return [said[1] for said in page.pd.received["rave-map-out"] if said[0] == "take"]


def heard_at(page, x, y):
    """The sound at a place of the map."""
    page.send("go", x, y, page.own("sound-out"))
    page.expect("place", timeout=DONE)
    page.expect("done", "go", timeout=DONE)
    return np.array(page.array("sound-out"))


def test_sixty_sounds_are_mapped_and_heard(page, model, tmp_path):
    folder = write_sounds(tmp_path / "tones", 60)
    (folder / "broken.wav").write_bytes(b"this is no sound")
    soundfile.write(folder / "silent.wav", np.zeros(1000), RATE)
    page = page()
    page.listen("listed", "status", "x", "sound-out-play")
    page.press("open-folder", str(folder))
    left_out = [page.expect("left_out", timeout=DONE)[1:] for _ in range(2)]
    assert left_out[0][0] == "broken.wav" and "it cannot be read" in left_out[0][1]
    assert left_out[1] == ["silent.wav", "it is silent"]
    places = page.spots(60, DONE)
    assert page.label("listed") == "60 sounds, 2 left out"
    assert len(set(places.values())) == 60 and np.abs(list(places.values())).max() <= 1

    page.send("seed", 0)
    own = load(model)
    one, other = "tone-07", "tone-41"
    sound, rate = soundfile.read(folder / f"{one}.wav", dtype="float32")
    page.send("neighbours", 1)
    heard = heard_at(page, *places[one])
    expected = own.decode(own.encode(sound, rate, seed=0), rate, seed=0)[0]
    np.testing.assert_allclose(heard, expected, atol=1e-5)
    page.hear("sound-out-play", timeout=DONE)
    assert len(heard_at(page, *places[other])) != len(heard) or (page.array("sound-out") != heard).any()

    page.send("neighbours", 3)
    x, y = np.mean([places[one], places[other]], axis=0).round(3).tolist()
    for slider, value, at in (("y-set", y, [0, y]), ("x-set", x, [x, y])):  # as the mouse and presets do
        page.press(slider, value)
        assert page.expect("place", timeout=DONE)[1:3] == pytest.approx(at, abs=1e-3)
        page.expect("done", "go", timeout=DONE)
    assert np.abs(page.array("sound-out")).max() > 0
    assert page.pd.errors() == []


def test_paths_walks_names_and_spread(page, tmp_path):
    folder = write_sounds(tmp_path / "tones", 5)
    page = page()
    page.listen("do")
    page.press("map-travel")
    assert "there is no map yet - make one first" in page.expect("error", timeout=DONE)[1]
    page.press("open-folder", str(folder))
    page.spots(5, DONE)
    page.press("map-travel")
    assert "a path needs two points or more, here are none" in page.expect("error", timeout=DONE)[1]
    out = page.own("sound-out")
    page.send("travel", out, 1, 0.5, 0.5)
    assert "a path needs two points or more, here is 1 - draw a line" in page.expect("error", timeout=DONE)[1]
    page.send("travel", out, 1, 0.5, 0.5, 0.2)
    assert "a path is pairs of X and Y" in page.expect("error", timeout=DONE)[1]
    page.send("go", 2, 0, out)
    assert "X 2 is out of range, it goes from -1 to 1" in page.expect("error", timeout=DONE)[1]

    page.press("map-seed-set", 7)
    page.press("map-walk")
    way = [page.expect("way", timeout=DONE)[1:] for _ in range(200)]
    assert len({tuple(place) for place in way}) > 100
    page.press("map-seconds-set", 0.5)
    page.press("map-travel")
    wait_until(lambda: any(said[0] == "travel" for said in page.heard("do")), "the path")
    (sent,) = (said for said in page.heard("do") if said[0] == "travel" and len(said) > 100)
    np.testing.assert_allclose(np.reshape(sent[3:], (-1, 2)), way, atol=1e-3)
    assert page.expect("done", "travel", timeout=DONE)[2:4] == [out, pytest.approx(RATE / 2, abs=64)]
    travelled = list(page.array("sound-out"))
    take = wait_until(lambda: taken(page), "the take")[-1]
    page.send("unload")
    page.send("recall", take)
    assert page.expect("recalled", timeout=DONE) == ["recalled", take, "same"]
    assert list(page.array("sound-out")) == travelled

    page.press("open-folder", str(folder))
    page.spots(5, DONE)
    page.send("direction", 1, "bright", "and", "loud")
    page.expect("direction", 1, "bright and loud", timeout=DONE)
    page.press("open-folder", str(folder))
    page.spots(5, DONE)
    page.expect("direction", 1, "bright and loud", timeout=DONE)
    page.send("spread", page.own("sound-out"))
    wait_until(lambda: len(page.array("sound-out")) == 4, "four latents")
    assert max(page.array("sound-out")) == 1


@pytest.mark.parametrize(
    "count, silent, complaint",
    [
        (0, 0, "there are no sounds in"),
        (1, 0, "a map needs two sounds or more, here is 1"),
        (0, 2, "a map needs two sounds or more, here are none"),
    ],
)
def test_a_folder_that_makes_no_map_is_told(page, tmp_path, count, silent, complaint):
    folder = write_sounds(tmp_path / "tones", count)
    for one in range(silent):
        soundfile.write(folder / f"silent-{one}.wav", np.zeros(1000), RATE)
    page = page()
    page.send("map", str(folder))
    assert complaint in page.expect("error", timeout=DONE)[1]


def test_the_mouse_moves_the_point_and_draws(page, tmp_path, screen):
    page = page(screen.name)
    page.press("open-folder", str(write_sounds(tmp_path / "tones", 5)))
    page.spots(5, DONE)
    wait_until(lambda: len(where(screen.picture(), TITLE)[0]) > 5000, "the window")
    rows, columns = where(screen.picture(), TITLE)
    left, top = columns.min() - 2 + 262, rows.min() - 2 + 206  # of the map
    screen.xdotool("mousemove", left + 2 + 225, top + 2 + 75, "click", 1)
    x, y = page.expect("place", timeout=DONE)[1:3]
    assert x == pytest.approx(0.55, abs=0.05) and y == pytest.approx(0.55, abs=0.05)
    page.expect("done", "go", timeout=DONE)
    page.press("map-draw", 1)
    page.listen("do", "map-add")
    for across, down in ((75, 75), (225, 225)):
        screen.xdotool("mousemove", left + 2 + across, top + 2 + down, "click", 1)
        page.hear("map-add", timeout=DONE)
    page.press("map-travel")
    page.expect("done", "travel", timeout=DONE)
    (path,) = (said[3:] for said in page.heard("do") if said[0] == "travel")
    assert path[:2] == pytest.approx([-0.55, 0.55], abs=0.05)
    assert path[-2:] == pytest.approx([0.55, -0.55], abs=0.05)
