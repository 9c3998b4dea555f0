"""GANSynth's picture of a sound, and the way back to audio.

A sound is a picture of two channels, [frames, bands, 2]: the logarithm of mel power, and instantaneous frequency,
in units of pi a frame. Formulas: magenta's `specgrams_helper.py` and `spectral_ops.py`; Engel et al., "GANSynth",
2019 (https://arxiv.org/abs/1902.08710).
"""

import math

import numpy as np
import torch
from modelfiles.errors import UserError

BREAK_HZ, MEL_Q = 700.0, 1127.0
POWER_FLOOR = 1e-6


def hz_to_mel(hz):
    return MEL_Q * np.log1p(np.asarray(hz) / BREAK_HZ)


def mel_to_hz(mel):
    return BREAK_HZ * np.expm1(np.asarray(mel) / MEL_Q)


def mel_matrix(bins, sample_rate):
    """Weights [bins, bins] from linear frequencies (rows) to as many mel bands (columns); float64.

    Bands narrower than one and a half bins are widened, from the lowest up. Upstream widens in place, on three
    views of one array of edges, so each widening also moves the centres of the bands above. The networks were
    trained through that matrix, so it is kept.
    """
    edges = np.linspace(hz_to_mel(0.0), hz_to_mel(sample_rate / 2), bins + 2)
    least = 1.5 * sample_rate / 2 / bins
    for band in range(bins):
        lower, centre, upper = mel_to_hz(edges[band : band + 3])
        if upper - lower < least:
            half = 0.5 * least / (centre + BREAK_HZ)
            widening = MEL_Q * math.log(half + math.sqrt(1 + half**2))
            middle = edges[band + 1]
            edges[band], edges[band + 2] = middle - widening, middle + widening
    lower, centre, upper = (mel_to_hz(edges[i : i + bins]) for i in range(3))
    frequencies = np.linspace(0.0, sample_rate / 2, bins)[:, None]
    weights = np.minimum(
        (frequencies - lower) / (centre - lower), (upper - frequencies) / (upper - centre)
    ).clip(min=0.0)
    weights[0] = 0.0
    return weights


def inverse_mel_matrix(bins, sample_rate):
    """Weights [bins, bins] from mel bands (rows) back to linear frequencies (columns); float64."""
    weights = mel_matrix(bins, sample_rate)
    sums = weights @ weights.sum(axis=0)
    return weights.T * np.divide(1.0, sums, out=sums.copy(), where=np.abs(sums) > 1e-8)


class Spectrogram:
    """The way from pictures [batch, frames, bands, 2] to audio [batch, samples].

    frames, bands: size of a picture; the window is twice the bands, the hop a quarter of the window.
    audio_length: samples of a sound; the windows' surplus lies in front of it.
    """

    def __init__(self, frames, bands, audio_length, sample_rate):
        self.window_length = 2 * bands
        self.hop = bands // 2
        self.padding = self.hop * (frames - 1) + self.window_length - audio_length
        if self.padding < 0:
            raise UserError(
                "checkpoint", f"{frames} frames of {bands} bands are shorter than {audio_length} samples"
            )
        matrix = torch.from_numpy(inverse_mel_matrix(bands, sample_rate).T.astype(np.float32))
        self._to_linear = matrix.to_sparse_coo()
        window = torch.hann_window(self.window_length, periodic=True, dtype=torch.float64)
        overlapped = window.square().view(4, self.hop).sum(dim=0).repeat(4)
        self._window = (window / overlapped).float()

    def linear(self, mel):
        """Mel bands to linear frequencies, for a tensor [batch, frames, bands]."""
        batch, frames, bands = mel.shape
        columns = mel.reshape(batch * frames, bands).T
        return (self._to_linear @ columns).T.reshape(batch, frames, bands)

    def to_audio(self, pictures):
        """Audio [batch, samples], float32, of pictures [batch, frames, bands, 2] of log power and frequency."""
        return self._overlap_add(self._windows(pictures))[:, self.padding :]

    def begin(self, pictures):
        """As `to_audio`, of the first frames only: as far as no later frame would reach."""
        frames = pictures.shape[1]
        return self._overlap_add(self._windows(pictures))[:, self.padding : frames * self.hop]

    def _windows(self, pictures):
        power = self.linear(pictures[..., 0].exp())
        phase = self.linear((math.pi * pictures[..., 1]).cumsum(dim=1))
        spectrum = torch.polar((power + POWER_FLOOR).sqrt(), phase)
        spectrum = torch.nn.functional.pad(spectrum, (1, 0))
        return torch.fft.irfft(spectrum, n=self.window_length) * self._window

    def _overlap_add(self, windows):
        batch, frames, _ = windows.shape
        quarters = windows.view(batch, frames, 4, self.hop)
        audio = windows.new_zeros(batch, frames + 3, self.hop)
        for quarter in range(4):
            audio[:, quarter : quarter + frames] += quarters[:, :, quarter]
        return audio.view(batch, -1)
