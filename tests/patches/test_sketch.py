"""The sketch pad in real Pd: it plays what it renders, hears the days over the bus, and does without a part."""

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from dlwakit.pdtools.pd_session import wait_for_sound
from support.course_copy import ROOT
from support.external import EXTERNAL
from support.page import Page
from support.pd_window import buttons
from support.waiting import wait_until

PATCH = ROOT / "setup/sketch/sketch.pd"
SHELF = ROOT / "setup/sounds"
RATE = 44100


@pytest.fixture
def pad(play, tmp_path, monkeypatch):
    """The sketch pad, its takes in a folder of the test's own."""
    monkeypatch.setenv("DLWA_TAKES", str(tmp_path / "takes"))
    environment = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(tmp_path)}
    pd = play([PATCH], ["-r", str(RATE)], path=[EXTERNAL], listen=["sketch-out"], environment=environment)
    return Page(pd, "sketch")


def sketch_of(folder):
    """The path of a sketch of three of the example sounds: late, looped, faded, to the sides."""
    file = folder / "three.txt"
    rows = [
        f"1 0 2 0 -6 -0.5 0.1 {SHELF}/cello.wav",
        f"3 0.5 1.7 0 -3 0.75 0.02 {SHELF}/spoken.wav",
        f"8 1 2.5 1 -9 0 0.5 {SHELF}/bird.wav",
    ]
    file.write_text("\n".join(rows))
    return file


def rendered(pad, name):
    """The mix that the pad renders, [samples, 2]."""
    pad.send("render", name)
    folder = Path(pad.expect("rendered")[1])
    assert folder.parent.name == "sketches" and folder.name == name
    return soundfile.read(folder / "mix.wav")[0]


def recorded(pad, file, milliseconds, *start):
    """What is heard while a message's sound plays."""
    pad.say("record-file", "symbol", str(file))
    pad.send(*start)
    pad.expect("begin")
    pad.pd.let_time_pass(milliseconds)
    pad.say("record-file", "stop")
    pad.expect("saved")
    wait_for_sound(file)
    return soundfile.read(file)[0]


def test_what_is_heard_is_what_is_rendered(pad, tmp_path):
    pad.send("open", str(sketch_of(tmp_path)))
    row = pad.expect("row", 3, "spoken.wav")
    assert row[3:] == [0.5, pytest.approx(1.7), 0, -3, 0.75, pytest.approx(0.02)]
    mix = rendered(pad, "the first")
    assert len(mix) == round(3.5 * RATE)
    pad.pd.send("pd", "dsp", 1)
    heard = recorded(pad, tmp_path / "heard.wav", 4000, "play")
    first = np.flatnonzero(abs(heard).max(axis=1) > 1e-5)[0] - np.flatnonzero(abs(mix).max(axis=1) > 1e-5)[0]
    begin = min(range(first - 2, first + 3), key=lambda at: _apart(heard, mix, at))
    assert _apart(heard, mix, begin) < 1e-5
    assert not abs(heard[begin + len(mix) :]).any()
    pad.send("change", 1, "gain", -60)
    pad.send("change", 3, "pan", -1)
    mix = rendered(pad, "other")
    heard = recorded(pad, tmp_path / "later.wav", 3000, "play", 1)
    rest = mix[RATE:]
    first = np.argmax(np.correlate(heard[:, 0], rest[: RATE // 2, 0], "valid"))
    assert _apart(heard, rest, first) < 1e-5
    assert pad.pd.errors() == []


def _apart(heard, mix, begin):
    """The greatest difference of a recording and a mix that begins at this sample of it."""
    part = heard[begin : begin + len(mix)] if begin >= 0 else heard[:0]
    return abs(part - mix).max() if len(part) == len(mix) else np.inf


def test_a_sketch_is_saved_with_its_takes_kept_and_faults_are_told(pad, tmp_path):
    pad.send("file", 2, str(SHELF / "beat.wav"))
    pad.expect("bar", 2)
    pad.send("add", str(SHELF / "bird.wav"))
    pad.expect("row", 1, "bird.wav")
    pad.send("change", 2, "start", 1.5)
    pad.send("save", str(tmp_path / "mine"))
    assert pad.expect("saved")[1] == str(tmp_path / "mine.txt")
    lines = (tmp_path / "mine.txt").read_text().splitlines()[-2:]
    assert [line.split()[:2] for line in lines] == [["1", "0"], ["2", "1.5"]]
    pad.send("new")
    pad.send("play")
    assert "there is nothing to play" in pad.pd.expect("sketch-out", "error")[1]
    pad.send("file", 4, str(tmp_path / "gone.wav"))
    assert pad.pd.expect("sketch-out", "error")[1] == "track 4: gone.wav is not there"
    (tmp_path / "no sketch.txt").write_text("hello\n")
    pad.send("open", str(tmp_path / "no sketch.txt"))
    assert "line 1: a track has eight columns" in pad.pd.expect("sketch-out", "error")[1]


def test_what_another_patch_plays_goes_into_an_empty_track_and_the_pads_own_sound_does_not(pad, tmp_path):
    other = tmp_path / "day.pd"
    other.write_text(
        "#N canvas 0 0 400 200 12;\n#X declare -path " + str(ROOT / "setup/patches") + ";\n"
        "#X obj 20 20 dlwa-output~ day 1;\n#X obj 20 60 sig~ 0.25;\n#X obj 20 90 throw~ day-left;\n"
        "#X connect 1 0 2 0;\n"
    )
    pad.pd.open(other)
    pad.send("file", 1, str(SHELF / "cello.wav"))
    pad.pd.send("pd", "dsp", 1)
    pad.send("play")
    pad.expect("begin")
    pad.pd.let_time_pass(500)
    pad.listen("bus-record-set")
    pad.say("bus-record", 1)
    pad.hear("bus-record-set", "set", 1)
    pad.pd.let_time_pass(500)
    pad.say("bus-record", 0)
    row = pad.expect("row", 2)
    while row[2] == "-":
        row = pad.expect("row", 2)
    assert 0.4 < row[3] < 3
    pad.send("save", str(tmp_path / "mine.txt"))
    pad.expect("saved")
    file = Path((tmp_path / "mine.txt").read_text().splitlines()[-1].split(maxsplit=7)[-1])
    sound = soundfile.read(tmp_path / file)[0]
    assert len(sound) > 0.4 * RATE
    assert sound[1000:, 0] == pytest.approx(0.25, abs=1e-6) and not sound[:, 1].any()
    assert pad.pd.errors() == []


def test_the_first_dialogue_starts_at_the_example_sounds(play, screen, tmp_path, monkeypatch):
    monkeypatch.setenv("DLWA_TAKES", str(tmp_path / "takes"))
    environment = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(tmp_path)}
    options = {"path": [EXTERNAL], "display": screen.name, "environment": environment}
    pd = play([PATCH], listen=["sketch-out"], **options)
    press = buttons(screen, PATCH)
    pd.expect("sketch-out", "row", 8)
    wait_until(lambda: _is_still(pd, screen), "the page")
    press("open_sketch")
    screen.wait_for_window("^Open$")
    wait_until(lambda: _is_still(pd, screen), "the dialogue")
    screen.xdotool("type", "beat.wav")
    screen.xdotool("key", "Return")
    assert pd.expect("sketch-out", "error")[1] == f"{SHELF / 'beat.wav'} cannot be read as a sketch"


def _is_still(pd, screen):
    """Whether nothing changes on the screen for a moment."""
    before = screen.picture()
    pd.let_time_pass(500)
    return np.array_equal(before, screen.picture())


@pytest.mark.slow
def test_the_piece_plays_without_a_part_that_cannot_be_made(pad, tmp_path):
    folder = tmp_path / "takes/piece"
    folder.mkdir(parents=True)
    for part in ("texture", "chords", "machine", "drums", "bass", "theme", "answer"):
        soundfile.write(folder / f"{part}.wav", np.full(RATE, 0.1), RATE)
    (folder / "voice.wav").mkdir()  # so that it cannot be put there
    (folder / "voice.wav/file").write_text("")
    pad.send("piece")
    assert pad.pd.expect("sketch-out", "error", timeout=240)[1].startswith("the part voice is missing: ")
    pad.expect("made", 0, 1)
    pad.send("play")
    assert pad.pd.expect("sketch-out", "error")[1] == "track 8: voice.wav is not there"
    pad.expect("begin", 0, 64)
