"""Signals of one sample rate to another, piece by piece and in step.

Each converter has take(signals): float32 [channels, n] to [channels, m]. Over a whole stream m / n is the ratio of the
rates, and what comes out stands at the same place in time as what went in.
"""

import numpy as np
import soxr

QUALITY = "MQ"  # its filter waits for some 200 samples; HQ waits for twice as many


def converter(held, rate, out_rate, channels):
    """A converter; held: each value counts until the next one, nothing is in between."""
    if rate == out_rate:
        return Same()
    return Held(rate, out_rate, channels) if held else Sound(rate, out_rate, channels)


class Same:
    """Both rates are one."""

    def take(self, signals):
        return signals


class Sound:
    """Audio, band-limited."""

    def __init__(self, rate, out_rate, channels):
        self._stream = soxr.ResampleStream(rate, out_rate, channels, "float32", QUALITY)

    def take(self, signals):
        return self._stream.resample_chunk(np.ascontiguousarray(signals.T)).T


class Held:
    """Values that hold until the next one."""

    def __init__(self, rate, out_rate, channels):
        self._rate, self._out_rate = rate, out_rate
        self._begin, self._done = 0, 0  # of what waits, and what was made so far
        self._waiting = np.zeros((channels, 0), np.float32)

    def take(self, signals):
        self._waiting = np.concatenate([self._waiting, signals], 1)
        end = (self._begin + self._waiting.shape[1]) * self._out_rate // self._rate
        places = np.arange(self._done, end) * self._rate // self._out_rate - self._begin
        out = self._waiting[:, places]
        self._done = end
        keep = max(0, end * self._rate // self._out_rate - self._begin)
        self._waiting, self._begin = self._waiting[:, keep:], self._begin + keep
        return out
