"""Reads the melodies of MIDI, MusicXML and ABC files; the program `dataset`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from modelfiles.errors import UserError

from . import abc, midi, musicxml
from .extraction import Piece, extract_melodies

__all__ = ["SUFFIXES", "Piece", "extract_melodies", "read_pieces"]

READERS = {
    ".abc": abc.read,
    ".mid": midi.read,
    ".midi": midi.read,
    ".xml": musicxml.read,
    ".musicxml": musicxml.read,
    ".mxl": musicxml.read,
}
SUFFIXES = set(READERS)


def read_pieces(path: Path) -> Iterator[tuple[str, Piece | UserError]]:
    """Yield (name, piece) for each piece in a file; one that cannot be read comes as its error."""
    yield from READERS[path.suffix.lower()](path)
