"""Day 6's training against acids-rave: the same formulas on the same tensors."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from rave_rt.training import losses, network, pqmf

pytestmark = [pytest.mark.slow, pytest.mark.needs("rave")]
FORMULAS = Path(__file__).with_name("rave_formulas.py")
SIZE = network.Size(capacity=4, ratios=(2, 2), latent=3)


def noise(*shape, seed):
    return torch.tensor(np.random.default_rng(seed).normal(0, 0.3, shape), dtype=torch.float32)


REAL, MADE = noise(2, 1, 16384, seed=0), noise(2, 1, 16384, seed=1) * 0.7
NUMBERS = torch.linspace(-8, 8, 101)


@pytest.fixture(scope="module")
def rave():
    torch.manual_seed(0)
    return network.Rave(SIZE)


@pytest.fixture(scope="module")
def package(rave, tmp_path_factory):
    """What the package makes of the tensors above, by name."""
    source, target = (tmp_path_factory.mktemp("formulas") / name for name in ("in.npz", "out.npz"))
    with torch.no_grad():
        raw = rave.encoder.layers(REAL)
    np.savez(source, numbers=NUMBERS, raw=raw, real=REAL, made=MADE)
    command = [sys.executable, str(FORMULAS), str(source), str(target)]
    made = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ, OMP_NUM_THREADS="1"))
    assert made.returncode == 0, made.stderr[-2000:]
    return np.load(target)


def test_amplitude(package):
    np.testing.assert_allclose(network.amplitude(NUMBERS), package["amplitude"], rtol=1e-5)


def test_divergence_is_half_of_the_packages(rave, package):
    """The package leaves out the one half of the formula: the same weight is a beta of twice its size here."""
    with torch.no_grad():
        _, divergence = rave(REAL)
    assert 2 * float(divergence) == pytest.approx(float(package["divergence"]), rel=1e-4)


def test_distance_is_the_mean_over_the_scales_of_which_the_package_takes_the_sum(package):
    """What counts as nothing differs; in loud noise that hardly shows."""
    ours = len(losses.SCALES) * float(losses.spectral_distance(REAL, MADE))
    assert ours == pytest.approx(float(package["distance"]), rel=0.01)


def test_what_discriminator_and_decoder_lower(package):
    """Each verdict here has one activation before it."""
    real, made = [[REAL, REAL]], [[MADE, MADE]]
    adversarial, matching = losses.decoder_loss(real, made)
    np.testing.assert_allclose(
        [losses.discriminator_loss(real, made), adversarial], package["hinge"], rtol=1e-5
    )
    assert float(matching) == pytest.approx(float(package["matching"]), rel=1e-5)


def test_the_filter_bank_loses_no_more_than_the_packages(package):
    """Both are near-perfect; each has a delay of its own."""

    def lost(sound, made, delay):
        error = made[..., delay + 2048 : 14336] - sound[..., 2048 : 14336 - delay]
        return float((error**2).mean() / (sound**2).mean())

    with torch.no_grad():
        ours = lost(REAL, pqmf.Synthesis(16)(pqmf.Analysis(16)(REAL)), SIZE.delay)
    back = torch.from_numpy(package["bands_and_back"])
    assert ours < min(lost(REAL, back, delay) for delay in range(32))
