"""Curves and waves small enough to draw in a patch, all float32."""

import numpy as np

from .engine.pitch import midi

POINTS = 200  # of a curve
COLUMNS = 113  # of a wave, each of two points: with more, Pd leaves some of them out
LOWEST_MIDI, HIGHEST_MIDI = 30.0, 102.0
LOWEST_DB, HIGHEST_DB = -80.0, 20.0  # of silence, and of a loud tone


def pitch(f0_hz):
    """[200] MIDI; on the floor where there is no pitch."""
    nearest = f0_hz[np.linspace(0, len(f0_hz) - 1, POINTS).round().astype(int)]
    return np.clip(midi(nearest), LOWEST_MIDI, HIGHEST_MIDI).astype(np.float32)


def loudness(loudness_db):
    """[200] dB, between -80 and 20."""
    positions = np.linspace(0, len(loudness_db) - 1, POINTS)
    curve = np.interp(positions, np.arange(len(loudness_db)), loudness_db)
    return np.clip(curve, LOWEST_DB, HIGHEST_DB).astype(np.float32)
