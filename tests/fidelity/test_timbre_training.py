"""The trainer in torch against the ddsp package: sound, loss, gradients, statistics, and the written checkpoint."""

from pathlib import Path

import numpy as np
import pytest
import torch
from support.tensorflow_environment import run_in_tensorflow
from timbre_transfer import load
from timbre_transfer.training.instrument import Instrument
from timbre_transfer.training.losses import spectral_loss
from timbre_transfer.training.presets import gin_text
from timbre_transfer.training.statistics import statistics_of
from timbre_transfer.training.writer import write_model

pytestmark = pytest.mark.tensorflow

SCRIPT = Path(__file__).with_name("ddsp_training_reference.py")
FRAMES, HOP = 250, 64
SIZE = {"rnn": 24, "width": 16, "layers": 2, "harmonics": 30, "noise": 17, "reverb": 800}


def batch():
    """Two tones that glide, one of them above what all harmonics fit under, in noise."""
    random = np.random.default_rng(0)
    times = np.arange(FRAMES * HOP) / 16000
    f0_hz = np.stack([np.geomspace(220, 330, FRAMES), np.geomspace(990, 700, FRAMES)])
    audio = 0.3 * np.sin(2 * np.pi * np.array([[220], [880]]) * times) * np.exp(-times)
    return {
        "audio": audio + 0.01 * random.standard_normal(audio.shape),
        "f0_hz": f0_hz,
        "f0_confidence": random.uniform(0.4, 1, f0_hz.shape),
        "loudness_db": random.uniform(-50, 0, f0_hz.shape),
        "noise": random.uniform(-1, 1, audio.shape),
    }


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """(folder of a model that we wrote, the instrument, a batch, what ddsp makes of them)."""
    folder = tmp_path_factory.mktemp("written") / "model"
    torch.manual_seed(0)
    instrument = Instrument(SIZE)
    with torch.no_grad():
        for weight in instrument.parameters():
            weight += 0.05 * torch.randn(weight.shape)
        instrument.network.dense_out.bias[-SIZE["noise"] :] += 7  # logarithms of next to nothing are rounding
    given = {name: values.astype(np.float32) for name, values in batch().items()}
    write_model(folder, instrument.tensors(), gin_text(SIZE, FRAMES), statistics_of(given), 7)
    np.savez(f"{folder}.npz", **given)
    run_in_tensorflow(SCRIPT, folder, day="02_ddsp")
    return folder, instrument, given, dict(np.load(f"{folder}_ddsp.npz"))


def played(instrument, given):
    return instrument(*(torch.from_numpy(given[name]) for name in ("f0_hz", "loudness_db", "noise")))


def test_ddsp_plays_the_written_model_as_we_do(both):
    folder, instrument, given, theirs = both
    peak = np.abs(theirs["audio"]).max()
    assert peak > 0.01
    assert np.abs(played(instrument, given).detach().numpy() - theirs["audio"]).max() < 1e-4 * peak
    for row in range(2):
        curves = given["f0_hz"][row], given["loudness_db"][row]
        ours = load(folder).generate(*curves, noise=given["noise"][row])
        assert np.abs(ours - theirs["audio"][row]).max() < 1e-4 * peak


def test_loss_and_gradients_are_ddsps(both):
    _, instrument, given, theirs = both
    loss = spectral_loss(torch.from_numpy(given["audio"]), played(instrument, given))
    loss.backward()
    assert loss.item() == pytest.approx(float(theirs["loss"]), rel=1e-4)
    ours = gradients(instrument)
    assert {f"gradient_{name}" for name in ours} == {name for name in theirs if name.startswith("gradient_")}
    for name, gradient in ours.items():
        expected = theirs[f"gradient_{name}"]
        assert np.abs(gradient - expected).max() < 1e-4 * np.abs(expected).max(), name


def gradients(instrument):
    """The gradients of all weights by their names in a checkpoint."""
    holder = Instrument(SIZE)
    for held, weight in zip(holder.parameters(), instrument.parameters()):
        held.data = weight.grad
    return holder.tensors()


def test_statistics_are_ddsps_and_its_class_reads_ours(both):
    *_, theirs = both
    figures = {name: values for name, values in theirs.items() if name.startswith("statistic_")}
    assert len(figures) == 36
    for name, (ours, expected) in figures.items():
        assert ours == pytest.approx(expected, rel=1e-3, abs=0.02), name
    np.testing.assert_allclose(theirs["quantiles_ours"], theirs["quantiles_theirs"], atol=0.02)
