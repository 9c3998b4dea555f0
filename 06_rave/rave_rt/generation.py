"""What a model's prior makes up: latents of any length, from nothing or on from a sound. In forks and notebooks."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from modelfiles.errors import UserError
from numpy.typing import NDArray

from .engine.prior import Prior
from .engine.torchscript import Model
from .model import transform

LONGEST_S = 3600.0
LEAD = 64  # latent vectors of the beginning that the decoder hears before the first that is kept


def begin(model: Model, prior: Prior, sound: NDArray[np.float32] | None, rate: int) -> NDArray[np.float32]:
    """The latents [latents, n] of a sound [channels, n] that shall go on; none of none. Raises UserError."""
    if sound is None or sound.shape[1] == 0:
        return np.zeros((prior.size.latents, 0), np.float32)
    return transform(model, "encode", sound, rate)[0]


def latents(
    prior: Prior,
    start: NDArray[np.float32],
    seconds: float,
    temperature: float,
    progress: Callable[[float], None] = lambda fraction: None,
) -> NDArray[np.float32]:
    """float32 [latents, n], so many seconds of them or a little more, that go on from others. Raises UserError."""
    if not 0 < seconds <= LONGEST_S:
        raise UserError("input", f"the length is {seconds:g} s: it can be up to {LONGEST_S:g}")
    if not 0 <= temperature < np.inf:
        raise UserError("input", f"the temperature is {temperature:g}: it begins at 0")
    player = prior.player()
    player.follow(start)
    count = math.ceil(seconds * prior.rate / prior.ratio)
    return player.play([temperature] * count, progress)


def sound(
    model: Model,
    start: NDArray[np.float32],
    made: NDArray[np.float32],
    seconds: float,
    rate: int,
    progress: Callable[[float], None] = lambda fraction: None,
) -> tuple[NDArray[np.float32], int]:
    """(float32 [outputs, n], its rate in Hz): so many seconds of latents that go on from others, without a seam."""
    lead = start[:, -LEAD:]
    played, rate = transform(model, "decode", np.concatenate([lead, made], 1), rate, progress)
    begin = round(played.shape[1] * lead.shape[1] / (lead.shape[1] + made.shape[1]))
    return played[:, begin : begin + max(1, round(seconds * rate))], rate
