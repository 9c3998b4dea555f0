"""The piece: three days' patches and their starters in one real Pd, from a theme to a sound file."""

import importlib.util
from pathlib import Path

import numpy as np
import soundfile
from support.external import EXTERNAL

FOLDER = Path(__file__).resolve().parents[2] / "setup/piece"


def test_a_theme_becomes_a_piece_in_a_file(play, tmp_path):
    file = tmp_path / "a piece.wav"
    spec = importlib.util.spec_from_file_location("piece_demo", FOLDER / "demo.py")
    demo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(demo)
    pd = play([demo.PIECE], path=[EXTERNAL], listen=[demo.OUT])
    demo.compose(pd, file)
    pitches, tail = pd.array("piece-pitches"), np.array(pd.array("piece-tail"))
    notes = np.array([pd.array(f"piece-note-{number}") for number in range(8)])
    assert pd.errors() == []
    assert pd.quit() == 0
    assert (
        len(set(pitches)) > 2 and min(pitches) >= 60 and max(pitches) <= 84
    )  # the network's, not what was there
    assert (np.abs(notes).max(axis=1) > 0.01).all()
    assert np.abs(tail).max() > 0.01
    sound, rate = soundfile.read(file)
    assert 10 < len(sound) / rate < 20
    assert 0.02 < np.abs(sound).max() <= 1
    print(
        f"{len(sound) / rate:.1f} s, peak {np.abs(sound).max():.2f}; SampleRNN's part {np.abs(tail).max():.2f}"
    )
