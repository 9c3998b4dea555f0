"""Sounds that a decoder makes, computed and handed out piece by piece; worker process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from modelfiles.loops.pace import Pace
from modelfiles.resample import WHOLE, StreamResampler
from numpy.typing import NDArray

from . import mulaw
from .config import BEFORE

LEAST = 16  # samples between two checks whether to stop


class Engine(Protocol):
    """What computes: `codes` [sounds, BEFORE + samples] int32 grows."""

    codes: NDArray[np.int32]

    def compute(self, begin: int, end: int) -> None:
        """Compute the samples begin <= t < end."""


class SoundStream:
    """Sounds on their way.

    Attributes
    ----------
    rate : int
        In Hz.
    length : int
        Samples in all.
    done : int
        How many have been handed out.
    """

    def __init__(self, engine: Engine, own_rate: int, rate: int) -> None:
        self.engine, self.rate, self.done = engine, rate, 0
        self._pace = Pace(engine.compute, engine.codes.shape[1] - BEFORE, LEAST)
        self.length = max(1, round(self._pace.total * rate / own_rate))
        self._resampler = StreamResampler(own_rate, rate, len(engine.codes), WHOLE)

    @property
    def finished(self) -> bool:
        """Whether nothing is left to hand out."""
        return self.done >= self.length

    def more(self, seconds: float, check: Callable[[], None] = lambda: None) -> NDArray[np.float32]:
        """Decode for a while.

        Parameters
        ----------
        seconds : float
            For how long, roughly.
        check : callable
            Called several times a second. What it raises interrupts; the next call goes on.

        Returns
        -------
        ndarray of float32, shape (sounds, n)
            Within -1 to 1.
        """
        first = self._pace.done
        self._pace.go_on(seconds, check)
        is_last = self._pace.finished
        new = mulaw.decode(self.engine.codes[:, BEFORE + first : BEFORE + self._pace.done])
        sound = self._resampler.process(new, is_last)[:, : self.length - self.done]
        if is_last:
            sound = np.pad(sound, ((0, 0), (0, self.length - self.done - sound.shape[1])))
        self.done += sound.shape[1]
        return np.ascontiguousarray(np.clip(sound, -1, 1), np.float32)

    def rest(self) -> NDArray[np.float32]:
        """Decode all that is left: float32 [sounds, n]."""
        pieces = []
        while not self.finished:
            pieces.append(self.more(float("inf")))
        return np.concatenate(pieces, axis=1)
