"""Sounds at another sample rate, whole or piece by piece; used in the workers and on the command line."""

import math

import numpy as np
import soxr
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

WHOLE = "HQ"
LIVE = "MQ"  # its filter waits for some 200 samples, that of HQ for twice as many
SHORT_HALF = 16  # samples of the lower rate on each side, of a ShortResampler
SHORT_BETA = 7.0  # of its Kaiser window


def resample(samples: ArrayLike, rate: float, new_rate: float) -> NDArray[np.float32]:
    """Bring a whole sound to another sample rate, band-limited.

    Parameters
    ----------
    samples : array_like, shape (n,) or (channels, n)
        The sound.
    rate, new_rate : float
        Its sample rate and the one to bring it to, in Hz; rounded to whole numbers.

    Returns
    -------
    ndarray of float32, shape (m,) or (channels, m)
        m is n * new_rate / rate, rounded up.
    """
    audio = np.asarray(samples, np.float32)
    rate, new_rate = round(rate), round(new_rate)
    if rate == new_rate:
        return audio
    length = -(-audio.shape[-1] * new_rate // rate)
    out = soxr.resample(np.ascontiguousarray(audio.T), rate, new_rate, WHOLE).T[..., :length]
    missing = [(0, 0)] * (audio.ndim - 1) + [(0, length - out.shape[-1])]
    return np.ascontiguousarray(np.pad(out, missing), np.float32)


class StreamResampler:
    """Brings a sound that comes in pieces to another sample rate; over time as much comes out as goes in.

    Parameters
    ----------
    rate, new_rate : int
        Sample rates of what comes and of what goes, in Hz.
    channels : int
    quality : str
        One of soxr's: LIVE holds little back, WHOLE is cleaner.
    """

    def __init__(self, rate: int, new_rate: int, channels: int, quality: str = LIVE) -> None:
        self._stream = (
            None if rate == new_rate else soxr.ResampleStream(rate, new_rate, channels, "float32", quality)
        )

    def process(self, signals: NDArray[np.float32], last: bool = False) -> NDArray[np.float32]:
        """Take the next piece, float32 [channels, n], and give what is ready, [channels, m].

        last: nothing comes after this piece, so nothing is held back.
        """
        if self._stream is None:
            return signals
        return self._stream.resample_chunk(np.ascontiguousarray(signals.T, np.float32), last=last).T


class ShortResampler:
    """As StreamResampler, with a filter that waits for SHORT_HALF samples of the lower of the two rates.

    A windowed sinc (Kaiser), sampled at each place that an output sample can have between two of the input, so any
    ratio of whole rates is exact. It keeps what lies below 0.42 of the lower rate, and is 70 dB down from 0.58 on.

    Parameters
    ----------
    rate, new_rate : int
        Sample rates of what comes and of what goes, in Hz.
    channels : int

    Attributes
    ----------
    held_back : int
        Samples at `rate` that wait for those after them.
    """

    def __init__(self, rate: int, new_rate: int, channels: int) -> None:
        divisor = math.gcd(rate, new_rate)
        self._up, self._down = new_rate // divisor, rate // divisor
        narrow = min(1.0, new_rate / rate)
        self.held_back = 0 if rate == new_rate else math.ceil(SHORT_HALF / narrow)
        self._table = _sinc_table(self._up, self.held_back, narrow)
        self._waiting = np.zeros((channels, max(0, self.held_back - 1)), np.float32)
        self._into, self._begin, self._done = 0, 0, 0  # samples that came, that were dropped, that went

    def process(self, signals: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take the next piece, float32 [channels, n], and give what is ready, [channels, m]."""
        if not self.held_back:
            return signals
        self._waiting = np.concatenate([self._waiting, signals], 1)
        self._into += signals.shape[1]
        end = max(self._done, -(-(self._into - self.held_back) * self._up // self._down))
        if end == self._done:
            return np.zeros((len(signals), 0), np.float32)
        places, phases = np.divmod(np.arange(self._done, end) * self._down, self._up)
        windows = sliding_window_view(self._waiting, 2 * self.held_back, axis=1)[:, places - self._begin]
        self._done = end
        dropped = end * self._down // self._up - self._begin
        self._waiting, self._begin = self._waiting[:, dropped:], self._begin + dropped
        return np.einsum("cnk,nk->cn", windows, self._table[phases])


def _sinc_table(phases: int, half: int, narrow: float) -> NDArray[np.float32]:
    """The filter at `phases` places from one sample to the next, float32 [phases, 2 * half]; each row adds up to 1."""
    if not half:
        return np.zeros((phases, 0), np.float32)
    distance = np.arange(1 - half, half + 1) - np.arange(phases)[:, None] / phases
    window = np.i0(SHORT_BETA * np.sqrt(np.clip(1 - np.square(distance / half), 0, None)))
    table = np.sinc(narrow * distance) * window
    return (table / table.sum(1, keepdims=True)).astype(np.float32)
