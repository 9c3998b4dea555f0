"""The tempo of a melody, as AI Duet guesses it."""

import numpy as np

DEFAULT = 120.0  # quarter notes per minute
FASTEST = 240.0
FEWEST_NOTES = 5
SHORTEST, LONGEST = 0.05, 2.0  # seconds between notes that tell of a rhythm
SAME = 0.025  # seconds by which equal times between notes may differ


def estimate(notes):
    """Quarter notes per minute of a list of notes [pitch, velocity, start, end].

    Too few notes to tell are played at 120. Otherwise it is the commonest time between neighbouring notes, as
    pretty_midi finds it after Dixon, "Automatic extraction of tempo and beat from expressive performances" (2001);
    a result above 240 is halved.
    """
    if len(notes) < FEWEST_NOTES:
        return DEFAULT
    intervals = np.diff(np.sort([start for _, _, start, _ in notes]))
    intervals = intervals[(intervals > SHORTEST) & (intervals < LONGEST)]
    if not len(intervals):
        return DEFAULT
    means, counts = np.empty(0), np.empty(0)
    for interval in intervals:
        while interval < 0.2:
            interval *= 2
        if (np.abs(means - interval) < SAME).any():
            nearest = np.argmin(
                means - interval
            )  # in truth the shortest; kept, so that tempos stay the original's
            means[nearest] = (counts[nearest] * means[nearest] + interval) / (counts[nearest] + 1)
            counts[nearest] += 1
        else:
            means, counts = np.append(means, interval), np.append(counts, 1.0)
    tempo = 60 / means[np.argsort(counts)[-1]]
    return float(tempo / 2 if tempo > FASTEST else tempo)
