"""What a module computes with and remembers, to be changed and put back. Runs in the worker and its forks."""

from __future__ import annotations

import torch
from modelfiles.bending import Bending
from torch import nn


class Memory:
    """What a model remembers of the sound before, as it was at first."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._first = {name: buffer.clone() for name, buffer in module.named_buffers()}

    @torch.inference_mode()
    def restore(self) -> None:
        """Forget the sound before."""
        for name, buffer in self._module.named_buffers():
            buffer.copy_(self._first[name])


def bending_of(module: nn.Module) -> Bending:
    """The weights of a module, to be bent: views of them."""
    return Bending({name: weights.detach().numpy() for name, weights in module.named_parameters()})
