"""The figures of a model's notes, on sounds of which they are known; and recordings cut at onsets."""

import numpy as np
import pytest

pytest.importorskip("librosa")
from gansynth import sheet
from gansynth.cutting import at_onsets
from gansynth.folder import ModelFolder

RATE = 8000
PITCHES = [60, 64, 67, 72]


def tone(pitch, brightness=0.5, seconds=1.0):
    times = np.arange(round(seconds * RATE)) / RATE
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    return np.float32(
        0.2 * sum(brightness**k * np.sin(2 * np.pi * (k + 1) * hertz * times) for k in range(5))
    )


class Player:
    """A model whose points say how bright its notes are, and which is out of tune by `error` semitones."""

    def __init__(self, path, error=0.0):
        self.folder = ModelFolder("player", path, {"sample_rate": RATE}, 0, {}, PITCHES)
        self._error = error

    def random(self, count, seed):
        return np.random.default_rng(seed).random((count, 1), np.float32)

    def generate(self, points, pitches):
        return np.stack([tone(p + self._error, 0.1 + 0.8 * z[0]) for z, p in zip(points, pitches)])


def test_a_model_in_tune(tmp_path):
    figures, timbres, sounds = sheet.of_model(Player(tmp_path), notes=6, points=5)
    assert figures["pitch_right"] == figures["octave_right"] == 1
    assert timbres.shape == (5, 64) and figures["between_db"] > 2
    assert len(sounds) == 6 and abs(figures["attack_db"]) < 3
    assert figures["first_50ms_energy"] == pytest.approx(0.05, abs=0.01)  # of an even second


@pytest.mark.parametrize("error, octave", [(-12.0, 1.0), (2.0, 0.0)])
def test_a_model_out_of_tune(tmp_path, error, octave):
    figures, *_ = sheet.of_model(Player(tmp_path, error), notes=4, points=2)
    assert figures["pitch_right"] == 0 and figures["octave_right"] == octave


def test_a_model_against_its_training_set(tmp_path):
    pitches = np.array(PITCHES * 2)
    names = ["dull"] * 4 + ["bright"] * 4
    shades = [0.1] * 4 + [0.9] * 4
    audio = np.stack([np.int16(32767 * tone(p, shade)) for p, shade in zip(pitches, shades)])
    (tmp_path / sheet.TIMBRES).write_text('{"dull": [0.0], "bright": [1.0]}')
    model = Player(tmp_path)
    data, data_timbres, _ = sheet.of_data(audio, names, pitches, RATE)
    assert data["pitch_right"] == 1 and data["timbres"] == 2 and len(data_timbres) == 2
    _, timbres, _ = sheet.of_model(model, notes=2, points=12)
    figures = sheet.against(model, timbres, audio, names, pitches, data_timbres)
    assert figures["training_db"] < 0.1 and figures["timbres_used"] == 1
    assert 0 < figures["nearest_training_db"] < data["between_db"]
    (tmp_path / sheet.TIMBRES).write_text('{"dull": [0.0]}')  # a model of other sounds, in part
    figures = sheet.against(model, timbres, audio, names, pitches, data_timbres)
    assert figures["training_db"] < 0.1
    (tmp_path / sheet.TIMBRES).write_text("{}")
    figures = sheet.against(model, timbres, audio, names, pitches, data_timbres)
    assert figures["training_db"] is None and figures["timbres_used"] == 1


def test_one_pitch_is_no_pitch(tmp_path):
    model = Player(tmp_path)
    model.folder.pitches = [60]
    figures, *_ = sheet.of_model(model, notes=2, points=2)
    assert figures["pitch_right"] is None and "within_db" not in figures


def test_a_burst_shows_in_the_attack():
    burst = tone(60)
    burst[:160] *= 4
    assert sheet.attack(burst, RATE) > sheet.attack(tone(60), RATE) + 6


def test_pieces_begin_at_onsets():
    audio = np.zeros(6 * RATE, np.float32)
    strokes = [0.5, 1.9, 4.1]
    for start in strokes:
        at = round(start * RATE)
        audio[at : at + RATE] += tone(60, 0.8) * np.exp(-12 * np.arange(RATE) / RATE).astype(np.float32)
    pieces = at_onsets(audio, RATE, RATE)
    starts = [int(np.argmax(np.abs(piece) > 0.02)) / RATE for piece in pieces if np.abs(piece).max() > 0.1]
    assert len(starts) == len(strokes) and max(starts) < 0.05
    assert all(len(piece) == RATE for piece in pieces)


def test_what_has_no_onset_is_cut_end_to_end():
    steady = 0.1 * np.random.default_rng(0).standard_normal(round(3.5 * RATE)).astype(np.float32)
    pieces = at_onsets(np.sin(np.arange(3 * RATE + 4000) / 5).astype(np.float32), RATE, RATE)
    assert len(pieces) in (3, 4) and len(at_onsets(steady[: RATE // 2], RATE, RATE)) == 1
