"""Sounds that a SampleRNN generates, computed and handed out piece by piece; worker process."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from modelfiles.loops.pace import Pace
from modelfiles.resample import WHOLE, StreamResampler
from numpy.typing import NDArray

from . import quantise
from .config import Config
from .kernel_engine import KernelEngine
from .torch_engine import TorchEngine


class Generation:
    """Sounds on their way, at the model's own sample rate.

    Attributes
    ----------
    length : int
        Samples in all.
    done : int
        How many have been handed out.
    """

    def __init__(self, config: Config, engine: KernelEngine | TorchEngine, known: int, samples: int) -> None:
        self.config, self.engine, self.known, self.length = config, engine, known, samples
        self.done, block = 0, config.big_frame_size
        self.pace = Pace(engine.compute, engine.codes.shape[1] - block, block)

    @property
    def sounds(self) -> int:
        """How many are generated at once."""
        return len(self.engine.codes)

    @property
    def finished(self) -> bool:
        """Whether all samples have been handed out."""
        return self.done >= self.length

    def more(self, seconds: float, check: Callable[[], None] = lambda: None) -> NDArray[np.float32]:
        """Compute, and hand out what is new; see `SoundStream.more`."""
        self.pace.go_on(seconds, check)
        first, last = self.known + self.done, min(self.pace.done, self.known + self.length)
        if last <= first:
            return np.zeros((self.sounds, 0), np.float32)
        self.done = last - self.known
        block = self.config.big_frame_size
        codes = self.engine.codes[:, block + first : block + last]
        return quantise.decode(codes, self.config.q_type, self.config.q_levels)


class SoundStream:
    """Sounds on their way, at any sample rate.

    Attributes
    ----------
    rate : int
        In Hz.
    length : int
        Samples in all.
    done : int
        How many have been handed out.
    """

    def __init__(self, generation: Generation, rate: int, length: int) -> None:
        own_rate = generation.config.sample_rate
        self.rate, self.length, self.done = rate, length, 0
        self._generation = generation
        self._resampler = StreamResampler(own_rate, rate, generation.sounds, WHOLE)

    @property
    def finished(self) -> bool:
        """Whether all samples have been handed out."""
        return self.done >= self.length

    def more(self, seconds: float, check: Callable[[], None] = lambda: None) -> NDArray[np.float32]:
        """Compute, and hand out what is new.

        Parameters
        ----------
        seconds : float
            How long to compute, roughly.
        check : callable
            Called several times a second; what it raises ends the computing, which can go on later.

        Returns
        -------
        ndarray of float32, shape (sounds, n)
            Within -1 to 1. n is 0 as long as the model gets to know the primer.
        """
        sound = self._generation.more(seconds, check)
        is_last = self._generation.finished
        sound = self._resampler.process(sound, is_last)[:, : self.length - self.done]
        missing = self.length - self.done - sound.shape[1]
        if is_last and missing:
            sound = np.pad(sound, ((0, 0), (0, missing)))
        self.done += sound.shape[1]
        return np.ascontiguousarray(np.clip(sound, -1, 1), np.float32)
