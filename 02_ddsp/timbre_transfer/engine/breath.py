"""A sound's own noise, band by band, for an instrument's noise filter: breath, consonants, water. Runs in the worker.

The idea of noise bands is that of A. Barahona-Ríos and T. Collins, NoiseBandNet: Controllable Time-Varying Neural
Synthesis of Sound Effects (2023); here the bands are not learned, they are those of what is played.
"""

from functools import cache

import numpy as np

from .loudness import FFT_SIZE
from .pitch import SAMPLE_RATE

NOISE_POWER = (
    FFT_SIZE * 3 / 8 / 3
)  # in a spectrum of `loudness.power`, of noise that is uniform between -1 and 1


def gains(spectra, bands, rate):
    """With which gains noise has the power of a sound.

    spectra: [T, FFT_SIZE // 2 + 1], of `loudness.power` at 16 kHz; bands: of the filter, from 0 to the half of `rate`.
    Returns float64 [T, bands].
    """
    return np.sqrt(spectra @ _pooling(bands, rate) / NOISE_POWER)


@cache
def _pooling(bands, rate):
    """Which bins make each band, [bins, bands]: columns whose sum is one, or nothing above 8 kHz."""
    bins = np.fft.rfftfreq(FFT_SIZE, 1 / SAMPLE_RATE)[:, None]
    centres = np.linspace(0, rate / 2, bands)
    width = max(centres[1], bins[1, 0])
    shares = np.maximum(0, 1 - np.abs(bins - centres) / width)
    return shares / np.maximum(1, shares.sum(0))
