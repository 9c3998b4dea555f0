"""The patch of NSynth in real Pd, with a small model of random weights."""

import json

import numpy as np
import pytest
import soundfile
import torch
from nsynth.engine.config import Config
from nsynth.engine.network import Autoencoder, save
from support.external import EXTERNAL
from support.tools import ROOT

DAY = ROOT / "03_gansynth"
HOP, RATE = 64, 8000


@pytest.fixture
def model(tmp_path):
    """A model with five notes of its own, half a second each."""
    torch.manual_seed(0)
    folder = tmp_path / "small"
    save(folder, Autoencoder(Config(RATE, HOP, 16, 4, 2, 8, 8, 2, 2, 8)), 1)
    notes = np.random.default_rng(0).standard_normal((5, 20, 16), np.float32)
    np.savez(folder / "notes.npz", **{f"note_{number}": note for number, note in enumerate(notes)})
    return folder


@pytest.fixture
def pd(play, model):
    """The patch with that model, and its four first notes in the corners."""
    pd = play([DAY / "nsynth.pd"], listen=["nsynth-out"], path=[EXTERNAL])
    pd.send("pd", "dsp", 1)
    pd.send("nsynth", "load", str(model))
    heard(pd, "model", RATE, HOP, 16)
    for corner in range(1, 5):
        heard(pd, "corner", corner, f"note_{corner - 1}", 0.16)
    return pd


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
    assert len(pd.errors()) == 1
    assert pd.quit() == 0
