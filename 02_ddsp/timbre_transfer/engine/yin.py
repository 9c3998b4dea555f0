"""Pitch with little to wait for: YIN, a frame at a time, steadied by the frames before. Runs in the worker process.

de Cheveigné and Kawahara, "YIN, a fundamental frequency estimator for speech and music", JASA 2002: how much a stretch
of sound differs from itself a lag later, over the mean of that at all shorter lags. Here it differs from itself a lag
earlier: what is compared is the newest sound, whose middle is at the frame. Among the lags that differ little, one near
the pitch before is taken, so that it does not leap to another octave and back.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

HOP_SIZE, SAMPLE_RATE = 64, 16000
LOOKAHEAD = 256  # samples that must follow a frame
COMPARED = 512  # samples that are compared with those a lag earlier
LONGEST_LAG, SHORTEST_LAG = 320, 8  # samples: 50 Hz, 2 kHz
SPAN = COMPARED + LONGEST_LAG
SMALL = 0.15  # difference of a lag that is taken without looking further
NEAR_OCTAVES = 2 / 12  # from the pitch before
NEAR_BONUS = 0.2  # by which a near lag may differ more than the best one
EQUAL = 0.03  # differences that differ by less
DOUBT = 2.5  # confidence lost for a difference of one
SILENCE_PEAK = 1e-3


class Tracker:
    """A pitch for each frame of a sound that comes in pieces."""

    def __init__(self) -> None:
        self._sound = np.zeros(SPAN - LOOKAHEAD, np.float32)  # that later frames need
        self._octave: float | None = None  # of the frame before, log2 of Hz

    def track(self, audio: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return f0 in Hz and confidence of the frames that a piece completes, both [n].

        Parameters
        ----------
        audio : ndarray of float32, [samples]
            At 16 kHz. Frame t is complete when LOOKAHEAD samples after its place, t * HOP_SIZE, are there.
        """
        self._sound = np.concatenate([self._sound, audio])
        count = max(0, (len(self._sound) - SPAN) // HOP_SIZE + 1)
        if not count:
            return np.zeros(0), np.zeros(0)
        windows = sliding_window_view(self._sound, SPAN)[::HOP_SIZE][:count]
        found = [
            self._choose(row) if peak > SILENCE_PEAK else (0.0, 0.0)
            for row, peak in zip(differences(windows[:, ::-1]), np.abs(windows[:, -HOP_SIZE * 4 :]).max(1))
        ]
        self._sound = self._sound[count * HOP_SIZE :]
        f0_hz, confidence = np.array(found, np.float64).T
        return f0_hz, confidence

    def _choose(self, difference: NDArray[np.float64]) -> tuple[float, float]:
        """The pitch in Hz of one frame, and its confidence."""
        lags = difference[SHORTEST_LAG - 1 :]
        before, here, after = lags[:-2], lags[1:-1], lags[2:]
        dips = SHORTEST_LAG + np.flatnonzero((here <= before) & (here < after))
        if not len(dips):
            return 0.0, 0.0
        depths = difference[dips]
        chosen = int(np.flatnonzero(depths < max(SMALL, depths.min() + EQUAL))[0])
        if self._octave is not None:
            near = np.abs(np.log2(SAMPLE_RATE / dips) - self._octave) < NEAR_OCTAVES
            if near.any():
                nearest = int(np.argmin(np.where(near, depths, np.inf)))
                bonus = NEAR_BONUS if dips[nearest] < dips[chosen] else -EQUAL  # twice a lag is as good as it
                if depths[nearest] < depths[chosen] + bonus:
                    chosen = nearest
        lag = _between(difference, int(dips[chosen]))
        confidence = float(np.clip(1 - DOUBT * depths[chosen], 0, 1))
        f0_hz = SAMPLE_RATE / lag
        self._octave = float(np.log2(f0_hz)) if confidence >= 0.5 else None
        return f0_hz, confidence


def differences(windows: NDArray[np.float32]) -> NDArray[np.float64]:
    """YIN's normalised difference for each lag, float64 [n, LONGEST_LAG + 1], of windows [n, SPAN]."""
    sound = windows.astype(np.float64)
    spectrum = np.fft.rfft(sound[:, :COMPARED], 1024)
    product = np.fft.irfft(spectrum.conj() * np.fft.rfft(sound, 1024))[:, : LONGEST_LAG + 1]
    energy = np.cumsum(np.pad(np.square(sound), ((0, 0), (1, 0))), axis=1)
    lags = np.arange(LONGEST_LAG + 1)
    later = energy[:, lags + COMPARED] - energy[:, lags]
    raw = np.maximum(later[:, :1] + later - 2 * product, 0)
    raw[:, 0] = 0
    mean = np.cumsum(raw, axis=1) / np.maximum(lags, 1)
    return np.where(lags > 0, raw / np.maximum(mean, 1e-12), 1.0)


def _between(difference: NDArray[np.float64], lag: int) -> float:
    """The lag at which the parabola through three points is lowest."""
    before, here, after = difference[lag - 1 : lag + 2]
    bend = before - 2 * here + after
    return lag + (0.5 * (before - after) / bend if bend > 1e-12 else 0.0)
