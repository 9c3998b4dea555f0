"""The parts of a RAVE that acids-rave exported: decoders, latent spaces, and all of it as a model. Runs in forks."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .layers import amplitude

SWITCHES = ("learn_target", "reset_target", "learn_source", "reset_source")  # of the adaptive norms


class LoudDecoder(nn.Module):
    """The decoder of version 1: a waveform with a loudness, and noise once that was trained, in the bands."""

    def __init__(self, net: nn.Module, wave: nn.Module, loudness: nn.Module, noise: nn.Module | None):
        super().__init__()
        self.net, self.wave, self.loudness, self.noise = net, wave, loudness, noise
        self.noisy = noise is not None

    def forward(self, x: Tensor) -> Tensor:
        x = self.net(x)
        wave, loudness = self.wave(x), self.loudness(x)
        noise = None if self.noise is None else self.noise(x)
        made = torch.tanh(wave) * amplitude(loudness)
        return made + noise if noise is not None and self.noisy else made


class Decoder(nn.Module):
    """The decoder since version 2: bands, each with an amplitude where `modulated`, and noise."""

    def __init__(self, net: nn.Module, wave: nn.Module, noise: nn.Module | None, modulated: bool):
        super().__init__()
        self.net, self.wave, self.noise, self.modulated = net, wave, noise, modulated

    def forward(self, x: Tensor) -> Tensor:
        x = self.net(x)
        noise = None if self.noise is None else self.noise(x)
        x = self.wave(x)
        if self.modulated:
            x, level = x.chunk(2, 1)
            x = x * torch.sigmoid(level)
        return torch.tanh(x if noise is None else x + noise)


class Variational(nn.Module):
    """Latents of a normal distribution, turned to principal components, of which the first `count` count.

    mean [latents], components [latents, latents]; draws: whether a latent is drawn, or its mean taken.
    """

    mean: Tensor

    def __init__(self, mean: Tensor, components: Tensor, count: int, draws: bool = True):
        super().__init__()
        self.register_buffer("mean", mean)
        self.components = nn.Parameter(components, requires_grad=False)
        self.count, self.draws = count, draws

    def come(self, x: Tensor) -> Tensor:
        """What the encoder says, as latents."""
        mean, scale = x.chunk(2, 1)
        if self.draws:
            mean = torch.randn_like(mean) * (functional.softplus(scale) + 1e-4) + mean
        return functional.conv1d(mean - self.mean[:, None], self.components[..., None])[:, : self.count]

    def go(self, z: Tensor) -> Tensor:
        """Latents as the decoder takes them; those that are missing are noise."""
        z = with_noise(z, len(self.mean) - z.shape[1])
        return functional.conv1d(z, self.components.t()[..., None]) + self.mean[:, None]


class Wasserstein(nn.Module):
    """Latents as they are, with some of noise for the decoder."""

    def __init__(self, noise: int):
        super().__init__()
        self.noise = noise

    def come(self, x: Tensor) -> Tensor:
        """What the encoder says, as latents."""
        return x

    def go(self, z: Tensor) -> Tensor:
        """Latents as the decoder takes them."""
        return with_noise(z, self.noise) if self.noise else z


class Spherical(nn.Module):
    """Directions, whose angles are the latents: from -1 to 1."""

    def come(self, x: Tensor) -> Tensor:
        """The angles of what the encoder says."""
        squares = x.flip(1).pow(2)
        squares[:, 1] += squares[:, 0]
        lengths = squares[:, 1:].cumsum(1).flip(1).sqrt()
        angles = torch.arccos(x[:, :-1] / lengths)
        angles[:, -1] = torch.where(x[:, -1] >= 0, angles[:, -1], 2 * math.pi - angles[:, -1])
        angles[:, :-1] /= math.pi
        angles[:, -1] /= 2 * math.pi
        return 2 * (angles - 0.5)

    def go(self, z: Tensor) -> Tensor:
        """The direction of angles."""
        angles = (z / 2 + 0.5) % 1
        angles = torch.cat([angles[:, :-1] * math.pi, angles[:, -1:] * (2 * math.pi)], 1)
        ones = torch.ones_like(angles[:, :1])
        return torch.cat([angles.cos(), ones], 1) * torch.cat([ones, angles.sin().cumprod(1)], 1)


class Discrete(nn.Module):
    """Numbers of entries in code books [codes, latents], each for what those before have left over."""

    def __init__(self, books: list[Tensor], noise: int):
        super().__init__()
        self.books = nn.ParameterList([nn.Parameter(book, requires_grad=False) for book in books])
        self.noise = noise

    def come(self, x: Tensor) -> Tensor:
        """The nearest entries, one book after the other."""
        numbers = []
        for book in self.books:
            points = x.permute(0, 2, 1).reshape(-1, x.shape[1])
            squares = points.pow(2).sum(1, keepdim=True) - 2 * points @ book.t() + book.t().pow(2).sum(0)
            nearest = squares.min(-1).indices.reshape(x.shape[0], x.shape[2])
            x = x - functional.embedding(nearest, book).permute(0, 2, 1)
            numbers.append(nearest)
        return torch.stack(numbers, 1).float()

    def go(self, z: Tensor) -> Tensor:
        """The sum of entries; numbers that no book has become its first or last."""
        numbers = z.clamp(0, len(self.books[0]) - 1).long()
        found = [functional.embedding(numbers[:, i], book) for i, book in enumerate(self.books)]
        summed = torch.stack(found).sum(0).permute(0, 2, 1)
        return with_noise(summed, self.noise) if self.noise else summed


class OwnRave(nn.Module):
    """encode, decode and forward, each [batch, channels, n], as nn~'s convention and acids-rave have them.

    Parameters
    ----------
    bank : Bank
    encoder, decoder, space : nn.Module
    facts : dict
        What the file says of itself: methods, labels, attributes, rate.

    Attributes
    ----------
    delay : int
        Samples by which `forward` answers late, see `delay.delay_of`.
    """

    delay = 0

    def __init__(self, bank: Any, encoder: nn.Module, decoder: nn.Module, space: Any, facts: dict[str, Any]):
        super().__init__()
        self.bank, self.encoder, self.decoder, self.space = bank, encoder, decoder, space
        self.channels = int(facts["n_channels"])
        self.sr = int(facts["sr"])
        self.names, self.attributes = list(facts["_methods"]), list(facts["_attributes"])
        for name, value in facts.items():
            if name.endswith(("_params", "_labels")):
                setattr(self, name, torch.from_numpy(value.copy()) if name.endswith("_params") else value)
        self.switches = {name: bool(facts[name][0]) for name in self.attributes}
        self._adapts = bool(facts["is_using_adain"])  # acids-rave 2.3 says no, whatever the network has
        self._switched = False  # whether an adaptive norm may be learning

    def get_methods(self) -> list[str]:
        """Return the methods for signals."""
        return self.names

    def get_attributes(self) -> list[str]:
        """Return what can be set."""
        return self.attributes

    def get_sample_rate(self) -> int:
        """Return the rate of sound in Hz."""
        return self.sr

    def encode(self, x: Tensor) -> Tensor:
        """Sound to latents."""
        self._switch()
        bands = self.bank.split(x.reshape(-1, 1, x.shape[-1]))
        return self.space.come(self.encoder(bands.reshape(len(x), -1, bands.shape[-1])))

    def decode(self, z: Tensor, switch: bool = True) -> Tensor:
        """Latents to sound."""
        if switch:
            self._switch()
        y = self.decoder(self.space.go(z))
        bands = y.reshape(len(y) * self.channels, -1, y.shape[-1])
        return self.bank.join(bands).reshape(len(y), self.channels, -1)

    def forward(self, x: Tensor) -> Tensor:
        """Sound to sound."""
        return self.decode(self.encode(x), switch=False)

    def _switch(self) -> None:
        """Do what the attributes say to the adaptive norms."""
        if not self._adapts or not (self._switched or any(self.switches.values())):
            return
        self._switched = True
        norms: list[Any] = [part for part in self.modules() if hasattr(part, "adapts")]
        for norm in norms:
            for part, name in ((norm.source, "source"), (norm.target, "target")):
                part.learns = self.switches[f"learn_{name}"]
                if self.switches[f"reset_{name}"]:
                    part.reset()
        self.switches.update(reset_source=False, reset_target=False)


def _give_switch(name: str) -> None:
    """Give the model the methods of an attribute that is on or off."""

    def get(model: OwnRave) -> tuple[bool]:
        return (model.switches[name],)

    def put(model: OwnRave, on: bool) -> int:
        model.switches[name] = bool(on)
        return 0

    setattr(OwnRave, f"get_{name}", get)
    setattr(OwnRave, f"set_{name}", put)


for _name in SWITCHES:
    _give_switch(_name)


def with_noise(z: Tensor, count: int) -> Tensor:
    """Latents, and `count` more that are drawn."""
    return torch.cat([z, torch.randn(z.shape[0], count, z.shape[-1]).type_as(z)], 1)
