"""Curves and waves small enough to draw in a patch, all float32."""

import numpy as np

from .engine.pitch import midi

POINTS = 200
LOWEST_MIDI, HIGHEST_MIDI = 30.0, 102.0


def pitch(f0_hz):
    """[200] MIDI; on the floor where there is no pitch."""
    nearest = f0_hz[np.linspace(0, len(f0_hz) - 1, POINTS).round().astype(int)]
    return np.clip(midi(nearest), LOWEST_MIDI, HIGHEST_MIDI).astype(np.float32)


def loudness(loudness_db):
    """[200] dB, between -80 and 0."""
    positions = np.linspace(0, len(loudness_db) - 1, POINTS)
    return np.clip(np.interp(positions, np.arange(len(loudness_db)), loudness_db), -80, 0).astype(np.float32)
