"""A sound's own noise, band by band, for an instrument's noise filter: breath, consonants, water. Runs in the worker.

The idea of noise bands is that of A. Barahona-Ríos and T. Collins, NoiseBandNet: Controllable Time-Varying Neural
Synthesis of Sound Effects (2023); here the bands are not learned, they are those of what is played.
"""

from functools import cache

import numpy as np

from .loudness import FFT_SIZE
from .pitch import SAMPLE_RATE

NOISE_POWER = FFT_SIZE / 8  # in a spectrum of `loudness.power`, of noise that is uniform between -1 and 1
LEAST_POWER = 1e-12


def gains(spectra, bands, rate):
    """With which gains noise is as loud as the noise of a sound.

    The geometric mean of a band's bins counts, in which a partial between them hardly does.

    spectra: [T, FFT_SIZE // 2 + 1], of `loudness.power` at 16 kHz; bands: of the filter, from 0 to the half of `rate`.
    Returns float64 [T, bands].
    """
    mean = np.exp(np.log(spectra + LEAST_POWER) @ _pooling(bands, rate) + np.euler_gamma)  # as noise has it
    return np.sqrt(mean / NOISE_POWER)


@cache
def _pooling(bands, rate):
    """Which part each bin has in each band, [bins, bands]: columns whose sum is one."""
    bins = np.fft.rfftfreq(FFT_SIZE, 1 / SAMPLE_RATE)[:, None]
    centres = np.linspace(0, rate / 2, bands)
    width = max(centres[1], bins[1, 0])
    shares = np.maximum(0, 1 - np.abs(bins - centres) / width)
    shares[-1] += shares.sum(0) == 0  # what lies above 8 kHz is as loud as what lies just below
    return shares / shares.sum(0)
