"""A recurrent network with a mixture density output on latents: how they go on. Runs in trainings and in forks.

The mixture: C. M. Bishop, Mixture Density Networks (1994); its temperature: D. Ha and D. Eck, A Neural Representation
of Sketch Drawings (2017). Latents come scaled: mean 0 and standard deviation 1 in training.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn

LEAST_STD = 0.05  # of a component: what is always the same must not count as infinitely likely


@dataclass(frozen=True)
class Size:
    """What decides the shapes of the weights.

    Attributes
    ----------
    latents : int
        Numbers in one latent vector.
    hidden, layers : int
        Of the gated recurrent units.
    components : int
        Of the mixture.
    """

    latents: int
    hidden: int = 128
    layers: int = 1
    components: int = 12


@dataclass(frozen=True)
class Mixture:
    """Normal distributions with diagonal covariance, one mixture for each latent vector.

    Attributes
    ----------
    logits : Tensor, shape (..., components)
        Of their weights.
    means, stds : Tensor, shape (..., components, latents)
    """

    logits: torch.Tensor
    means: torch.Tensor
    stds: torch.Tensor

    def log_likelihood(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logarithm of the density at x.

        Parameters
        ----------
        x : Tensor, shape (..., latents)

        Returns
        -------
        Tensor, shape (...,)
            In nats.
        """
        away = (x[..., None, :] - self.means) / self.stds
        each = -0.5 * (away**2 + math.log(2 * math.pi)) - torch.log(self.stds)
        return torch.logsumexp(torch.log_softmax(self.logits, -1) + each.sum(-1), -1)

    def draw(self, temperature: float) -> torch.Tensor:
        """Draw latent vectors with torch's generator.

        Parameters
        ----------
        temperature : float
            1 draws from the mixture; variances and the logits of the weights are multiplied, or divided, by it. 0 gives
            the mean of the likeliest component.

        Returns
        -------
        Tensor, shape (..., latents)
        """
        if temperature > 0:
            weights = torch.softmax(self.logits / temperature, -1)
            flat = weights.reshape(-1, weights.shape[-1])
            chosen = torch.multinomial(flat, 1).reshape(self.logits.shape[:-1])
        else:
            chosen = self.logits.argmax(-1)
        place = chosen[..., None, None].expand(*chosen.shape, 1, self.means.shape[-1])
        mean, std = (part.gather(-2, place).squeeze(-2) for part in (self.means, self.stds))
        return mean + math.sqrt(temperature) * std * torch.randn_like(std)


class PriorNetwork(nn.Module):
    """Latent vectors so far to a Mixture of the next one.

    The last vector also takes a linear path around the recurrent units, so that they need not learn to copy.
    """

    def __init__(self, size: Size, dropout: float = 0.0) -> None:
        super().__init__()
        self.size = size
        latents, components = size.latents, size.components
        self.units = nn.GRU(latents, size.hidden, size.layers, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.outputs = nn.Linear(size.hidden + latents, components * (2 * latents + 1))

    @torch.no_grad()
    def begin_as_walk(self) -> None:
        """Let each mean be the last vector, and a little more, as long as nothing is learned."""
        latents, components = self.size.latents, self.size.components
        around = self.outputs.weight[:, self.size.hidden :]
        around.zero_()
        means = around[components : components * (1 + latents)].view(components, latents, latents)
        means.copy_(torch.eye(latents).expand_as(means))

    def forward(self, x: torch.Tensor, state: torch.Tensor | None = None) -> tuple[Mixture, torch.Tensor]:
        """Compute the mixtures of what follows each vector.

        Parameters
        ----------
        x : Tensor, shape (batch, n, latents)
        state : Tensor, shape (layers, batch, hidden), optional
            What was returned for the vectors before; zeros if not given.

        Returns
        -------
        mixture : Mixture
            Of shape (batch, n, ...).
        state : Tensor
        """
        size = self.size
        heard, state = self.units(x, state)
        numbers = self.outputs(torch.cat([self.dropout(heard), x], -1))
        logits, means, stds = numbers.split(
            [size.components, size.components * size.latents, size.components * size.latents], -1
        )
        shape = (*x.shape[:-1], size.components, size.latents)
        stds = nn.functional.softplus(stds.reshape(shape)) + LEAST_STD
        return Mixture(logits, means.reshape(shape), stds), state
