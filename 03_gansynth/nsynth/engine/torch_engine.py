"""Decodes with the torch model in float32, sample by sample: a reference, and where few bits lose too much; worker."""

from __future__ import annotations

import numpy as np
import torch

from .config import BEFORE, LEVELS
from .mulaw import HALF
from .network import Autoencoder


class TorchEngine:
    """As KernelEngine, without its loops.

    Parameters
    ----------
    model : Autoencoder
    encodings : numpy.ndarray of float32, [sounds, hops, latent]
    temperature : numpy.ndarray of float32, [sounds, samples]
    seed : int
    """

    def __init__(self, model: Autoencoder, encodings, temperature, seed: int) -> None:
        self._model, self._temperature = model, temperature
        self._encodings = torch.from_numpy(np.ascontiguousarray(encodings)).transpose(1, 2)
        self._random = np.random.default_rng(seed)
        sounds, samples = temperature.shape
        self.codes = np.zeros((sounds, BEFORE + samples), np.int32)
        config = model.config
        self._moments = [
            torch.zeros(sounds, config.width, 2 * config.dilation(layer)) for layer in range(config.layers)
        ]

    @torch.no_grad()
    def compute(self, begin: int, end: int) -> None:
        """Compute the samples begin <= t < end."""
        for t in range(begin, end):
            hop = t // self._model.config.hop
            logits = self._logits(t, self._encodings[:, :, hop : hop + 1])
            heat = torch.from_numpy(np.maximum(self._temperature[:, t], 1e-3)).double()
            odds = torch.softmax(logits.double() / heat[:, None], -1).numpy()
            chances = self._random.random(len(odds))[:, None]
            self.codes[:, BEFORE + t] = (odds.cumsum(1) < chances).sum(1).clip(0, LEVELS - 1) - HALF

    def _layer(self, name, signal):
        layer = self._model.layers[name]
        return torch.nn.functional.conv1d(signal, layer.weight, layer.bias)

    def _logits(self, t, encoding):
        """Logits [sounds, 256] of sample t; every layer keeps what it saw."""
        before = torch.from_numpy(self.codes[:, t : t + BEFORE].astype(np.float32) / HALF)
        signal = self._layer("startconv", before[:, None])
        skips = self._layer("skip_start", signal)
        for number in range(1, self._model.config.layers + 1):
            dilation, moments = self._model.config.dilation(number - 1), self._moments[number - 1]
            slots = t % (2 * dilation), (t + dilation) % (2 * dilation)
            taps = [moments[:, :, slot : slot + 1] for slot in slots] + [signal]
            inner = self._layer(f"dilatedconv_{number}", torch.cat(taps, 2))
            gate, value = (inner + self._layer(f"cond_map_{number}", encoding)).chunk(2, 1)
            moments[:, :, slots[0] : slots[0] + 1] = signal
            inner = gate.sigmoid() * value.tanh()
            signal = signal + self._layer(f"res_{number}", inner)
            skips = skips + self._layer(f"skip_{number}", inner)
        hidden = self._layer("out1", skips.relu()) + self._layer("cond_map_out1", encoding)
        return self._layer("logits", hidden.relu())[:, :, 0]
