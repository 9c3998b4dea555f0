"""Notes with their times, as Pd's object, the worker and the models pass them on; any thread, no Pd."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

STEPS_PER_QUARTER = 4  # the time grid of the networks: sixteenth notes
DEFAULT_TEMPO = 120.0  # quarter notes per minute


class Note(NamedTuple):
    """One note of a phrase.

    Attributes
    ----------
    pitch, velocity : int
        As in MIDI, 0 to 127.
    start, end : float
        Seconds from the start of the phrase.
    """

    pitch: int
    velocity: int
    start: float
    end: float


def notes_from_rows(rows: Iterable[Sequence[float]]) -> tuple[Note, ...]:
    """Return notes of rows (pitch, velocity, start, end), as they come over the wire or from a numpy array."""
    return tuple(
        Note(int(pitch), int(velocity), float(start), float(end)) for pitch, velocity, start, end in rows
    )


def in_order(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Return notes by their starts, those that start together from the lowest up."""
    return tuple(sorted(notes, key=lambda note: (note.start, note.pitch)))


def end_of(notes: Iterable[Note]) -> float:
    """Return the time in seconds at which the last note ends; 0 for no notes."""
    return max((note.end for note in notes), default=0.0)


def delayed(notes: Iterable[Note], seconds: float) -> tuple[Note, ...]:
    """Return the same notes, `seconds` later."""
    return tuple(note._replace(start=note.start + seconds, end=note.end + seconds) for note in notes)


def key_events(notes: Iterable[Note]) -> list[tuple[float, int, int]]:
    """Return (seconds, pitch, velocity) of each start and, with velocity 0, each end, sorted by time.

    At the same time ends come first, so that a repeated note is not cut off.
    """
    notes = list(notes)
    events = [(note.start, note.pitch, note.velocity) for note in notes]
    events += [(note.end, note.pitch, 0) for note in notes]
    return sorted(events, key=lambda event: (event[0], event[2] > 0))


def seconds_per_step(tempo: float) -> float:
    """Return the length of a sixteenth note in seconds, at a tempo in quarter notes per minute."""
    return 60 / tempo / STEPS_PER_QUARTER
