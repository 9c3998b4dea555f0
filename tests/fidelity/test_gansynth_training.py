"""The trainer by regression against magenta: pictures, the network's gradients, the written model."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from gansynth.model import load
from gansynth.training.network import TrainableGenerator
from gansynth.training.pictures import Pictures, wrap
from gansynth.training.presets import flags_for
from gansynth.training.writer import write_model
from support.tensorflow_environment import run_in_tensorflow

pytestmark = pytest.mark.tensorflow
SCRIPT = Path(__file__).with_name("gansynth_training_magenta.py")
RATE, SAMPLES, PITCHES = 8000, 8000, [57, 60, 64]


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """(folder of a model that we wrote, our network, its inputs, what magenta makes of all)."""
    folder = tmp_path_factory.mktemp("written") / "model"
    torch.manual_seed(0)
    flags = flags_for("minutes", RATE, SAMPLES)
    network = TrainableGenerator(flags, len(PITCHES))
    random = np.random.default_rng(0)
    with torch.no_grad():
        for bias in network.biases.values():
            bias.normal_(0, 0.1)
    write_model(folder, network.tensors(), flags, PITCHES, 5000)
    times = np.arange(SAMPLES) / RATE
    given = {
        "latents": random.standard_normal((2, flags["latent_vector_size"])).astype(np.float32),
        "labels": np.array([0, 2]),
        "pull": random.standard_normal((2, 32, 512, 2)).astype(np.float32),
        "audio": np.stack(
            [np.sin(2 * np.pi * 220 * times), np.exp(-3 * times) * random.standard_normal(SAMPLES)]
        ).astype(np.float32),
    }
    np.savez(f"{folder}.npz", **given)
    run_in_tensorflow(SCRIPT, folder, day="03_gansynth")
    return folder, network, given, np.load(f"{folder}_magenta.npz")


def test_magenta_plays_the_written_model_as_we_do(both):
    folder, _, given, theirs = both
    flags = json.loads((folder / "experiment.json").read_text())
    assert flags["train_progressive"] is False
    ours = load(folder).generate(given["latents"], [PITCHES[label] for label in given["labels"]])
    assert np.abs(theirs["played"]).max() > 1e-3
    assert np.abs(ours - theirs["played"]).max() < 1e-3 * max(1.0, np.abs(theirs["played"]).max())


def test_gradients_are_those_of_magentas_graph(both):
    _, network, given, theirs = both
    pictures = Pictures(flags_for("minutes", RATE, SAMPLES))
    labels = torch.eye(len(PITCHES))[given["labels"]]
    painted = pictures.of_network(network(torch.from_numpy(given["latents"]), labels))
    pull = torch.from_numpy(given["pull"])
    sum((pull[..., at] * part).sum() for at, part in enumerate(painted)).backward()
    compared = 0
    for layer, parameters in (("conv2d/kernel", network.kernels), ("bias", network.biases)):
        for name, parameter in parameters.items():
            layer_name, _, block = name.rpartition("_")
            expected = theirs[f"progressive_gan_block_{block}/{layer_name}/{layer}"]
            if parameter.grad is None:
                assert not expected.any()
                continue
            scale = np.abs(expected).max()
            assert np.abs(parameter.grad.numpy() - expected).max() < 1e-3 * scale, name
            compared += 1
    assert compared == 2 * 13


def test_pictures_of_sounds_are_magentas(both):
    _, _, given, theirs = both
    power, frequency, _ = Pictures(flags_for("minutes", RATE, SAMPLES)).of_audio(
        torch.from_numpy(given["audio"])
    )
    expected = torch.from_numpy(theirs["specgrams"])
    assert (power - expected[..., 0]).abs().max() < 0.05
    heard = expected[..., 0] > expected[..., 0].max() - 9
    difference = wrap(frequency - expected[..., 1]).abs()
    assert difference[heard].quantile(0.999) < 0.01
