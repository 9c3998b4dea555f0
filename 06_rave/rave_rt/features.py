"""How near one sound is to another as a whole: moments of mel spectra and their Fréchet distance. Command line.

The distance: D. C. Dowson and B. V. Landau, The Fréchet Distance between Multivariate Normal Distributions (1982).
"""

import librosa
import numpy as np

BANDS = 32
WINDOW_S, HOP_S = 0.04, 0.01
RANGE_DB = 80  # below the loudest band of full scale: nothing
LAG = 4  # hops, for how a spectrum changes


def mel_moments(sound, rate):
    """(mean, covariance) of the mel spectra of a sound [n] in dB, each with its change in LAG hops."""
    hop = round(HOP_S * rate)
    power = librosa.feature.melspectrogram(
        y=np.asarray(sound, np.float32), sr=rate, n_fft=round(WINDOW_S * rate), hop_length=hop, n_mels=BANDS
    )
    spectra = np.maximum(10 * np.log10(power + 1e-12), -RANGE_DB).T / 10
    seen = np.concatenate([spectra[LAG:], spectra[LAG:] - spectra[:-LAG]], 1)
    return seen.mean(0), np.cov(seen, rowvar=False)


def frechet(one, other):
    """The Fréchet distance of two normal distributions (mean, covariance)."""
    (mean, covariance), (other_mean, other_covariance) = one, other
    cross = np.linalg.eigvals(covariance @ other_covariance)
    root = np.sqrt(np.maximum(cross.real, 0)).sum()
    trace = np.trace(covariance) + np.trace(other_covariance) - 2 * root
    return float(np.sum((mean - other_mean) ** 2) + trace)
