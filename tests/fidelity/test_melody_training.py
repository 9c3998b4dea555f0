"""The trainer against magenta: examples, loss and gradients of a batch with dropout off, and the bundle it writes."""

import numpy as np
import pytest
import torch
from ai_duet.engine.encodings import ENCODINGS
from ai_duet.training.bundles import write_bundle
from ai_duet.training.examples import inputs_and_labels, inputs_of, pad
from ai_duet.training.recurrent import Network, mean_loss
from support.tensorflow_environment import run_in_tensorflow

pytestmark = pytest.mark.tensorflow

SCRIPT = "melody_training_magenta.py"
LAYERS = (24, 33)
# In C major and between 48 and 83, so that nothing is moved; longer than the attention and both lookbacks.
TUNE = [67, -2, 64, -2, 65, -2, -1, -2, 67, 67, 72, -2, 71, 69, -1, -2]
MELODY = TUNE * 2 + TUNE[:9] + [74, -2, -1, 60] + TUNE * 2
OTHER = [-2, -2, 60, 62, -2, 65, 64, -1, -2, 55, 57, 59, 60, -2, -2, -2] * 2


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """{name: (network, what it was given, what magenta makes of all)}."""
    folder = tmp_path_factory.mktemp("melody")
    made = {}
    for name, encoding in ENCODINGS.items():
        torch.manual_seed(1)
        network = Network(name, LAYERS)
        with torch.no_grad():
            for weight in network.parameters():
                if weight.requires_grad:
                    weight.add_(0.1 * torch.randn_like(weight))
            network.output.weight.mul_(10)  # so that the probabilities are far from uniform
        inputs, labels = zip(*(inputs_and_labels(encoding, melody) for melody in (MELODY, OTHER)))
        given = {
            "melody": MELODY,
            "layers": LAYERS,
            "inputs": pad(inputs).astype(np.float32),
            "batch_labels": pad(labels),
            "lengths": [len(row) for row in labels],
        }
        np.savez(folder / f"{name}.npz", **given)
        write_bundle(folder / f"{name}.mag", network, "random weights")
        made[name] = network, given
    run_in_tensorflow(__file__.replace("test_melody_training.py", SCRIPT), folder)
    return {name: (*parts, np.load(folder / f"{name}_magenta.npz")) for name, parts in made.items()}


@pytest.mark.parametrize("name", ENCODINGS)
def test_examples_are_magentas(both, name):
    _, _, theirs = both[name]
    inputs, labels = inputs_and_labels(ENCODINGS[name], MELODY)
    np.testing.assert_array_equal(inputs, theirs["inputs"])
    np.testing.assert_array_equal(labels, theirs["labels"])


@pytest.mark.parametrize("name", ENCODINGS)
def test_the_loss_and_all_gradients_are_magentas(both, name):
    network, given, theirs = both[name]
    labels, lengths = torch.from_numpy(given["batch_labels"]), torch.tensor(given["lengths"])
    loss = mean_loss(network(torch.from_numpy(given["inputs"])), labels, lengths)
    loss.backward()
    assert loss.item() == pytest.approx(float(theirs["loss"]), rel=1e-5)
    gradients = network.gradients()
    assert {f"gradient {variable}" for variable in gradients} == {
        entry for entry in theirs.files if entry.startswith("gradient ")
    }
    for variable, gradient in gradients.items():
        expected = theirs[f"gradient {variable}"]
        assert np.abs(expected).max() > 1e-6, variable
        assert np.abs(gradient - expected).max() < 1e-4 * np.abs(expected).max(), variable


@pytest.mark.parametrize("name", ENCODINGS)
def test_magenta_plays_the_written_bundle_as_we_do(both, name):
    network, _, theirs = both[name]
    with torch.no_grad():
        inputs = torch.from_numpy(inputs_of(network.encoding, np.array(MELODY))).float()
        ours = network(inputs[None])[0].softmax(-1).numpy()
    assert ours.max() > 3 / ours.shape[1]
    np.testing.assert_allclose(ours, theirs["probabilities"], atol=1e-5)
