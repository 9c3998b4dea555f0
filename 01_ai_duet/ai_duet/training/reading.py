"""Reads melodies of music files with Magenta's own readers and pipelines; environment `tensorflow`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import note_seq
from magenta.pipelines.melody_pipelines import MelodyExtractor
from magenta.pipelines.note_sequence_pipelines import Quantizer, TimeChangeSplitter
from modelfiles.errors import UserError
from note_seq import abc_parser, musicxml_reader
from note_seq.midi_io import MIDIConversionError
from note_seq.musicxml_parser import MusicXMLParseError

from ..notes import STEPS_PER_QUARTER
from .melodies import Melody

MIDI = {".mid", ".midi"}
MUSICXML = {".xml", ".musicxml", ".mxl"}
ABC = {".abc"}
SUFFIXES = MIDI | MUSICXML | ABC

GRACE_NOTES = re.compile(r"\{[^}]*\}")


def read_sequences(path: Path) -> Iterator[tuple[str, note_seq.NoteSequence | UserError]]:
    """Yield (name, note sequence) for each piece in a file; one that cannot be read comes as its error."""
    suffix = path.suffix.lower()
    if suffix in ABC:
        yield from _read_tune_book(path)
        return
    try:
        if suffix in MIDI:
            yield path.name, note_seq.midi_file_to_note_sequence(str(path))
        else:
            yield path.name, musicxml_reader.musicxml_file_to_sequence_proto(str(path))
    except (MIDIConversionError, MusicXMLParseError, musicxml_reader.MusicXMLConversionError) as error:
        yield path.name, UserError("file", str(error).splitlines()[0])


def _read_tune_book(path: Path):
    text = GRACE_NOTES.sub("", path.read_text(encoding="utf-8", errors="replace"))
    tunes = [tune for tune in re.split(r"^(?=X:)", text, flags=re.MULTILINE) if tune.startswith("X:")]
    if not tunes:
        yield path.name, UserError("file", "there is no tune in it, no line that begins with X:")
    for number, tune in enumerate(tunes, 1):
        name = f"{path.name}#{number}"
        # A blank line ends a tune in ABC; what follows it is commentary.
        lines = [line.strip() for line in tune.split("\n\n")[0].splitlines() if line.strip()]
        try:
            sequence = abc_parser.ABCTune(lines).note_sequence
            _move_upbeat(sequence, _upbeat_seconds(lines))
            yield name, sequence
        except (abc_parser.ABCParseError, ValueError, KeyError, IndexError) as error:
            yield name, UserError("file", f"{type(error).__name__}: {error}".splitlines()[0])


def _upbeat_seconds(lines: list[str]) -> float:
    """Length of the notes before the first bar line of an ABC tune, whose music begins after the key."""
    keys = [number for number, line in enumerate(lines) if line.startswith("K:")]
    if not keys or keys[0] + 1 == len(lines):
        return 0.0
    body = keys[0] + 1
    first_bar = re.split(r"[|\]]", lines[body].lstrip("|:[] "))[0]
    return abc_parser.ABCTune([*lines[:body], first_bar]).note_sequence.total_time


def _move_upbeat(sequence: note_seq.NoteSequence, upbeat_s: float) -> None:
    """Start a tune that begins with an upbeat inside a bar, so that its bar lines fall on whole bars."""
    if not sequence.time_signatures:
        return
    signature = sequence.time_signatures[0]
    qpm = sequence.tempos[0].qpm if sequence.tempos else note_seq.DEFAULT_QUARTERS_PER_MINUTE
    bar_s = 4 * signature.numerator / signature.denominator * 60 / qpm
    if 0 < upbeat_s < bar_s - 1e-6:
        for note in sequence.notes:
            note.start_time += bar_s - upbeat_s
            note.end_time += bar_s - upbeat_s
        sequence.total_time += bar_s - upbeat_s


def extract_melodies(name: str, sequence: note_seq.NoteSequence) -> tuple[list[Melody], Counter]:
    """Melodies of at least 7 bars and 5 different notes, by magenta's pipeline and with its settings.

    Returns them with a Counter of what was left out and why.
    """
    extractor = MelodyExtractor(
        min_bars=7, max_steps=512, min_unique_pitches=5, gap_bars=1.0, ignore_polyphonic_notes=False
    )
    melodies, left_out = [], Counter()
    for section in TimeChangeSplitter().transform(sequence):
        quantizer = Quantizer(steps_per_quarter=STEPS_PER_QUARTER)  # a used one keeps its last count
        quantized = quantizer.transform(section)
        left_out.update(_counts(quantizer))
        for part in quantized:
            found = extractor.transform(part)
            left_out.update(_counts(extractor))
            melodies += [Melody(name, melody.steps_per_bar, tuple(map(int, melody))) for melody in found]
    return melodies, left_out


def _counts(pipeline) -> dict[str, int]:
    prefix = f"{pipeline.name}_"
    return {
        stat.name.removeprefix(prefix).replace("_", " "): stat.count
        for stat in pipeline.get_stats()
        if hasattr(stat, "count") and stat.count
    }
