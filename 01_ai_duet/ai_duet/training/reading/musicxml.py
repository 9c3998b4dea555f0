"""Reads pieces of MusicXML files, compressed or not; the program `dataset`.

The order of what is in a measure, and `backup` and `forward`: www.w3.org/2021/06/musicxml40.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

from modelfiles.bounded import UNREADABLE
from modelfiles.errors import UserError
from modelfiles.regular import read_bytes

from .extraction import Piece, TimedNote

PITCH_CLASSES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
LARGEST = 50_000_000  # bytes of an unpacked score


def read(path: Path) -> Iterator[tuple[str, Piece | UserError]]:
    """Yield (name, piece): a voice for each part and voice. Repeats are not played twice."""
    try:
        yield path.name, _piece(ElementTree.fromstring(_score(path)))
    except UserError as error:
        yield path.name, error
    except (OSError, ElementTree.ParseError, ValueError, KeyError, ArithmeticError, *UNREADABLE) as error:
        yield path.name, UserError("file", f"it is no score that can be read ({error})".splitlines()[0])


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if name not in archive.namelist() or archive.getinfo(name).file_size > LARGEST:
        raise UserError("file", "there is no score in it, or too large a one")
    return archive.read(name)


def _score(path: Path) -> bytes:
    """The text of a score. Raises UserError for one with entities of its own, which could grow without end."""
    if path.suffix.lower() != ".mxl":
        content = read_bytes(path, LARGEST)
    else:
        with zipfile.ZipFile(path) as archive:
            container = ElementTree.fromstring(_member(archive, "META-INF/container.xml"))
            roots = [node for node in container.iter() if node.tag.endswith("rootfile")]
            content = _member(archive, roots[0].get("full-path", "") if roots else "")
    if b"<!ENTITY" in content.replace(b"\0", b""):  # in whatever encoding
        raise UserError("file", "the score defines entities of its own")
    return content


def _piece(score: ElementTree.Element) -> Piece:
    parts = [_Part(part) for part in score.iter("part") if part.find("measure") is not None]
    if not parts:
        raise ValueError("there is no part in it")
    voices = [voice for part in parts for voice in part.voices.values()]
    return Piece(voices, sorted(parts[0].metres.items()))


class _Part:
    """The notes of one part, by voice, and its metres."""

    def __init__(self, part: ElementTree.Element) -> None:
        self.voices: dict[str, list[TimedNote]] = {}
        self.metres: dict[Fraction, Fraction] = {Fraction(0): Fraction(4)}
        self._divisions, self._transpose = Fraction(1), 0
        self._now = Fraction(0)
        self._tied: dict[tuple[str, int], Fraction] = {}
        for number, measure in enumerate(part.iter("measure")):
            begun, furthest = self._now, self._now
            for node in measure:
                self._take(node)
                furthest = max(furthest, self._now)
            length = furthest - begun
            bar = self.metres[max(self.metres)]
            if number == 0 and 0 < length < bar:
                self._move(bar - length)  # an upbeat stands at the end of a whole bar
                furthest = begun + bar
            self._now = furthest

    def _move(self, amount: Fraction) -> None:
        for name, voice in self.voices.items():
            self.voices[name] = [
                TimedNote(note.start + amount, note.end + amount, note.pitch) for note in voice
            ]
        self._tied = {key: start + amount for key, start in self._tied.items()}

    def _take(self, node: ElementTree.Element) -> None:
        if node.tag == "attributes":
            self._attributes(node)
        elif node.tag in ("backup", "forward"):
            self._now += self._duration(node) * (1 if node.tag == "forward" else -1)
        elif node.tag == "note" and node.find("grace") is None and node.find("cue") is None:
            self._note(node)

    def _attributes(self, node: ElementTree.Element) -> None:
        self._divisions = Fraction(node.findtext("divisions", str(self._divisions)))
        beats, kind = node.findtext("time/beats"), node.findtext("time/beat-type")
        if beats and kind:
            quarters = sum(int(part) for part in beats.split("+")) * Fraction(4, int(kind))
            if quarters != self.metres[max(self.metres)]:
                self.metres[self._now] = quarters
        octaves = int(node.findtext("transpose/octave-change", "0"))
        self._transpose = int(node.findtext("transpose/chromatic", "0")) + 12 * octaves

    def _duration(self, node: ElementTree.Element) -> Fraction:
        return Fraction(node.findtext("duration", "0")) / self._divisions

    def _note(self, node: ElementTree.Element) -> None:
        length = self._duration(node)
        chord = node.find("chord") is not None
        start = self._now - length if chord else self._now
        if not chord:
            self._now += length
        step = node.findtext("pitch/step")
        if step is None or length <= 0:
            return
        octave, alter = int(node.findtext("pitch/octave", "4")), float(node.findtext("pitch/alter", "0"))
        pitch = 12 * (octave + 1) + PITCH_CLASSES[step] + round(alter) + self._transpose
        key = node.findtext("voice", "1"), pitch
        ties = {tie.get("type") for tie in node.findall("tie")}
        if "stop" in ties:
            start = self._tied.pop(key, start)
        if "start" in ties:
            self._tied[key] = start
        elif 0 <= pitch < 128:
            self.voices.setdefault(key[0], []).append(TimedNote(start, self._now, pitch))
