"""Melodies out of pieces: one line at a time, on a grid of sixteenth notes; the program `dataset`.

The rules are those of magenta's melody pipeline (note_seq/melodies_lib.py, magenta/pipelines/melody_pipelines.py).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from ...engine.events import NO_EVENT, NOTE_OFF
from ...notes import STEPS_PER_QUARTER
from ..melodies import Melody

LEAST_BARS = 7
LEAST_PITCHES = 5
MOST_STEPS = 512
GAP_BARS = 1  # of silence end a melody


class TimedNote(NamedTuple):
    """A pitch and when it sounds, in quarter notes from the beginning of the piece."""

    start: Fraction
    end: Fraction
    pitch: int


class Piece(NamedTuple):
    """Voices, each a list of notes, and bars.

    Attributes
    ----------
    voices : list of list of TimedNote
        Each may hold several notes at a time.
    metres : list of (Fraction, Fraction)
        (where it begins, length of a bar), both in quarter notes; the first begins at 0.
    """

    voices: list[list[TimedNote]]
    metres: list[tuple[Fraction, Fraction]]


class Polyphonic(Exception):
    """Two notes of one voice begin together, or one begins before the one that came last."""


def extract_melodies(name: str, piece: Piece) -> tuple[list[Melody], Counter]:
    """Melodies of at least LEAST_BARS and LEAST_PITCHES, and a Counter of what was left out and why."""
    melodies: list[Melody] = []
    left_out: Counter = Counter()
    starts = [start for start, _ in piece.metres]
    for number, (start, bar) in enumerate(piece.metres):
        if bar <= 0 or (bar * STEPS_PER_QUARTER).denominator != 1:
            left_out["sections whose bars are no whole number of sixteenths"] += 1
            continue
        for voice in piece.voices:
            notes = [note for note in voice if bisect_right(starts, note.start) - 1 == number]
            quantized = [_on_grid(note, start) for note in notes]
            _extract(name, quantized, int(bar * STEPS_PER_QUARTER), melodies, left_out)
    return melodies, left_out


def _on_grid(note: TimedNote, origin: Fraction) -> tuple[int, int, int]:
    """(first step, negative pitch, step after the last)."""
    first, last = (
        int((time - origin) * STEPS_PER_QUARTER + Fraction(1, 2)) for time in (note.start, note.end)
    )
    return first, -note.pitch, max(last, first + 1)


def _extract(
    name: str, notes: list[tuple[int, int, int]], bar: int, melodies: list[Melody], left_out: Counter
) -> None:
    """Add the melodies of one voice."""
    notes = sorted(notes)
    search = 0
    while notes:
        first = notes[0][0] - (notes[0][0] - search) % bar
        try:
            events, used = _line(notes, first, bar)
        except Polyphonic:
            left_out["polyphonic tracks discarded"] += 1
            return
        search = first + len(events)
        search += -search % bar
        notes = [note for note in notes[used:] if note[0] >= search]
        if len(events) > MOST_STEPS:
            left_out["melodies truncated"] += 1
            events = events[: MOST_STEPS // bar * bar]
        if len(events) < LEAST_BARS * bar:
            left_out["melodies discarded too short"] += 1
        elif len({event for event in events if event >= 0}) < LEAST_PITCHES:
            left_out["melodies discarded too few pitches"] += 1
        else:
            melodies.append(Melody(name, bar, tuple(events)))


def _line(notes: Sequence[tuple[int, int, int]], first: int, bar: int) -> tuple[list[int], int]:
    """Events up to a gap, and how many notes are in them. Raises Polyphonic."""
    events: list[int] = []
    before = None
    for number, (start, negative_pitch, end) in enumerate(notes):
        if before is not None and start <= before:
            raise Polyphonic
        before = start
        at = start - first
        if events and at - (len(events) - 1) >= GAP_BARS * bar:
            return events[:-1], number
        del events[at:]
        events += [NO_EVENT] * (end - first - len(events)) + [NOTE_OFF]
        events[at] = -negative_pitch
    return events[:-1], len(notes)
