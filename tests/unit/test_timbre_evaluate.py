"""The figures of day 2's model cards: who is compared with whom, and that the comparison can tell them apart."""

import json

import numpy as np
import pytest
import soundfile
from support.timbre_files import write_model
from timbre_transfer import dataset, evaluate

RATE = 16000
SPECTRUM = np.array([1, 0.5, 0.25, 0.125])


def write_tone(folder, f0_hz):
    """A second of an even tone in a little noise."""
    folder.mkdir(exist_ok=True)
    times = np.arange(RATE) / RATE
    tone = sum(level * np.sin(2 * np.pi * k * f0_hz * times) for k, level in enumerate(SPECTRUM, 1))
    noise = np.random.default_rng(0).normal(0, 1e-3, RATE)
    soundfile.write(folder / f"{f0_hz}.wav", 0.3 * tone + noise, RATE)
    return folder


def test_the_plain_synthesiser_has_the_training_sounds_spectrum(tmp_path):
    training = evaluate.listen(write_tone(tmp_path, 220))
    found = evaluate.mean_spectrum(training)
    np.testing.assert_allclose(found[:4] / found[0], SPECTRUM, rtol=0.2)  # as near as bins are
    assert found[4:].sum() < 0.1
    others = np.eye(1, evaluate.HARMONICS, 5)[0]
    played, dull = (evaluate.perform(evaluate.plain(spectrum), training) for spectrum in (found, others))
    assert evaluate.pitch_right(played, training) > 0.95
    assert evaluate.mean_loss(played, training) < evaluate.mean_loss(dull, training) - 1


@pytest.fixture
def model(tmp_path):
    write_model(tmp_path / "model")
    return tmp_path / "model"


def figures(model, *options):
    file = model.with_name("figures.json")
    assert evaluate.main([str(word) for word in (model, "--json", file, *options)]) == 0
    return json.loads(file.read_text())["checkpoints"]["model"]


def test_a_model_on_sounds_beside_what_it_must_beat(model, tmp_path, capsys):
    held_out, training = write_tone(tmp_path / "held out", 262), write_tone(tmp_path / "training", 220)
    rows = figures(model, "--sounds", held_out, "--training", training)
    assert capsys.readouterr().out.startswith("1 seconds of sound\n")
    others = rows["baselines"]
    assert list(others) == ["untrained", "plain synthesiser", "silence", "data"]
    assert others["plain synthesiser"]["held_out"] < min(rows["held_out"], others["untrained"]["held_out"])
    assert others["silence"]["held_out"] > others["plain synthesiser"]["held_out"] and rows["train"] > 0
    assert list(figures(model, "--sounds", held_out)["baselines"]) == ["untrained", "silence", "data"]


def test_a_model_on_what_a_training_leaves_out(model, tmp_path):
    tones = write_tone(tmp_path / "tones", 262)
    write_tone(tones, 294)
    assert dataset.main([str(tones), "--data", str(tmp_path / "data"), "--seconds", "0.25"]) == 0
    rows = figures(model, "--data", tmp_path / "data")
    assert rows["baselines"]["plain synthesiser"]["held_out"] < rows["held_out"]
