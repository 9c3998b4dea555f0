"""Reads pieces of MIDI files; the program `dataset`."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import mido
from modelfiles.errors import UserError

from .extraction import Piece, TimedNote

DRUMS = 9  # MIDI's channel 10


def read(path: Path) -> Iterator[tuple[str, Piece | UserError]]:
    """Yield (name, piece) of a file of type 0 or 1: a voice for each track and channel that is not drums."""
    try:
        file = mido.MidiFile(path, clip=True)
        if file.ticks_per_beat <= 0:
            raise ValueError("counts in film frames, not in beats")
        yield path.name, _piece(file)
    except Exception as error:  # mido raises whatever its parser stumbles over
        yield path.name, UserError("file", f"not a readable MIDI file ({type(error).__name__})")


def _piece(file: mido.MidiFile) -> Piece:
    metres: dict[Fraction, Fraction] = {Fraction(0): Fraction(4)}
    voices = []
    for track in file.tracks:
        voices += _voices(track, file.ticks_per_beat)
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "time_signature":
                metres[Fraction(tick, file.ticks_per_beat)] = Fraction(
                    4 * message.numerator, message.denominator
                )
    return Piece(voices, sorted(metres.items()))


def _voices(track: mido.MidiTrack, ticks_per_beat: int) -> list[list[TimedNote]]:
    """The notes of each channel of a track."""
    voices: dict[int, list[TimedNote]] = {}
    sounding: dict[tuple[int, int], int] = {}
    tick = 0
    for message in track:
        tick += message.time
        if message.type not in ("note_on", "note_off") or message.channel == DRUMS:
            continue
        start = sounding.pop((message.channel, message.note), None)
        if start is not None and tick > start:
            times = Fraction(start, ticks_per_beat), Fraction(tick, ticks_per_beat)
            voices.setdefault(message.channel, []).append(TimedNote(*times, message.note))
        if message.type == "note_on" and message.velocity > 0:
            sounding[message.channel, message.note] = tick
    return list(voices.values())
