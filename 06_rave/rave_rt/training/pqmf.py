"""A pseudo quadrature mirror filter bank: a sound as bands of a lower rate, and back. Runs in a training.

J. Rothweiler, Polyphase Quadrature Filters (1983); cosine modulation of one low-pass filter, as in T. Nguyen,
Near-Perfect-Reconstruction Pseudo-QMF Banks (1994). The cutoff is the one with the least error of reconstruction.
"""

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.signal import firwin
from torch import nn

from .layers import CausalConv, interleave

TAPS = 16  # of each band's filter, in samples of the band; the sound comes back 62 dB above the error
FEW_TAPS = 6  # for little delay: 48 dB
ATTENUATION, FOR_EACH_TAP = (
    9.0,
    0.85,
)  # beta of the Kaiser window, at most 9: measured with noise at 4 to 16 taps


def prototype(bands, taps):
    """The low-pass filter, float64 [taps * bands + 1], whose squared response sums to one with its mirror image's."""

    def low_pass(cutoff):
        return firwin(taps * bands + 1, cutoff, window=("kaiser", min(ATTENUATION, FOR_EACH_TAP * taps)))

    def error(cutoff):
        response = low_pass(cutoff)
        around = np.convolve(response, response)[len(response) - 1 :: 2 * bands]
        around[0] -= 1 / (2 * bands)
        return np.abs(around).max()

    middle = 1 / (2 * bands)
    return low_pass(minimize_scalar(error, bounds=(middle, 2.5 * middle), method="bounded").x)


def filters(bands, taps):
    """(analysis, synthesis), each float64 [bands, taps * bands + 1]."""
    low_pass = prototype(bands, taps)
    k, n = np.arange(bands)[:, None], np.arange(len(low_pass)) - (len(low_pass) - 1) / 2
    angle, phase = (2 * k + 1) * np.pi / (2 * bands) * n, (-1.0) ** k * np.pi / 4
    scale = 2 * low_pass
    return scale * np.cos(angle + phase), scale * bands * np.cos(angle - phase)


class Analysis(nn.Module):
    """[batch, 1, n] to [batch, bands, n / bands]."""

    def __init__(self, bands: int, taps: int = TAPS):
        super().__init__()
        analysis, _ = filters(bands, taps)
        taps = analysis[:, ::-1].copy()
        self.conv = CausalConv(1, bands, taps.shape[1], stride=bands)
        fix(self.conv, torch.tensor(taps, dtype=torch.float32)[:, None])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x)


class Synthesis(nn.Module):
    """[batch, bands, n] to [batch, 1, n * bands]."""

    def __init__(self, bands: int, taps: int = TAPS):
        super().__init__()
        self.bands = bands
        _, synthesis = filters(bands, taps)
        taps = np.pad(synthesis, ((0, 0), (0, -synthesis.shape[1] % bands)))
        phases = taps.reshape(bands, -1, bands)[:, ::-1]  # [band, tap, place between two samples of the band]
        self.conv = CausalConv(bands, bands, phases.shape[1])
        fix(self.conv, torch.tensor(phases.transpose(2, 0, 1).copy(), dtype=torch.float32))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return interleave(self.conv(x), self.bands)


def fix(conv, weight):
    """Give a convolution weights that are not learned."""
    conv.weight.data = weight
    conv.weight.requires_grad_(False)
    conv.bias.requires_grad_(False)
