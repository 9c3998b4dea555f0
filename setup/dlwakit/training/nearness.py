"""How near sounds come to those of a training set: whether a model memorises. Runs in a training and in `listen-back`.

Two seconds of sound are alike when their mel spectrograms are: 64 bands, level and all, compared frame by frame. This
finds copies and near copies of the same place in time; it does not find the same melody at another speed or pitch.
"""

from functools import cache

import numpy as np
from modelfiles.resample import resample

from dlwakit.training.run import Plot

RATE, HOP, BANDS = 16000, 1024, 64
WINDOW = RATE // HOP  # frames in a second
FLOOR = 1e-5  # power of a band below which all is silence
LONGEST_S = 300  # of a training set that is looked through
PLOT = Plot(
    "what it makes beside what it learns from, dB apart (a gap between the curves: it repeats a place)",
    {"nearest_db": "to the nearest second", "next_db": "to the nearest one elsewhere"},
)


@cache
def bands():
    """Triangles over the bins of a spectrum, equally wide in mel and of equal area, [bins, BANDS]."""
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + RATE / 1400), BANDS + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(2 * HOP, 1 / RATE)[:, None]
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (bins - low) / (middle - low), (high - bins) / (high - middle)
    return (np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)).astype(np.float32)


def windows(sound, step):
    """Rows of numbers, one for each window of a second, and the frames at which they begin."""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(sound, HOP), 2 * HOP)[::HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(2 * HOP))) ** 2
    level = 10 * np.log10(np.maximum(power @ bands(), FLOOR))
    starts = np.arange(0, len(level) - WINDOW + 1, step)
    rows = [level[start : start + WINDOW].ravel() for start in starts]
    return np.array(rows, np.float32).reshape(len(starts), WINDOW * BANDS), starts


def distances(some, others):
    """Root mean square difference in dB of each of some rows and each of others: [some, others]."""
    squares = (some**2).sum(1)[:, None] + (others**2).sum(1)[None] - 2 * some @ others.T
    return np.sqrt(np.maximum(squares, 0) / some.shape[1])


class Nearness:
    """Measures sounds against those that are learned from: int16 or float32, at one rate, in any shape."""

    def __init__(self, known, held_out, rate):
        self.rate = rate
        self.rows = self._windows(known, 1)
        usual = self.of(held_out)
        self.lines = {"held-out sounds": usual["nearest_db"]} if usual else {}

    def of(self, sound):
        """The median distance of its seconds to the nearest one and to the next, or {} where there are too few.

        The next one begins a second before or after the nearest, at least. A dull or noisy sound is near to both; a
        copy is near to one place alone.
        """
        rows = self._windows(sound, WINDOW // 4)
        if not len(rows) or len(self.rows) <= 2 * WINDOW:
            return {}
        found = distances(rows, self.rows)
        nearest = found.argmin(1)
        elsewhere = np.abs(np.arange(len(self.rows)) - nearest[:, None]) >= WINDOW
        following = np.where(elsewhere, found, np.inf).min(1)
        return {"nearest_db": float(np.median(found.min(1))), "next_db": float(np.median(following))}

    def _windows(self, sound, step):
        sound = np.ravel(sound)[: LONGEST_S * self.rate]
        scale = 32768 if sound.dtype.kind == "i" else 1
        sound = resample(np.float32(sound) / scale, self.rate, RATE)
        return windows(sound, step)[0] if len(sound) >= RATE else np.empty((0, WINDOW * BANDS), np.float32)
