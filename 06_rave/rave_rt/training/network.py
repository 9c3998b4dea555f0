"""The autoencoder: sound to a few latent curves, and latent curves to sound. Runs in a training, and in what plays it.

A. Caillon and P. Esling, RAVE: A variational autoencoder for fast and high-quality neural audio synthesis (2021). It
differs from the paper's network in size, in convolutions that are all causal, and in noise that is shaped in the bands
of the filter bank instead of by filters of its own.
"""

from dataclasses import dataclass
from math import prod

import torch
from torch import nn

from ..engine.layers import amplitude
from .layers import CausalConv, Residual, Upsample
from .pqmf import TAPS, Analysis, Synthesis


@dataclass(frozen=True)
class Size:
    """What decides the shapes: rate in Hz, bands of the filter bank, channels of the outermost convolutions."""

    rate: int = 44100
    bands: int = 16
    capacity: int = 32
    ratios: tuple = (4, 4, 2)
    dilations: tuple = (1, 3)
    latent: int = 8
    taps: int = TAPS  # of each band's filter

    @property
    def ratio(self):
        """Samples of sound for each latent vector."""
        return self.bands * prod(self.ratios)

    @property
    def delay(self):
        """Samples by which what comes out lags behind what went in: the filter bank's two filters."""
        return (self.taps - 1) * self.bands + 1


class Encoder(nn.Module):
    """[batch, 1, n] to mean and standard deviation, each [batch, latent, n / ratio]."""

    def __init__(self, size: Size):
        super().__init__()
        channels = size.capacity
        layers = [Analysis(size.bands, size.taps), CausalConv(size.bands, channels, 7)]
        for ratio in size.ratios:
            layers += [Residual(channels, dilation) for dilation in size.dilations]
            layers += [nn.LeakyReLU(0.2), CausalConv(channels, 2 * channels, 2 * ratio, stride=ratio)]
            channels *= 2
        layers += [nn.LeakyReLU(0.2), CausalConv(channels, 2 * size.latent, 3)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean, scale = self.layers(x).chunk(2, 1)
        return mean, nn.functional.softplus(scale) + 1e-4


class Decoder(nn.Module):
    """[batch, latent, n] to [batch, 1, n * ratio]: a waveform with a loudness, and noise, in the bands."""

    def __init__(self, size: Size):
        super().__init__()
        channels = size.capacity * 2 ** len(size.ratios)
        layers = [CausalConv(size.latent, channels, 3)]
        for ratio in reversed(size.ratios):
            layers += [nn.LeakyReLU(0.2), Upsample(channels, channels // 2, ratio)]
            channels //= 2
            layers += [Residual(channels, dilation) for dilation in size.dilations]
        self.layers = nn.Sequential(*layers, nn.LeakyReLU(0.2))
        self.wave = CausalConv(channels, size.bands, 7)
        self.loudness = CausalConv(channels, 1, 3)
        self.noise = CausalConv(channels, size.bands, 3)
        self.synthesis = Synthesis(size.bands, size.taps)
        nn.init.constant_(self.noise.bias, -4.0)
        self.noisy = True

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        x = self.layers(z)
        bands = torch.tanh(self.wave(x)) * amplitude(self.loudness(x))
        if self.noisy:
            level = amplitude(self.noise(x))
            bands = bands + level * (2 * torch.rand_like(level) - 1)
        return self.synthesis(bands)


class Rave(nn.Module):
    """Encoder and decoder."""

    def __init__(self, size: Size):
        super().__init__()
        self.size = size
        self.encoder, self.decoder = Encoder(size), Decoder(size)

    def forward(self, x):
        """A sound [batch, 1, n] to what is made of it, and the divergence of its latents from a normal distribution."""
        mean, std = self.encoder(x)
        z = mean + std * torch.randn_like(std)
        divergence = 0.5 * (mean**2 + std**2 - 2 * torch.log(std) - 1).sum(1).mean()
        return self.decoder(z), divergence


def parameters(module):
    """How many numbers a module learns."""
    return sum(weight.numel() for weight in module.parameters() if weight.requires_grad)
