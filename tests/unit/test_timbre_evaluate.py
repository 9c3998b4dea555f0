"""The figures of day 2's model cards: who is compared with whom, and that the comparison can tell them apart."""

import numpy as np
import soundfile
from support.timbre_files import write_model
from timbre_transfer import evaluate

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
    loss, right = evaluate.measure(evaluate.plain(found), training)
    assert right > 0.95
    others = np.eye(1, evaluate.HARMONICS, 5)[0]
    assert loss < evaluate.measure(evaluate.plain(others), training)[0] - 1


def test_what_is_printed(tmp_path, capsys):
    write_model(tmp_path / "model")
    held_out, training = write_tone(tmp_path / "held out", 262), write_tone(tmp_path / "training", 220)
    evaluate.main([str(tmp_path / "model"), str(held_out), str(training)])
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "1 seconds of sound"
    losses = {line[:20].strip(): float(line[20:34]) for line in said[2:]}
    assert set(losses) == {"this model", "untrained", "plain synthesiser"}
    assert losses["plain synthesiser"] < min(
        losses["this model"], losses["untrained"]
    )  # its weights are random
