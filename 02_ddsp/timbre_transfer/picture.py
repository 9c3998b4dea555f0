"""Curves and waves small enough to draw in a patch, all float32."""

import numpy as np

from timbre_transfer.pitch import midi

POINTS = 200
LOWEST_MIDI, HIGHEST_MIDI = 30.0, 102.0


def wave(audio):
    """[400]: of each of 200 stretches the lowest and the highest sample."""
    if not len(audio):
        return np.zeros(2 * POINTS, np.float32)
    edges = np.linspace(0, len(audio), POINTS + 1).astype(int)
    starts = np.minimum(edges[:-1], len(audio) - 1)
    low, high = np.minimum.reduceat(audio, starts), np.maximum.reduceat(audio, starts)
    return np.clip(np.nan_to_num(np.stack([low, high], 1).ravel()), -1, 1).astype(np.float32)


def pitch(f0_hz):
    """[200] MIDI; on the floor where there is no pitch."""
    nearest = f0_hz[np.linspace(0, len(f0_hz) - 1, POINTS).round().astype(int)]
    return np.clip(midi(nearest), LOWEST_MIDI, HIGHEST_MIDI).astype(np.float32)


def loudness(loudness_db):
    """[200] dB, between -80 and 0."""
    positions = np.linspace(0, len(loudness_db) - 1, POINTS)
    return np.clip(np.interp(positions, np.arange(len(loudness_db)), loudness_db), -80, 0).astype(np.float32)
