"""Melodies as lists of events, one for each sixteenth note, which is what Melody RNN reads and writes; worker process.

An event is an int: -2 nothing new happens (a note goes on sounding, or silence goes on), -1 the note that sounds
ends, 0 to 127 a note of this MIDI pitch begins. Four events make a quarter note, sixteen a bar. At 120 quarter notes
per minute an event is 1/8 s.

The rules are those of note_seq's Melody (magenta/note-seq, melodies_lib.py), which made the training data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ..notes import Note, seconds_per_step

NO_EVENT, NOTE_OFF = -2, -1
STEPS_PER_BAR = 16
VELOCITY = 100  # of generated notes; the networks know none
PITCHES = 128

# MAJOR[pitch class, key]: 1 if the pitch class belongs to the major key.
MAJOR = np.array(
    [[(pitch - key) % 12 in (0, 2, 4, 5, 7, 9, 11) for key in range(12)] for pitch in range(12)], int
)


def steps_in(seconds: float, tempo: float) -> int:
    """Return how many whole steps there are in a time, at least one.

    Parameters
    ----------
    seconds : float
        A time.
    tempo : float
        Quarter notes per minute.

    Notes
    -----
    A time that rounding has made a little too short still has all of its steps, also one that was a float32 in Pd.
    (Magenta cuts it off, and then 128 steps are 127 at 48 of the tempos from 40 to 240.)
    """
    return max(1, int(seconds / seconds_per_step(tempo) + 1e-3))


def to_events(notes: Iterable[Note], tempo: float) -> list[int]:
    """Return the events of a melody.

    Parameters
    ----------
    notes : iterable of Note
        In any order. Those of velocity 0 are left out.
    tempo : float
        Quarter notes per minute.

    Returns
    -------
    list of int
        From the bar in which the first note begins to the end of the last note; empty without notes. Times move to
        the nearest step, and no note is shorter than one. Of notes that begin together the highest counts; one that
        begins while another sounds ends it.

    Examples
    --------
    >>> to_events([Note(60, 90, 0.0, 0.25), Note(64, 90, 0.5, 0.625)], 120)  # 60, held, note off, nothing new, 64
    [60, -2, -1, -2, 64]
    """
    step = seconds_per_step(tempo)
    quantized = []
    for note in notes:
        if note.velocity > 0:
            first, last = (int(time / step + 0.5) for time in (note.start, note.end))
            quantized.append((first, -note.pitch, max(last, first + 1)))
    if not quantized:
        return []
    quantized.sort()
    offset = quantized[0][0] // STEPS_PER_BAR * STEPS_PER_BAR
    events: list[int] = []
    onset = None
    for first, negative_pitch, last in quantized:
        if first == onset:
            continue
        onset = first
        del events[first - offset :]
        events += [NO_EVENT] * (last - offset - len(events)) + [NOTE_OFF]
        events[first - offset] = -negative_pitch
    return events[:-1]


def rest_after(events: Sequence[int]) -> list[int]:
    """Return the events with one step of silence behind, so that an answer does not tie on to the last note."""
    sounding = any(event >= 0 for event in events)
    return [*events, NOTE_OFF if sounding else NO_EVENT]


def to_notes(events: Sequence[int], tempo: float) -> list[Note]:
    """Return the notes of events.

    Parameters
    ----------
    events : sequence of int
        Its end ends the last note.
    tempo : float
        Quarter notes per minute.

    Returns
    -------
    list of Note
        Their times count from the first event on.
    """
    step = seconds_per_step(tempo)
    notes = []
    sounding = None  # (pitch, position)
    for position, event in enumerate([*events, NOTE_OFF]):
        if event == NO_EVENT:
            continue
        if sounding:
            pitch, start = sounding
            notes.append(Note(pitch, VELOCITY, start * step, position * step))
        sounding = (event, position) if event >= 0 else None
    return notes


def major_keys(pitches: Sequence[int]) -> np.ndarray:
    """Return int [12]: for C major, C sharp major ... B major, how many of the pitches belong to it."""
    return np.bincount(np.asarray(pitches, int) % 12, minlength=12) @ MAJOR


def transpose(events: Iterable[int], amount: int, low: int = 0, high: int = PITCHES) -> list[int]:
    """Move all notes by `amount` semitones, and those that leave [low, high) by octaves back into it."""
    moved = []
    for event in events:
        if event >= 0:
            event += amount
            if event < low:
                event = low + (event - low) % 12
            elif event >= high:
                event = high - 12 + (event - high) % 12
        moved.append(event)
    return moved


def squash(events: Sequence[int], low: int, high: int, key: int | None) -> tuple[list[int], int]:
    """Bring a melody to the range and to the key that a network knows.

    Parameters
    ----------
    events : sequence of int
        A melody.
    low, high : int
        The range of pitches, without `high`.
    key : int or None
        0 for C major to 11 for B major; None to leave the key alone. The key of a melody is the major key that has
        most of its notes, the lowest of several.

    Returns
    -------
    events : list of int
        The melody in that range and key.
    amount : int
        By how many semitones the notes were moved, before single ones were moved by octaves.
    """
    pitches = [event for event in events if event >= 0]
    if not pitches:
        return list(events), 0
    amount = 0
    if key is not None:
        amount = key - int(np.argmax(major_keys(pitches)))
        centre = (min(pitches) + max(pitches)) / 2 + amount
        amount += 12 * round(((low + high - 1) / 2 - centre) / 12)
    return transpose(events, amount, low, high), amount
