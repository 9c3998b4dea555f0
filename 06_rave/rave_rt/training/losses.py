"""What training lowers: the spectral distance of two sounds, and what a discriminator says. Runs in a training.

The discriminator is the second stage: a network that learns to tell made sounds from real ones, so that the decoder
must do better. Hinge loss and feature matching on three rates of the sound, as in RAVE (2021) after K. Kumar et al.,
MelGAN (2019).
"""

import torch
from torch import nn

SCALES = (2048, 1024, 512, 256, 128)  # points of the Fourier transforms
DISCRIMINATOR_RATES = 3
LEAST = 1e-5  # amplitude that counts as nothing, 94 dB below a full sine; the logarithm needs one


def spectral_distance(x, y):
    """The multi-scale spectral distance of sounds [batch, 1, n]: RAVE (2021), equations 3 and 4.

    For each scale the relative error of the amplitudes (Frobenius norm) plus the mean error of their logarithms; a mean
    over the scales, not a sum.
    """
    x, y = x.squeeze(1), y.squeeze(1)
    return sum(_distance(amplitudes(x, scale), amplitudes(y, scale)) for scale in SCALES) / len(SCALES)


def amplitudes(x, scale):
    """[batch, n] to [batch, scale / 2 + 1, frames]."""
    window = torch.hann_window(scale, device=x.device)
    transform = torch.stft(x, scale, scale // 4, window=window, return_complex=True)
    return transform.abs() / window.sum()


def _distance(x, y):
    linear = ((x - y) ** 2).sum() / (x**2).sum().clamp(min=LEAST**2)
    logarithmic = (torch.log(x + LEAST) - torch.log(y + LEAST)).abs().mean()
    return linear + logarithmic


class Discriminator(nn.Module):
    """Judges sounds [batch, 1, n] at several rates: the activations of all layers of each, the last its verdict."""

    def __init__(self, capacity: int):
        super().__init__()
        self.networks = nn.ModuleList(_network(capacity) for _ in range(DISCRIMINATOR_RATES))

    def forward(self, x):
        judged = []
        for network in self.networks:
            activations = []
            y = x
            for layer in network:
                y = layer(y)
                activations.append(y)
            judged.append(activations)
            x = nn.functional.avg_pool1d(x, 2)
        return judged


def _network(capacity):
    widths = [1, capacity, 2 * capacity, 4 * capacity]
    layers = [nn.Sequential(nn.Conv1d(a, b, 15, 4, 7), nn.LeakyReLU(0.2)) for a, b in zip(widths, widths[1:])]
    return nn.ModuleList([*layers, nn.Conv1d(widths[-1], 1, 5, padding=2)])


def discriminator_loss(real, made):
    """What the discriminator lowers: real above 1, made below -1."""
    return sum(torch.relu(1 - r[-1]).mean() + torch.relu(1 + m[-1]).mean() for r, m in zip(real, made)) / len(
        real
    )


def decoder_loss(real, made):
    """(adversarial, feature matching): what the decoder lowers."""
    adversarial = -sum(m[-1].mean() for m in made) / len(made)
    pairs = [(a.detach(), b) for r, m in zip(real, made) for a, b in zip(r[:-1], m[:-1])]
    return adversarial, sum((a - b).abs().mean() for a, b in pairs) / len(pairs)
