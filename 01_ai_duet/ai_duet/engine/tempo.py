"""The tempo of a melody, estimated as AI Duet does; worker process."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..notes import DEFAULT_TEMPO, Note

FASTEST = 240.0  # quarter notes per minute
FEWEST_NOTES = 5
SHORTEST, LONGEST = 0.05, 2.0  # seconds between notes that count for the rhythm
SAME = 0.025  # seconds by which equal times between notes may differ


def estimate_tempo(notes: Sequence[Note]) -> float:
    """Estimate the tempo of a melody.

    Parameters
    ----------
    notes : sequence of Note
        In any order.

    Returns
    -------
    float
        Quarter notes per minute: DEFAULT_TEMPO where there are too few notes; else of the commonest time between
        neighbouring notes, halved where that is above FASTEST.

    Notes
    -----
    As pretty_midi's `estimate_tempo` does it, after Dixon, "Automatic extraction of tempo and beat from expressive
    performances" (2001).
    """
    if len(notes) < FEWEST_NOTES:
        return DEFAULT_TEMPO
    intervals = np.diff(np.sort([note.start for note in notes]))
    intervals = intervals[(intervals > SHORTEST) & (intervals < LONGEST)]
    if not len(intervals):
        return DEFAULT_TEMPO
    means, counts = np.empty(0), np.empty(0)
    for interval in intervals:
        while interval < 0.2:
            interval *= 2
        if (np.abs(means - interval) < SAME).any():
            # pretty_midi looks for the nearest here, but finds the shortest; kept, so that tempos are the same.
            nearest = np.argmin(means - interval)
            means[nearest] = (counts[nearest] * means[nearest] + interval) / (counts[nearest] + 1)
            counts[nearest] += 1
        else:
            means, counts = np.append(means, interval), np.append(counts, 1.0)
    tempo = 60 / means[np.argsort(counts)[-1]]
    return float(tempo / 2 if tempo > FASTEST else tempo)
