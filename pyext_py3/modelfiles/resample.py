"""Sounds at another sample rate, whole or piece by piece; used in the workers and on the command line."""

import numpy as np
import soxr
from numpy.typing import ArrayLike, NDArray

WHOLE = "HQ"
LIVE = "MQ"  # its filter waits for some 200 samples, that of HQ for twice as many


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
