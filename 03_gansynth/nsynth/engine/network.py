"""The WaveNet autoencoder in torch: what is trained, and the reference for the loops; worker process and trainings.

Encoder: dilated convolutions that look both ways, then 16 numbers for each hop of samples. Decoder: a WaveNet, whose
every layer is moved by those numbers. Layers are called as in magenta's checkpoints. The architecture is that of
Engel et al., "Neural Audio Synthesis of Musical Notes with WaveNet Autoencoders", ICML 2017 (magenta's h512_bo16).
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import torch
from modelfiles.loops.rounding import rounded
from torch import nn
from torch.nn import functional

from . import store
from .config import TAPS, Config, layer_shapes

EIGHT_BITS = re.compile(r"skip_start|(dilatedconv|res|skip)_\d+|out1|logits")


class Autoencoder(nn.Module):
    """Encoder and decoder.

    While it is trained, the layers that the loops hold in eight bits compute with weights that are rounded so.

    Parameters
    ----------
    config : Config
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        shapes = layer_shapes(config)
        self.layers = nn.ModuleDict({name: nn.Conv1d(*shape) for name, shape in shapes.items()})

    def eight_bit_layers(self) -> list[nn.Module]:
        """The layers whose weights the loops hold in eight bits."""
        return [layer for name, layer in self.layers.items() if EIGHT_BITS.fullmatch(name)]

    def _conv(self, name: str, signal: torch.Tensor, dilation: int = 1) -> torch.Tensor:
        weights: torch.Tensor = self.layers[name].weight  # type: ignore[assignment]
        biases: torch.Tensor = self.layers[name].bias  # type: ignore[assignment]
        if self.training and EIGHT_BITS.fullmatch(name):
            weights = rounded(weights)
        return functional.conv1d(signal, weights, biases, dilation=dilation)

    def _causal(self, name: str, signal: torch.Tensor, dilation: int = 1) -> torch.Tensor:
        return self._conv(name, functional.pad(signal, ((TAPS - 1) * dilation, 0)), dilation)

    def encode(self, sound: torch.Tensor) -> torch.Tensor:
        """Encode sound.

        Parameters
        ----------
        sound : Tensor, [sounds, samples]
            Mu-law codes / 128; a multiple of the hop.

        Returns
        -------
        Tensor, [sounds, latent, samples / hop]
        """
        config = self.config
        signal = self._conv("ae_startconv", functional.pad(sound[:, None], (1, 1)))
        for number in range(config.ae_layers):
            dilation = config.ae_dilation(number)
            inner = functional.pad(signal.relu(), (dilation, dilation))
            inner = self._conv(f"ae_dilatedconv_{number + 1}", inner, dilation)
            signal = signal + self._conv(f"ae_res_{number + 1}", inner.relu())
        return functional.avg_pool1d(self._conv("ae_bottleneck", signal), config.hop)

    def decode(self, sound: torch.Tensor, encoding: torch.Tensor) -> torch.Tensor:
        """Predict every sample from those before it.

        Parameters
        ----------
        sound : Tensor, [sounds, samples]
            Mu-law codes / 128; a multiple of the hop.
        encoding : Tensor, [sounds, latent, samples / hop]

        Returns
        -------
        Tensor, [sounds, 256, samples]
            Logits of each sample's code + 128.
        """
        signal = self._causal("startconv", functional.pad(sound[:, None, :-1], (1, 0)))
        skips = self._conv("skip_start", signal)
        for number in range(self.config.layers):
            inner = self._causal(f"dilatedconv_{number + 1}", signal, self.config.dilation(number))
            inner = self._moved(f"cond_map_{number + 1}", inner, encoding)
            gate, value = inner.chunk(2, dim=1)
            inner = gate.sigmoid() * value.tanh()
            signal = signal + self._conv(f"res_{number + 1}", inner)
            skips = skips + self._conv(f"skip_{number + 1}", inner)
        hidden = self._moved("cond_map_out1", self._conv("out1", skips.relu()), encoding)
        return self._conv("logits", hidden.relu())

    def _moved(self, name: str, signal: torch.Tensor, encoding: torch.Tensor) -> torch.Tensor:
        """A signal plus what the encoding of each hop gives all its samples."""
        by_hop = signal.unflatten(2, (-1, self.config.hop))
        return (by_hop + self._conv(name, encoding)[..., None]).flatten(2)


def load(path: Path, name: str = "") -> Autoencoder:
    """Read an autoencoder; see `store.open_checkpoint`. Raises UserError."""
    checkpoint = store.open_checkpoint(path, name)
    with torch.device("meta"):
        model = Autoencoder(checkpoint.config)
    weights = {
        f"layers.{layer}.{part}": torch.from_numpy(value)
        for layer in layer_shapes(checkpoint.config)
        for part, value in zip(("weight", "bias"), checkpoint.layer(layer))
    }
    model.load_state_dict(weights, assign=True)
    return model.eval()


def save(folder: Path, model: Autoencoder, step: int, half: bool = False) -> None:
    """Write an autoencoder; see `store.write`."""
    values = {name: value.detach().cpu().numpy() for name, value in model.state_dict().items()}
    layers = {
        layer: (values[f"layers.{layer}.weight"], values[f"layers.{layer}.bias"]) for layer in model.layers
    }
    store.write(folder, model.config, layers, step, np.float16 if half else np.float32)
