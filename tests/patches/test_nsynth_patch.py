"""The patch of NSynth in real Pd, with a small model of random weights."""

import json
import os
import signal

import numpy as np
import pytest
import soundfile
from support.external import EXTERNAL
from support.nsynth_files import HOP, RATE, write_model
from support.processes import descendants
from support.tools import ROOT

DAY = ROOT / "03_gansynth"


@pytest.fixture
def model(tmp_path):
    """A model with five notes of its own."""
    return write_model(tmp_path / "small")


@pytest.fixture
def pd(play, model):
    """The patch with that model, and its four first notes in the corners."""
    pd = play([DAY / "nsynth.pd"], listen=["nsynth-out"], path=[EXTERNAL])
    pd.send("pd", "dsp", 1)
    load(pd, model)
    return pd


def load(pd, model):
    pd.send("nsynth", "load", str(model))
    heard(pd, "model", RATE, HOP, 16)
    for corner in range(1, 5):
        heard(pd, "corner", corner, f"note_{corner - 1}", 0.16)


def heard(pd, *start):
    """The next message of the object that starts so; the limit is for a very busy machine."""
    return pd.expect("nsynth-out", *start, timeout=90)


def make(pd):
    pd.send("nsynth", "press", "make")
    heard(pd, "grid", 4, 20 * HOP, RATE)
    heard(pd, "filled", 4, 20 * HOP, RATE)


def test_a_grid_is_made_played_saved_and_opened_again(pd, tmp_path):
    make(pd)
    pd.send("nsynth", "press", "cell5")
    pd.send("nsynth", "press", "save-grid", str(tmp_path / "my grid"))
    heard(pd, "saved", str(tmp_path / "my grid"))
    facts = json.loads((tmp_path / "my grid/grid.json").read_text())
    assert len(facts["files"]) == 16 and facts["files"][5] == "x0.33_y0.33.wav"
    sounds = [soundfile.read(tmp_path / "my grid" / file) for file in facts["files"]]
    assert {(len(sound), rate) for sound, rate in sounds} == {(20 * HOP, RATE)}
    assert len({sound.tobytes() for sound, _ in sounds}) == 16
    pd.send("nsynth", "press", "open-grid", str(tmp_path / "my grid"))
    heard(pd, "filled", 4, 20 * HOP, RATE)
    (tmp_path / "my grid/x0.33_y0.33.wav").unlink()
    pd.send("nsynth", "press", "open-grid", str(tmp_path / "my grid"))
    heard(pd, "error", "my grid is no whole grid: x0.33_y0.33.wav is missing")
    pd.expect_console("is no whole grid")
    assert pd.quit() == 0


def test_corners_are_sounds_encodings_and_drawn_curves(pd, tmp_path):
    tone = 0.3 * np.sin(np.arange(16000) / 9)
    soundfile.write(tmp_path / "my tone.wav", tone, 16000)
    pd.send("nsynth", "press", "seconds", 0.5)
    pd.send("nsynth", "press", "open2", str(tmp_path / "my tone.wav"))
    heard(pd, "curves", 2, 63)  # by the patch, as soon as it heard of the corner
    heard(pd, "corner", 2, "my tone", 0.5)
    pd.send("nsynth", "press", "save-encoding", str(tmp_path / "mine.npy"))
    heard(pd, "saved", str(tmp_path / "mine.npy"))
    assert np.load(tmp_path / "mine.npy").shape == (63, 16)
    pd.send("nsynth", "press", "open3", str(tmp_path / "mine.npy"))
    heard(pd, "corner", 3, "mine", 0.5)
    pd.send("nsynth", "press", "take")
    heard(pd, "taken", 3)
    pd.send("nsynth", "press", "next1")
    heard(pd, "corner", 1, "note_4", 0.16)
    assert pd.errors() == []


def test_what_cannot_be_a_corner_or_a_grid_is_said_in_a_line(pd, tmp_path):
    soundfile.write(tmp_path / "quiet.wav", np.zeros(4000), 8000)
    soundfile.write(tmp_path / "long.wav", np.full(601 * 1000, 0.1), 1000)
    soundfile.write(tmp_path / "fine.wav", np.sin(np.arange(19200) / 30), 192000)
    np.save(tmp_path / "other.npy", np.zeros((4, 3), np.float32))
    (tmp_path / "empty").mkdir()
    for message, complaint in (
        (("corner", 1, str(tmp_path / "quiet.wav")), "quiet.wav is silent"),
        (("corner", 1, str(tmp_path / "long.wav")), "longer than 10 minutes"),
        (("corner", 1, str(tmp_path / "other.npy")), "other.npy holds 4 x 3 numbers, not 16 for each hop"),
        (("corner", 5, "x.wav"), "corner 5 is out of range"),
        (("note", 1, "kazoo"), "this model has no note kazoo"),
        (("open_grid", "none", str(tmp_path / "empty")), "there is no array none"),
        (("load", str(tmp_path / "empty")), "there is no checkpoint in the folder"),
        (("load", str(DAY / "checkpoints/starter_instruments/stage_00010")), "is no checkpoint of NSynth"),
    ):
        pd.send("nsynth", *message)
        said = heard(pd, "error")
        assert complaint in " ".join(map(str, said)), said
    pd.send("nsynth", "corner", 1, str(tmp_path / "fine.wav"))
    heard(pd, "corner", 1, "fine", 0.1)


def test_a_cancelled_grid_keeps_what_is_there_and_a_worker_that_dies_is_started_again(pd, model):
    pd.send("nsynth", "press", "seconds", 30)
    soundfile.write(model / "long.wav", np.sin(np.arange(30 * RATE) / 9), RATE)
    for corner in range(1, 5):
        pd.send("nsynth", "corner", corner, str(model / "long.wav"))
        heard(pd, "corner", corner, "long", 30)
    pd.send("nsynth", "press", "make")
    heard(pd, "grown")
    pd.send("nsynth", "press", "cancel")
    side, done, rate = heard(pd, "filled")[1:]
    assert (side, rate) == (4, RATE) and 0 < done < 30 * RATE
    os.kill(descendants(pd.process.pid, b"nsynth.worker")[-1], signal.SIGKILL)
    heard(pd, "worker", "off")
    load(pd, model)
    make(pd)
