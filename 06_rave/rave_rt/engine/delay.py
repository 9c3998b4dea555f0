"""How much later a streaming RAVE of acids-rave answers, from its layers; runs in the worker, and in forks.

A layer that would look ahead waits instead: a cached convolution for the samples to the right of its middle, a
transposed one for half a stride. Made whole, the same network looks ahead, and its answer stands where its input does.
"""

from __future__ import annotations

import copy
from fractions import Fraction
from functools import reduce
from typing import Any

import torch
from torch import nn

from . import layers, parts


def delay_of(model: parts.OwnRave) -> int:
    """Return the samples from sound to sound of `forward`.

    Parameters
    ----------
    model : OwnRave
        As it is built, not compiled.

    Returns
    -------
    int
        0 for a model that is not streaming.
    """
    decoder: Any = model.decoder
    answered = reduce(delayed, (model.encoder, decoder.net, decoder.wave), Fraction(0))
    return round(answered * model.bank.bands) + _of_bank(model.bank)


def delayed(frames: Fraction, layer: Any) -> Fraction:
    """By how many frames of its own what comes out of a layer is late, when that which goes in is so late."""
    if isinstance(layer, nn.Sequential):
        return reduce(delayed, layer, frames)
    if isinstance(layer, layers.Delay):
        return frames + layer.memory.shape[-1]
    if isinstance(layer, layers.Conv):
        return (frames + layer.delay + layer.ahead) / layer.stride
    if isinstance(layer, layers.Transposed):
        return frames * layer.stride + (0 if layer.memory is None else layer.stride // 2)
    if isinstance(layer, layers.Residual):
        return delayed(frames, layer.branch)
    if isinstance(layer, layers.Sum):
        return max(delayed(frames, branch) for branch in layer.branches)
    return frames


def _of_bank(bank: Any) -> int:
    """Samples by which what a filter bank joins is later than what it split: where a click comes out."""
    twin, taps = copy.deepcopy(bank), bank.analysis.weight.shape[-1]
    for memory in twin.buffers():
        if memory is not twin.signs:
            memory.zero_()
    click = torch.zeros(1, 1, 8 * -(-taps // bank.bands) * bank.bands)
    click[..., 2 * taps] = 1
    with torch.inference_mode():
        return int(twin.join(twin.split(click)).abs().argmax()) - 2 * taps
