"""Signals of one sample rate to another, piece by piece and in step; runs in the process that plays a model live.

Each converter has process(signals): float32 [channels, n] to [channels, m]. Over a whole stream m / n is the ratio of
the rates, and what comes out stands at the same place in time as what went in.
"""

import numpy as np
from modelfiles.resample import StreamResampler


def converter(held, rate, out_rate, channels):
    """A converter; held: each value counts until the next one, nothing is in between."""
    return (Held if held else StreamResampler)(rate, out_rate, channels)


class Held:
    """Values that hold until the next one."""

    def __init__(self, rate, out_rate, channels):
        self._rate, self._out_rate = rate, out_rate
        self._begin, self._done = 0, 0  # of what waits, and what was made so far
        self._waiting = np.zeros((channels, 0), np.float32)

    def process(self, signals):
        self._waiting = np.concatenate([self._waiting, signals], 1)
        end = (self._begin + self._waiting.shape[1]) * self._out_rate // self._rate
        places = np.arange(self._done, end) * self._rate // self._out_rate - self._begin
        out = self._waiting[:, places]
        self._done = end
        keep = max(0, end * self._rate // self._out_rate - self._begin)
        self._waiting, self._begin = self._waiting[:, keep:], self._begin + keep
        return out
