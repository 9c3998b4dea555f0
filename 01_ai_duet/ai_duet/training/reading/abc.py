"""Reads pieces of tune books in ABC notation; the program `dataset`.

Of the standard (abcnotation.com/wiki/abc:standard:v2.1) what a melody needs. Grace notes are left out, of chords the
highest note counts, of first and second endings the second one, and repeats are not played twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from modelfiles.errors import UserError
from modelfiles.regular import read_text

from .extraction import Piece, TimedNote

PITCHES = {"C": 60, "D": 62, "E": 64, "F": 65, "G": 67, "A": 69, "B": 71}
SHARPS = "FCGDAEB"
FIFTHS = {name: number for number, name in enumerate(SHARPS, -1)}  # sharps of a major key
MODES = {"maj": 0, "ion": 0, "mix": -1, "dor": -2, "min": -3, "m": -3, "aeo": -3, "phr": -4, "loc": -5}
MODES |= {"": 0, "lyd": 1}
ACCIDENTALS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
TUPLETS = {
    2: 3,
    3: 2,
    4: 3,
    6: 2,
    8: 3,
}  # (n notes in the time of so many; else of 2, or 3 in compound metres

SKIPPED = re.compile(r'\{[^}]*\}|"[^"]*"|![^!\n]*!|\+[a-z][a-z.()0-9]*\+')
TOKEN = re.compile(
    r"(?P<field>\[[A-Za-z]:[^\]]*\])"
    r"|(?P<bar>(?:\|+[\]:|]*|:+[|\]:]*|\[\|)\s*(?:\[?[1-9][0-9,.-]*)?|\[[1-9][0-9,.-]*)"
    r"|(?P<chord>\[[^\]]*\])(?P<chordlength>[0-9]*(?:/[0-9]*)*)"
    r"|(?P<tuplet>\([2-9](?::[0-9]*){0,2})"
    r"|(?P<note>(?:\^\^|__|\^|_|=)?[A-Ga-g][',]*)(?P<length>[0-9]*(?:/[0-9]*)*)"
    r"|(?P<rest>[zxZX])(?P<restlength>[0-9]*(?:/[0-9]*)*)"
    r"|(?P<broken>>+|<+)|(?P<tie>-)|(?P<other>.)",
    re.DOTALL,
)
NOTE = re.compile(r"(\^\^|__|\^|_|=)?([A-Ga-g])([',]*)([0-9]*(?:/[0-9]*)*)")


def read(path: Path) -> Iterator[tuple[str, Piece | UserError]]:
    """Yield (name, piece) of each tune of a book."""
    try:
        text = read_text(path)
    except UserError as error:
        yield path.name, error
        return
    tunes = [tune for tune in re.split(r"^(?=X:)", text, flags=re.MULTILINE) if tune.startswith("X:")]
    if not tunes:
        yield path.name, UserError("file", "there is no tune in it, no line that begins with X:")
    for number, tune in enumerate(tunes, 1):
        name = f"{path.name}#{number}"
        # A blank line ends a tune; what follows it is commentary.
        lines = [line.strip() for line in re.split(r"\n[ \t\r]*\n", tune)[0].splitlines() if line.strip()]
        try:
            yield name, Tune(lines).piece()
        except ValueError as error:
            yield name, UserError("file", str(error).splitlines()[0])
        except (KeyError, IndexError, ArithmeticError) as error:
            yield name, UserError("file", f"it is no tune that can be read ({error})".splitlines()[0])


class Tune:
    """One tune: its fields first, then its music, voice by voice."""

    def __init__(self, lines: list[str]) -> None:
        self.metre, self.unit, self.key = Fraction(1), None, {}
        self.metres: dict[Fraction, Fraction] = {}
        self._seen = ""  # letters of the fields so far
        self._voices: dict[str, _Voice] = {}
        self._voice: _Voice | None = None
        for line in lines:
            line = re.sub(r"(?<!\\)%.*", "", line).rstrip()
            field = re.match(r"([A-Za-z]):(?![|:])\s*(.*)", line)
            if field:
                self.field(*field.groups())
            elif line and "K" in self._seen:
                self._music(line)

    def field(self, name: str, value: str) -> None:
        """Take a field, of the head or within the music."""
        self._seen += name
        if name == "M":
            self._take_metre(value.strip())
        elif name == "L":
            self.unit = Fraction(value.strip())
        elif name == "K":
            self.key = key_of(value)
        elif name == "V" and "K" in self._seen:
            self._voice = self._voices.setdefault(value.split()[0] if value.split() else "", _Voice(self))

    def _take_metre(self, value: str) -> None:
        words = {"C": "4/4", "C|": "4/4", "none": "4/4", "": "4/4"}
        numbers = re.fullmatch(r"\(?([0-9+ ]+)\)?/([0-9]+)", words.get(value, value))
        if not numbers:
            raise ValueError(f"the metre {value} is unknown")
        self.metre = Fraction(sum(int(part) for part in numbers[1].split("+")), int(numbers[2]))
        if self._voice:
            self.metres[self._voice.now] = 4 * self.metre

    @property
    def unit_length(self) -> Fraction:
        """Of a note without a length, as a part of a whole note."""
        return self.unit or Fraction(1, 16 if self.metre < Fraction(3, 4) else 8)

    def _music(self, line: str) -> None:
        if self._voice is None:
            self._voice = self._voices.setdefault("", _Voice(self))
        if not self.metres:
            self.metres[Fraction(0)] = 4 * self.metre
        for token in TOKEN.finditer(SKIPPED.sub("", line)):
            kind = token.lastgroup or "other"
            if token["field"]:
                self.field(token["field"][1], token["field"][3:-1])
            elif kind != "other" and self._voice:
                self._voice.take(token)

    def piece(self) -> Piece:
        """The piece of all voices; one that begins with an upbeat begins inside a bar."""
        if not any(voice.notes for voice in self._voices.values()):
            raise ValueError("there are no notes in it")
        bar = self.metres[Fraction(0)]
        first = next(voice for voice in self._voices.values() if voice.notes).first_bar
        late = bar - first if first and 0 < first < bar else Fraction(0)
        voices = [
            [TimedNote(note.start + late, note.end + late, note.pitch) for note in voice.notes]
            for voice in self._voices.values()
        ]
        metres = [(start + late if start else start, length) for start, length in sorted(self.metres.items())]
        return Piece(voices, metres)


class _Voice:
    """The notes of one voice as they are read."""

    def __init__(self, tune: Tune) -> None:
        self.notes: list[TimedNote] = []
        self.now, self.first_bar = Fraction(0), None
        self._tune, self._accidentals = tune, {}
        self._tied, self._skipping = False, False
        self._tuplet, self._stretch = 0, Fraction(1)
        self._next_length = Fraction(1)  # of a broken rhythm

    def take(self, token: re.Match) -> None:
        """Take one token of the music."""
        if token["bar"]:
            self._bar(token["bar"])
        elif self._skipping:
            return
        elif token["tuplet"]:
            self._begin_tuplet(token["tuplet"][1:])
        elif token["broken"]:
            self._broken(token["broken"])
        elif token["tie"]:
            self._tied = True
        elif token["rest"]:
            whole = token["rest"] in "ZX"
            length = length_of(token["restlength"])
            self._advance(length * self._tune.metre / self._tune.unit_length if whole else length)
            self._tied = False
        elif token["chord"]:
            inner = [match.groups() for match in NOTE.finditer(token["chord"])]
            if inner:
                length = length_of(inner[0][3]) * length_of(token["chordlength"])
                self._sound(max(self._pitch(*parts[:3]) for parts in inner), length)
        else:
            parts = NOTE.match(token["note"])
            self._sound(self._pitch(*parts.groups()[:3]), length_of(token["length"]))

    def _bar(self, text: str) -> None:
        self._accidentals = {}
        if self.first_bar is None and self.now:
            self.first_bar = self.now
        ending = re.search(r"[1-9]", text)
        if ending:
            self._skipping = ending[0] == "1"
        elif self._skipping and re.search(r"\|\||\|\]|\[\||:", text):
            self._skipping = False

    def _begin_tuplet(self, text: str) -> None:
        numbers = [int(part) if part else 0 for part in text.split(":")] + [0, 0]
        count = numbers[0]
        compound = self._tune.metre.numerator % 3 == 0 and self._tune.metre.denominator >= 8
        time = numbers[1] or TUPLETS.get(count, 3 if compound else 2)
        self._tuplet, self._stretch = numbers[2] or count, Fraction(time, count)

    def _broken(self, text: str) -> None:
        """Lengthen the note before by what the one after loses, or the other way round."""
        if not self.notes:
            return
        share = Fraction(1, 2 ** len(text))
        longer, shorter = 2 - share, share
        before, self._next_length = (longer, shorter) if text[0] == ">" else (shorter, longer)
        note = self.notes[-1]
        length = (note.end - note.start) * before
        self.notes[-1] = note._replace(end=note.start + length)
        self.now = note.start + length

    def _pitch(self, accidental: str | None, letter: str, octaves: str) -> int:
        name = letter.upper() + octaves + letter
        if accidental is not None:
            self._accidentals[name] = ACCIDENTALS[accidental]
        altered = self._accidentals.get(name, self._tune.key.get(letter.upper(), 0))
        octave = (letter.islower()) + octaves.count("'") - octaves.count(",")
        return PITCHES[letter.upper()] + 12 * octave + altered

    def _advance(self, length: Fraction) -> tuple[Fraction, Fraction]:
        start = self.now
        if self._tuplet:
            length *= self._stretch
            self._tuplet -= 1
        self.now += 4 * length * self._tune.unit_length * self._next_length
        self._next_length = Fraction(1)
        return start, self.now

    def _sound(self, pitch: int, length: Fraction) -> None:
        start, end = self._advance(length)
        if end <= start:
            return
        if self._tied and self.notes and self.notes[-1].pitch == pitch:
            self.notes[-1] = self.notes[-1]._replace(end=end)
        elif 0 <= pitch < 128:
            self.notes.append(TimedNote(start, end, pitch))
        self._tied = False


def length_of(text: str) -> Fraction:
    """The length that stands after a note, as a multiple of the unit: 3, 3/2, /, //."""
    number, *divisors = text.split("/")
    length = Fraction(int(number) if number else 1)
    for divisor in divisors:
        length /= int(divisor) if divisor else 2
    return length


def key_of(text: str) -> dict[str, int]:
    """Accidentals of a key, by letter: Em, F#mix, Bb dorian, G ^c; none of K:none and of bagpipes."""
    if text.strip().upper().startswith("HP"):
        return {"F": 1, "C": 1}
    found = re.match(r"\s*([A-G])([#b]?)\s*([A-Za-z]*)", text)
    key: dict[str, int] = {}
    if found:
        letter, accidental, mode = found.groups()
        mode = mode.lower()
        mode = mode if mode == "m" else mode[:3]
        sharps = FIFTHS[letter] + {"#": 7, "b": -7, "": 0}[accidental] + MODES.get(mode, 0)
        key = dict.fromkeys(SHARPS[: max(0, sharps)], 1)
        key |= dict.fromkeys(SHARPS[::-1][: max(0, -sharps)], -1)
    for accidental, letter in re.findall(r"(?:^|\s)(\^|_|=)([A-Ga-g])(?=\s|$)", text):
        key[letter.upper()] = ACCIDENTALS[accidental]
    return key
