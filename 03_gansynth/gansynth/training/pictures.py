"""From audio to GANSynth's pictures and back, as tensors with gradients. Runs in a training.

Formulas: magenta's `specgrams_helper.py` and `spectral_ops.py`, as in `spectrogram`, which plays them.
"""

import math

import numpy as np
import torch
from torch.nn import functional

from ..spectrogram import POWER_FLOOR, inverse_mel_matrix, mel_matrix


def wrap(turns):
    """Numbers in half turns (units of pi) brought to -1 to 1, that is, differing by whole turns only."""
    return turns - 2 * torch.round(turns / 2)


class Pictures:
    """The way between audio [batch, samples] and pictures of log mel power and frequency [batch, frames, bands].

    Parameters
    ----------
    flags : dict
        Magenta's flags: the picture's size, its normalisation, audio_length, sample_rate.
    """

    def __init__(self, flags):
        scale = 2 ** (flags["num_resolutions"] - 1)
        self.frames, self.bands = flags["start_height"] * scale, flags["start_width"] * scale
        self.window_length, self.hop = 2 * self.bands, self.bands // 2
        self.length = flags["audio_length"]
        self.padding = self.hop * (self.frames - 1) + self.window_length - self.length
        if self.padding < 0:
            raise ValueError(f"{self.frames} frames are shorter than {self.length} samples")
        rate = flags["sample_rate"]
        self.to_mel = torch.from_numpy(mel_matrix(self.bands, rate).astype(np.float32))
        self.to_linear = torch.from_numpy(inverse_mel_matrix(self.bands, rate).astype(np.float32))
        self.window = torch.hann_window(self.window_length, periodic=True)
        overlapped = self.window.square().view(4, self.hop).sum(dim=0).repeat(4)
        self._inverse_window = self.window / overlapped
        self._slopes = flags["mag_normalizer_a"], flags["p_normalizer_a"]
        self._shifts = flags["mag_normalizer_b"], flags["p_normalizer_b"]

    def of_audio(self, audio):
        """What the network should paint for audio [batch, samples].

        Returns
        -------
        power : torch.Tensor [batch, frames, bands]
            Logarithm of mel power.
        frequency : torch.Tensor [batch, frames, bands]
            Instantaneous frequency of mel bands, in units of pi a frame.
        linear : torch.Tensor [batch, frames, bands]
            The same of the linear bins.
        """
        padded = functional.pad(audio, (self.padding, 0))
        spectrum = torch.stft(
            padded, self.window_length, self.hop, window=self.window, center=False, return_complex=True
        ).transpose(1, 2)[:, :, 1:]
        power = torch.log(spectrum.abs().add(POWER_FLOOR).square() @ self.to_mel + POWER_FLOOR)
        turns = (spectrum.angle() / math.pi).double()
        steps = wrap(torch.diff(turns, dim=1))
        steps = torch.cat([turns[:, :1], steps], dim=1).float()
        return power, wrap(steps @ self.to_mel), steps

    def of_network(self, painted):
        """(log mel power, mel frequency), [batch, frames, bands], of what the network paints [batch, 2, ...]."""
        power, frequency = painted.unbind(1)
        return (power - self._shifts[0]) / self._slopes[0], (frequency - self._shifts[1]) / self._slopes[1]

    def to_audio(self, power, frequency):
        """Audio [batch, samples] of log mel power and mel frequency [batch, frames, bands]."""
        return self.overlapped(power, frequency)[:, self.padding :]

    def overlapped(self, power, frequency):
        """The same of any number of frames, with the windows' surplus at both ends."""
        magnitude = (power.exp() @ self.to_linear).clamp(min=0).add(POWER_FLOOR).sqrt()
        phase = (math.pi * frequency).cumsum(dim=1) @ self.to_linear
        spectrum = functional.pad(torch.polar(magnitude, phase), (1, 0))
        windows = torch.fft.irfft(spectrum, n=self.window_length) * self._inverse_window
        quarters = windows.unflatten(2, (4, self.hop)).unbind(2)
        shifted = [functional.pad(quarter, (0, 0, at, 3 - at)) for at, quarter in enumerate(quarters)]
        return sum(shifted).flatten(1)
