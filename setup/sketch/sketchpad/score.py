"""Sketches as text, one line a track; in Pd, in the worker process and on the command line. Standard library alone.

# track start length loop gain pan fade file
1 0 8 0 -6 0 0.5 drums.wav
"""

from __future__ import annotations

import math
import os
from dataclasses import astuple, dataclass, replace
from pathlib import Path

from modelfiles.errors import UserError
from modelfiles.regular import read_bytes

TRACKS = 8
MOST_BYTES = 1 << 20  # of a sketch
LONGEST_S = 600.0
SILENT_DB = -60.0  # a gain at which nothing is heard
HEAD = """# A sketch of eight tracks: setup/dlwa open sketch
# Times are seconds, gains decibels, pan goes from -1, left, to 1. Length 0 takes the whole file; loop 1 repeats it.
# track start length loop gain pan fade file
"""
RANGES = {
    "start": (0.0, LONGEST_S),
    "length": (0.0, LONGEST_S),
    "loop": (0.0, 1.0),
    "gain": (SILENT_DB, 12.0),
    "pan": (-1.0, 1.0),
    "fade": (0.0, 60.0),
}


@dataclass(frozen=True)
class Track:
    """One track.

    Attributes
    ----------
    start, length, loop, gain, pan, fade : float
        As in the text of a sketch; `fade` counts at both ends.
    file : str
        A sound, or the MIDI file of a take; "" for an empty track.
    """

    start: float = 0.0
    length: float = 0.0
    loop: float = 0.0
    gain: float = -6.0
    pan: float = 0.0
    fade: float = 0.02
    file: str = ""

    def changed(self, name: str, value: float) -> Track:
        """Return the track with another value. Raises UserError where that cannot be."""
        if name not in RANGES:
            raise UserError("input", f"a track has no '{name}'", f"it has: {', '.join(RANGES)}")
        low, high = RANGES[name]
        if not (math.isfinite(value) and low <= value <= high):
            raise UserError("input", f"{name} {value:g} is out of range, it goes from {low:g} to {high:g}")
        return replace(self, **{name: value})

    def levels(self) -> tuple[float, float]:
        """Return the factors of the left and the right side; in the middle both are those of the gain."""
        gain = 0.0 if self.gain <= SILENT_DB else 10 ** (self.gain / 20)
        angle = (self.pan + 1) * math.pi / 4
        return gain * math.sqrt(2) * math.cos(angle), gain * math.sqrt(2) * math.sin(angle)


def read(path: Path) -> list[Track]:
    """Return the tracks of a sketch, TRACKS of them; files are looked for beside it.

    Raises
    ------
    UserError
        The file cannot be read, or a line of it is no track.
    """
    try:
        text = read_bytes(path, MOST_BYTES).decode()
    except (OSError, UnicodeError, UserError):
        raise UserError("file", f"{path} cannot be read as a sketch") from None
    tracks = [Track()] * TRACKS
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                place, track = _track(line)
            except (UserError, ValueError) as error:
                why = error.message if isinstance(error, UserError) else str(error)
                raise UserError("file", f"{path.name}, line {number}: {why}") from None
            tracks[place] = replace(track, file=os.path.abspath(path.parent / track.file))
    return tracks


def _track(line: str) -> tuple[int, Track]:
    """Return the place of a track, from 0, and the track. Raises ValueError and UserError."""
    words = line.split(maxsplit=len(RANGES) + 1)
    if len(words) != len(RANGES) + 2:
        raise ValueError("a track has eight columns: track start length loop gain pan fade file")
    if words[0] not in map(str, range(1, TRACKS + 1)):
        raise ValueError(f"tracks have the numbers 1 to {TRACKS}, not {words[0]}")
    track = Track(file=words[-1].strip())
    for name, word in zip(RANGES, words[1:-1]):
        try:
            value = float(word)
        except ValueError:
            raise ValueError(f"{name} should be a number, not {word}") from None
        track = track.changed(name, value)
    return int(words[0]) - 1, track


def text(tracks: list[Track], folder: Path) -> str:
    """Return a sketch as text that is to lie in a folder; files in and around it are named relative to that."""
    lines = []
    for number, track in enumerate(tracks, 1):
        if track.file:
            *values, _ = astuple(track)
            figures = " ".join(f"{value:.6g}" for value in values)
            lines.append(f"{number} {figures} {_relative(Path(track.file), folder)}\n")
    return HEAD + "".join(lines)


def _relative(file: Path, folder: Path) -> str:
    """Name a file from a folder, where it lies in it, around it, or around that."""
    for steps, around in enumerate((folder, folder.parent, folder.parent.parent)):
        if file.is_relative_to(around):
            return steps * "../" + file.relative_to(around).as_posix()
    return str(file)
