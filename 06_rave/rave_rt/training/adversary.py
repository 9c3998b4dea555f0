"""The second stage: a network that learns to tell made sounds from real ones, so that the decoder must do better.

Hinge loss and feature matching on three rates of the sound, as in RAVE (2021) after K. Kumar et al., MelGAN (2019).
"""

import torch
from torch import nn

SCALES = 3


class Critic(nn.Module):
    """Judges sounds [batch, 1, n] at several rates: the activations of all layers of each, the last its verdict."""

    def __init__(self, capacity: int):
        super().__init__()
        self.networks = nn.ModuleList(_network(capacity) for _ in range(SCALES))

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


def critic_loss(real, made):
    """What the critic lowers: real above 1, made below -1."""
    return sum(torch.relu(1 - r[-1]).mean() + torch.relu(1 + m[-1]).mean() for r, m in zip(real, made)) / len(
        real
    )


def decoder_loss(real, made):
    """(adversarial, feature matching): what the decoder lowers."""
    adversarial = -sum(m[-1].mean() for m in made) / len(made)
    pairs = [(a.detach(), b) for r, m in zip(real, made) for a, b in zip(r[:-1], m[:-1])]
    return adversarial, sum((a - b).abs().mean() for a, b in pairs) / len(pairs)
