"""A sound's own noise, band by band, for an instrument's noise filter: breath, consonants, water. Runs in the worker.

The idea of noise bands is that of A. Barahona-Ríos and T. Collins, NoiseBandNet: Controllable Time-Varying Neural
Synthesis of Sound Effects (2023); here the bands are not learned, they are those of what is played.
"""

from functools import cache

import numpy as np

from .loudness import CHUNK_FRAMES, FFT_SIZE, power, windows_of
from .pitch import HOP_SIZE, SAMPLE_RATE

NOISE_POWER = FFT_SIZE / 8  # in a spectrum of `loudness.power`, of noise that is uniform between -1 and 1
LEAST_POWER = 1e-12
FRAMES = FFT_SIZE // HOP_SIZE  # in which breath comes in after a pitch, whose end is no noise


def gains(spectra, bands, rate):
    """With which gains noise is as loud as the noise of a sound.

    The geometric mean of a band's bins counts, in which a partial between them hardly does.

    spectra: [T, FFT_SIZE // 2 + 1], of `loudness.power` at 16 kHz; bands: of the filter, from 0 to the half of `rate`.
    Returns float64 [T, bands].
    """
    mean = np.exp(np.log(spectra + LEAST_POWER) @ _pooling(bands, rate) + np.euler_gamma)  # as noise has it
    return np.sqrt(mean / NOISE_POWER)


class Shares:
    """How much of the noise is breath, for frames that come piece by piece."""

    def __init__(self):
        self._unpitched = FRAMES  # frames since the last pitch

    def __call__(self, f0_hz, amount):
        """[T, 1]: 0 where there is a pitch, and `amount` as soon as no window has one in it any more."""
        found = np.empty((len(f0_hz), 1))
        for frame, hertz in enumerate(f0_hz):
            self._unpitched = 0 if hertz > 0 else min(self._unpitched + 1, FRAMES)
            found[frame] = amount * self._unpitched / FRAMES
        return found


def of_sound(audio, f0_hz, bands, rate, amount):
    """(gains, their shares) of a whole sound at 16 kHz, as `Performance` takes them."""
    windows = windows_of(audio)
    stretches = range(0, len(windows), CHUNK_FRAMES)
    found = [gains(power(windows[start : start + CHUNK_FRAMES]), bands, rate) for start in stretches]
    return np.concatenate(found), Shares()(f0_hz, amount)


@cache
def _pooling(bands, rate):
    """Which part each bin has in each band, [bins, bands]: columns whose sum is one."""
    bins = np.fft.rfftfreq(FFT_SIZE, 1 / SAMPLE_RATE)[:, None]
    centres = np.linspace(0, rate / 2, bands)
    width = max(centres[1], bins[1, 0])
    shares = np.maximum(0, 1 - np.abs(bins - centres) / width)
    shares[-1] += shares.sum(0) == 0  # what lies above 8 kHz is as loud as what lies just below
    return shares / shares.sum(0)
