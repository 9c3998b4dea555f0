"""What files of melodies hold, as JSON lines, for [dlwa-own-sounds]; on the command line.

    python -m ai_duet.look FILE ...
    python -m ai_duet.look FILE --sound WAV

For each file {"path", "seconds", "fault", "picture"}: seconds at 120 beats a minute, what is wrong with it or "", and a
piano roll as a line of `POINTS` points from -1 to 1: the pitch; where there are several voices, the lowest and the
highest in turn. --sound writes what its first voice sounds like.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from dlwakit.training.options import path
from modelfiles.errors import UserError
from modelfiles.sounds import write_sound

from .engine.events import NO_EVENT, NOTE_OFF
from .notes import STEPS_PER_QUARTER
from .training.preview import RATE, STEP_S, sound
from .training.reading import Piece, extract_melodies, read_pieces

POINTS = 96
HEIGHT = 0.8  # of the lowest and the highest pitch in the picture
SILENCE = -1.0


def look(file: Path) -> tuple[dict, Piece | None]:
    """What a file's first piece holds, and the piece, None where it cannot be read."""
    pieces = list(read_pieces(file))
    piece = next((piece for _, piece in pieces if isinstance(piece, Piece)), None)
    if piece is None:
        error = next((piece.message for _, piece in pieces if isinstance(piece, UserError)), "no melody")
        return {"seconds": 0.0, "fault": error, "picture": []}, None
    notes = [note for voice in piece.voices for note in voice]
    end = float(max((note.end for note in notes), default=0))
    fault = "" if notes else "no notes"
    melodies, reasons = extract_melodies(file.name, piece)
    if notes and not melodies:
        fault = next((_short(reason) for reason, _ in reasons.most_common(1)), "no melody")
    seconds = round(end * STEPS_PER_QUARTER * STEP_S, 2)
    return {"seconds": seconds, "fault": fault, "picture": roll(piece, POINTS)}, piece


def _short(reason: str) -> str:
    """`polyphonic tracks discarded`, `melodies discarded too short` in a word or two."""
    for word in ("melodies discarded ", " tracks discarded"):
        reason = reason.replace(word, "")
    return reason


def roll(piece: Piece, count: int) -> list[float]:
    """The pitch over time, from -HEIGHT to HEIGHT, or SILENCE; of several voices the lowest and the highest in turn."""
    notes = [note for voice in piece.voices for note in voice]
    voices = sum(1 for voice in piece.voices if voice)
    if not notes:
        return []
    low, high = (float(find(note.pitch for note in notes)) for find in (min, max))
    end = float(max(note.end for note in notes))
    columns = count // 2 if voices > 1 else count
    points = np.full((columns, 2), SILENCE)
    for note in sorted(notes, key=lambda note: note.pitch):
        place = HEIGHT * (2 * (note.pitch - low) / max(high - low, 1.0) - 1)
        first = int(columns * float(note.start) / end)
        for column in points[first : max(first + 1, round(columns * float(note.end) / end))]:
            column[0] = place if column[1] == SILENCE else column[0]
            column[1] = place
    line = points.ravel() if voices > 1 else points[:, 1]
    return [round(float(value), 3) for value in line]


def events_of(piece: Piece) -> list[int]:
    """The notes of a piece's first voice, the highest where there are several, as events on sixteenths."""
    voice: Sequence = next((voice for voice in piece.voices if voice), [])
    steps = [(round(note.start * STEPS_PER_QUARTER), note.pitch, note.end) for note in voice]
    events = [NO_EVENT] * (round(max((note.end for note in voice), default=0) * STEPS_PER_QUARTER) + 1)
    for _, _, end in steps:
        events[round(end * STEPS_PER_QUARTER)] = NOTE_OFF
    for step, pitch, _ in sorted(steps):
        events[step] = pitch
    return events


def main(arguments: list[str] | None = None) -> int:
    """Run the program; returns its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", metavar="FILE", nargs="+", type=path)
    parser.add_argument("--sound", metavar="WAV", type=path, help="write what the file sounds like")
    options = parser.parse_args(arguments)
    for file in options.files:
        found, piece = look(file)
        if options.sound and piece is not None:
            write_sound(options.sound, sound(events_of(piece)), RATE)
        print(json.dumps({"path": str(file), **found}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
