"""Networks that learn with the weights that the loops hold: these, their gradient, and what the loops lose of them."""

import copy

import numpy as np
import pytest
import torch
from modelfiles.loops.packing import quantise_8
from modelfiles.loops.rounding import round_layers, rounded
from nsynth.engine.config import Config
from nsynth.engine.network import Autoencoder
from nsynth.model import NSynth
from samplernn.engine import store
from samplernn.model import Generator
from support.tools import ROOT


def test_they_are_those_of_the_loops_and_the_gradient_passes():
    weights = torch.randn(5, 7, 3, requires_grad=True)
    found = rounded(weights)
    for tap in range(3):
        numbers, steps = quantise_8(weights.detach().numpy()[:, :, tap])
        assert np.allclose(found.detach().numpy()[:, :, tap], numbers * steps[:, None], atol=1e-6)
    found.sum().backward()
    assert torch.equal(weights.grad, torch.ones_like(weights))
    assert torch.equal(rounded(torch.zeros(2, 3)), torch.zeros(2, 3))


def nsynth():
    """A network, its layers, what it makes of something, and how many bits a sample the loops lose."""
    torch.manual_seed(0)
    model = Autoencoder(Config(8000, 32, 4, 6, 3, 12, 10, 4, 3, 8))
    with torch.no_grad():
        for layer in model.eight_bit_layers():
            layer.weight *= 4  # it is sure of what comes next, as after a long training
    given = torch.rand(1, 64) - 0.5, torch.randn(1, 4, 2)
    return (
        model,
        Autoencoder.eight_bit_layers,
        lambda net: net.decode(*given),
        lambda net: NSynth(net).bits_lost,
    )


def samplernn():
    """The same of day 5's starter."""
    model = store.load(ROOT / "05_samplernn/checkpoints/starter_beat.safetensors")
    codes = torch.randint(0, model.config.q_levels, (1, 4 * model.config.big_frame_size))
    return (
        model,
        lambda net: net.sample_tier.eight_bit_layers(),
        lambda net: net(codes)[0],
        lambda net: Generator(net, device="cpu").bits_lost,
    )


@pytest.mark.parametrize("kind", [nsynth, samplernn])
def test_what_was_trained_with_them_loses_next_to_nothing_in_the_loops(kind):
    model, layers, play, lost = kind()
    learned = play(model.train())
    before = lost(copy.deepcopy(model))
    round_layers(layers(model))
    assert torch.allclose(play(model.eval()), learned, atol=1e-4)
    assert lost(model) < before / 3
