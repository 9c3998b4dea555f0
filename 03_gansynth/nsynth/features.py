"""How far a sound is from half way between two others in six features of timbre. In trainings.

A blend in features is a sound whose features have the values half way between those of its ends: M. Caetano and X.
Rodet ask of a morph that features of spectral and temporal shape vary evenly along it (*Musical instrument sound
morphing guided by perceptually motivated features*, IEEE Transactions on Audio, Speech, and Language Processing 21,
2013). The six that are taken here are centroid, spread, skewness and kurtosis of the spectrum, log attack time and
temporal centroid, each on the scale of how it varies among the corners. None of them asks for the exact spectrum,
which no decoder gives back. For a mix the measure is not decided beforehand: its centroid lies between those of its
parts, but its spread and kurtosis are those of two sounds at once, and its attack is the earlier one.
"""

from __future__ import annotations

import librosa
import numpy as np

WINDOW, HOP = 512, 256
ENVELOPE_HOP = 64
HEARD_DB = 40  # below its loudest frame: where a sound is not silent
ATTACK = 0.1, 0.9  # of the largest amplitude: where an attack begins and ends


def features(sound, rate):
    """Six numbers of a sound's timbre.

    Parameters
    ----------
    sound : array_like of float [samples]
        One note.
    rate : int
        Hz.

    Returns
    -------
    numpy.ndarray of float64 [6]
        Spectral centroid and spread in Hz, skewness, kurtosis (medians of the frames that are heard), logarithm of the
        attack time in seconds, temporal centroid in seconds.
    """
    sound = np.asarray(sound, np.float32)
    return np.array([*_spectral(sound, rate), *_temporal(sound, rate)])


def _spectral(sound, rate):
    sizes = np.abs(librosa.stft(sound, n_fft=WINDOW, hop_length=HOP)) + 1e-9
    level = 10 * np.log10((sizes**2).sum(axis=0))
    sizes = sizes[:, level >= level.max() - HEARD_DB]
    hertz, shares = librosa.fft_frequencies(sr=rate, n_fft=WINDOW)[:, None], sizes / sizes.sum(axis=0)
    centroid = (hertz * shares).sum(axis=0)
    spread = np.sqrt(((hertz - centroid) ** 2 * shares).sum(axis=0))
    shape = [(((hertz - centroid) / spread) ** power * shares).sum(axis=0) for power in (3, 4)]
    return np.median([centroid, spread, *shape], axis=1)


def _temporal(sound, rate):
    envelope = librosa.feature.rms(y=sound, frame_length=4 * ENVELOPE_HOP, hop_length=ENVELOPE_HOP)[0] + 1e-9
    begin, end = (np.argmax(envelope >= part * envelope.max()) for part in ATTACK)
    step = ENVELOPE_HOP / rate
    attack = max(end - begin, 1) * step
    return np.log10(attack), (np.arange(len(envelope)) * step * envelope).sum() / envelope.sum()


def off_in_features(one, other, found, scale):
    """How far features are from half way between those of two sounds: 0 is half way, 1 as far as these are.

    scale: how much each feature varies among the sounds at hand (their standard deviation), [6].
    """
    scale = np.maximum(scale, 1e-9)
    apart = np.linalg.norm((other - one) / scale) / 2
    return float(np.linalg.norm((found - (one + other) / 2) / scale) / max(apart, 1e-9))
