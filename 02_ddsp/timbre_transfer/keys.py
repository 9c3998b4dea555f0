"""Pitch and loudness from keys instead of a sound, frame by frame; on the live thread of the worker process."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .controls import SILENCE_DB
from .engine.pitch import HOP_SIZE, SAMPLE_RATE, hertz
from .features import Features

FRAME_S = HOP_SIZE / SAMPLE_RATE
RISE_S, FALL_S, GLIDE_S = 0.015, 0.08, 0.012  # time constants
VIBRATO_HZ = 5.5
VIBRATO_AFTER_S, VIBRATO_GROWS_S = 0.25, 0.4
SOFTEST, LOUDEST = 0.3, 0.95  # parts of the training sounds' loudness, for velocities 0 and 127
USUAL_DB = (-50.0, -12.0)  # where a model does not tell its training sounds' loudness
INAUDIBLE_DB = SILENCE_DB + 5


class Keys:
    """A player with one voice: the latest key that is held sounds.

    Parameters
    ----------
    quantiles : ndarray, optional
        Of the training sounds' loudness, see `engine.statistics`.

    Attributes
    ----------
    bend : float
        Semitones that are added.
    vibrato : float
        Depth in semitones; it comes in when a note is held.
    """

    def __init__(self, quantiles: NDArray[np.float64] | None = None) -> None:
        self.bend = self.vibrato = 0.0
        self._quantiles = quantiles
        self._held: tuple[tuple[int, int], ...] = ()  # (pitch, velocity), the latest last
        self._pitch, self._loudness = 60.0, SILENCE_DB
        self._sounding_s = 0.0  # how long the note is held

    def press(self, pitch: int, velocity: int) -> None:
        """Press a key, or let it go where the velocity is 0."""
        others = tuple(key for key in self._held if key[0] != pitch)
        self._held = (*others, (pitch, velocity)) if velocity else others
        if velocity:
            self._sounding_s = 0.0

    def features(self, frames: int) -> Features:
        """Return the curves of the next frames."""
        rows = [self._next() for _ in range(frames)]
        pitch, loudness = np.array(rows, np.float64).reshape(-1, 2).T
        return Features(hertz(pitch), (loudness > INAUDIBLE_DB).astype(np.float64), loudness)

    def _next(self) -> tuple[float, float]:
        """(MIDI pitch, loudness in dB) of one frame."""
        held, target = self._held, SILENCE_DB
        if held:
            pitch, velocity = held[-1]
            target = self._level(velocity)
            silent = self._loudness <= INAUDIBLE_DB
            self._pitch = pitch if silent else self._pitch + (pitch - self._pitch) * _step(GLIDE_S)
            self._sounding_s += FRAME_S
        self._loudness += (target - self._loudness) * _step(RISE_S if target > self._loudness else FALL_S)
        grown = np.clip((self._sounding_s - VIBRATO_AFTER_S) / VIBRATO_GROWS_S, 0, 1)
        swing = self.vibrato * grown * np.sin(2 * np.pi * VIBRATO_HZ * self._sounding_s)
        return self._pitch + self.bend + swing, self._loudness

    def _level(self, velocity: int) -> float:
        share = velocity / 127
        if self._quantiles is None:
            return USUAL_DB[0] + share * (USUAL_DB[1] - USUAL_DB[0])
        part = SOFTEST + share * (LOUDEST - SOFTEST)
        return float(np.interp(part, np.linspace(0, 1, len(self._quantiles)), self._quantiles))


def _step(seconds: float) -> float:
    """The part of the way to a value that a frame goes, for a time constant."""
    return 1 - float(np.exp(-FRAME_S / seconds))
