"""This day's network in numpy, in a fifth of torch's time at a buffer of 128: most of that goes into calls.

Runs in forks. Up to buffers of 16384 it is never slower. Weights and memory are views of the module's own: a layer that
is bent is bent here, and a memory that is emptied is empty here. Each convolution is one product of matrices: its
weights, and the stretches of sound that they meet, side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from .torchscript import Model

Sound = NDArray[np.float32]
Layer = Callable[[Sound], Sound]


class NumpyModel(Model):
    """A `Model` of this day's own network, as `reading.read_own` gives it, whose methods for sound use numpy."""

    def __init__(self, module: Any, prior: Any = None) -> None:
        super().__init__(module, prior)
        self._network = Network(module)

    def run(self, name: str, values: Sound) -> Sound:
        """See `Model.run`."""
        if name not in Network.METHODS:
            return super().run(name, values)
        with np.errstate(all="ignore"):  # of bent weights; who plays looks at the answer
            return getattr(self._network, name)(np.asarray(values, np.float32))


class Network:
    """encode, decode and forward of `training.export.Streaming`, float32 [channels, n] each."""

    METHODS = ("encode", "decode", "forward")

    def __init__(self, module: Any) -> None:
        decoder = module.decoder
        self._random = np.random.default_rng()
        self._parts = decoder
        self._mean, self._components = module.latent_mean.numpy()[:, None], module.latent_pca.numpy()
        self._encoder, self._decoder = layer_of(module.encoder.layers), layer_of(decoder.layers)
        self._wave, self._loudness, self._noise = map(Conv, (decoder.wave, decoder.loudness, decoder.noise))
        self._synthesis = layer_of(decoder.synthesis)

    def encode(self, sound: Sound) -> Sound:
        """Sound to latents."""
        return self._components @ (self._encoder(sound)[: len(self._mean)] - self._mean)

    def decode(self, latents: Sound) -> Sound:
        """Latents to sound."""
        x = self._decoder(self._components.T @ latents + self._mean)
        bands = np.tanh(self._wave(x)) * amplitude(self._loudness(x))
        if self._parts.noisy:
            level = amplitude(self._noise(x))
            bands += level * (2 * self._random.random(level.shape, np.float32) - 1)
        return self._synthesis(bands)

    def forward(self, sound: Sound) -> Sound:
        """Sound to sound."""
        return self.decode(self.encode(sound))


class Conv:
    """`training.layers.CausalConv` that remembers: [inputs, n] to [outputs, n / stride]."""

    def __init__(self, layer: Any) -> None:
        weight = layer.weight.detach()
        self._inputs, self._kernel = weight.shape[1:]
        self._weight = weight.view(len(weight), -1).numpy()
        self._bias = layer.bias.detach().numpy()[:, None]
        self._memory = layer.memory.numpy()[0]
        self._stride, self._dilation = layer.stride, layer.dilation
        self._frames = 0

    def __call__(self, x: Sound) -> Sound:
        if x.shape[1] != self._frames:
            self._make_room(x.shape[1])
        self._past[:] = self._memory
        self._now[:] = x
        self._memory[:] = self._end
        self._columns[:] = self._stretches
        y = self._weight @ self._matrix
        y += self._bias
        return y

    def _make_room(self, frames: int) -> None:
        """Lay out the memory and so many frames, and the stretches that the weights meet, each a column."""
        remembered = self._memory.shape[1]
        sound = np.zeros((self._inputs, remembered + frames), np.float32)
        self._past, self._now, self._end = sound[:, :remembered], sound[:, remembered:], sound[:, frames:]
        shape = self._inputs, self._kernel, frames // self._stride
        channel, step = sound.strides
        self._stretches = as_strided(sound, shape, (channel, self._dilation * step, self._stride * step))
        self._columns = np.empty(shape, np.float32)
        self._matrix = self._columns.reshape(-1, shape[2])
        self._frames = frames


def layer_of(module: Any) -> Layer:
    """The function that a scripted layer of `training.network` stands for."""
    kind = module.original_name
    if kind == "Sequential":
        layers = [layer_of(one) for one in module.children()]
        return lambda x: reduce(lambda sound, layer: layer(sound), layers, x)
    if kind == "Residual":
        wide, point = Conv(module.wide), Conv(module.point)
        return lambda x: x + point(leaky(wide(leaky(x))))
    if kind in ("Upsample", "Synthesis"):
        factor = module.factor if kind == "Upsample" else module.bands
        return partial(interleaved, Conv(module.conv), factor)
    if kind == "LeakyReLU":
        return leaky
    return Conv(module.conv if kind == "Analysis" else module)


def leaky(x: Sound) -> Sound:
    """x, and a fifth of it where it is negative."""
    return np.maximum(x, 0.2 * x)


def interleaved(conv: Conv, factor: int, x: Sound) -> Sound:
    """See `training.layers.interleave`."""
    y = conv(x)
    return y.reshape(-1, factor, y.shape[1]).transpose(0, 2, 1).reshape(-1, y.shape[1] * factor)


def amplitude(x: Sound) -> Sound:
    """See `layers.amplitude`."""
    return 2 * (1 / (1 + np.exp(-x))) ** np.float32(2.3) + np.float32(1e-7)
