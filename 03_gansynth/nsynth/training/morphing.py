"""The sound between two sounds, which a decoder learns to make of what lies between their encodings. In trainings.

Half way between two spectra their energy lies half way between its places in the two (optimal transport: T. Henderson
and J. Solomon, *Audio Transport: A Generalized Portamento via Optimal Transport*, DAFx 2019), and not at the places of
both, as in a mix. Here it is moved by wide bands only, so that tones of one pitch keep their harmonics: the fine
structure is that of the mix. The level in decibels is half way as well.
"""

from __future__ import annotations

import librosa
import numpy as np
from numpy.typing import ArrayLike, NDArray

WINDOW_S, OVERLAP = 0.128, 8
BAND_HZ = 250.0  # between the centres of the bands, about the pitch of middle C
QUANTILES = 400
SILENT = 1e-5  # amplitude of a point of the spectrum that counts as nothing


def reach(rate: int) -> int:
    """How many samples beside a part of a sound have a say in what lies there, at a rate in Hz."""
    return 2 * round(WINDOW_S * rate / 2)


def morph(one: ArrayLike, other: ArrayLike, share: float, rate: int) -> NDArray[np.float32]:
    """Make the sound that lies between two.

    Parameters
    ----------
    one, other : array_like of float, shape (samples,)
        Of one length.
    share : float
        How far from one to the other, 0 to 1.
    rate : int
        Hz.

    Returns
    -------
    ndarray of float32, shape (samples,)
    """
    sounds = np.asarray([one, other], np.float32)
    shares = np.array([1 - share, share])[:, None, None]
    window = reach(rate)
    spectra = librosa.stft(sounds, n_fft=window, hop_length=window // OVERLAP)
    energy = np.abs(spectra) ** 2 + SILENT**2
    levels = energy.sum(axis=1, keepdims=True)
    mixed = (shares * spectra / np.sqrt(levels)).sum(axis=0)
    sizes = (shares * np.sqrt(energy / levels)).sum(axis=0)
    bands = _bands(len(sizes), rate)
    moved = bands @ _between(energy / levels, shares)
    sizes = sizes * (bands.T @ np.sqrt(moved / (bands @ sizes**2)))
    level = np.exp((shares * np.log(levels)).sum(axis=0) / 2)
    sizes *= level / np.linalg.norm(sizes, axis=0)
    sound: NDArray[np.float32] = librosa.istft(
        sizes * np.exp(1j * np.angle(mixed)), hop_length=window // OVERLAP, length=sounds.shape[1]
    )
    return sound.astype(np.float32)


def _bands(bins, rate):
    """Triangles that add up to one: [bands, bins]."""
    hertz = np.linspace(0, rate / 2, bins)
    centres = np.arange(0, rate / 2 + BAND_HZ, BAND_HZ)
    return np.maximum(0, 1 - np.abs(hertz - centres[:, None]) / BAND_HZ)


def _between(energy, shares):
    """The energy of each bin and frame when each hundredth or less of it has moved: [bins, frames]; adds up to one."""
    wanted = (np.arange(QUANTILES) + 0.5) / QUANTILES
    bins, below = np.arange(energy.shape[1]), np.cumsum(energy, axis=1)
    frames = []
    for ends in below.transpose(2, 0, 1):
        places = sum(part * np.interp(wanted, end, bins) for part, end in zip(shares.ravel(), ends))
        frames.append(np.bincount(np.rint(places).astype(int), minlength=len(bins)) / QUANTILES)
    return np.stack(frames, axis=1)
