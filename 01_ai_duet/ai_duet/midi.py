"""Melodies from and to MIDI files; worker process."""

from __future__ import annotations

import io
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import mido
from modelfiles.errors import UserError

from .notes import DEFAULT_TEMPO, Note, key_events

TICKS_PER_QUARTER = 480
DRUMS = 9  # MIDI's channel 10
TOGETHER = 0.03  # seconds; notes that begin within this time and sound together are a chord
LONGEST_S = 300.0  # of a melody
MAX_BYTES = 16 << 20
TINY = 1e-6

Tempos = Sequence[tuple[int, float, float]]


class MidiMelody(NamedTuple):
    """What was read from a MIDI file.

    Attributes
    ----------
    notes : list of Note
        One at a time.
    tempo : float
        Quarter notes per minute at the beginning.
    remarks : list of str
        What was left out, in words.
    """

    notes: list[Note]
    tempo: float
    remarks: list[str]


def read_midi(path: str | Path) -> MidiMelody:
    """Read the melody of a MIDI file.

    Parameters
    ----------
    path : str or Path
        A file of any type; of a damaged one what can be read, as players do.

    Returns
    -------
    MidiMelody
        The first voice (track and channel) with notes that is not drums, of chords the highest note.

    Raises
    ------
    UserError
        When there is no such file, or it cannot be read, or has no notes.
    """
    try:
        file = mido.MidiFile(file=io.BytesIO(_without_keys(_content(path))), clip=True)
        if file.ticks_per_beat <= 0:
            raise UserError(
                "file",
                f"{path} counts in film frames, not in beats; save it again as a MIDI file with a tempo",
            )
        voices = _voices(file)
    except UserError:
        raise
    except FileNotFoundError:
        raise UserError("file", f"there is no file {path}") from None
    except Exception as error:  # mido raises whatever its parser stumbles over
        raise UserError("file", f"{path} is not a readable MIDI file ({type(error).__name__})") from None
    if not voices:
        raise UserError("file", f"there are no notes in {path}")
    remarks = []
    if len(voices) > 1:
        remarks.append(f"took the first of {len(voices)} voices")
    voice = [note._replace(end=min(note.end, LONGEST_S)) for note in voices[0] if note.start < LONGEST_S]
    if voice != voices[0]:
        remarks.append(f"took the first {LONGEST_S / 60:.0f} minutes")
    melody = _highest(voice)
    if not melody:
        raise UserError("file", f"there are no notes in the first {LONGEST_S / 60:.0f} minutes of {path}")
    if len(melody) < len(voice):
        remarks.append(f"took the highest notes of chords, {len(melody)} of {len(voice)}")
    return MidiMelody(melody, _tempos(file.tracks, file.ticks_per_beat)[0][2], remarks)


def _content(path: str | Path) -> bytes:
    with open(path, "rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise UserError("file", f"{path} is larger than any MIDI file of a melody, {MAX_BYTES >> 20} MB")
    return content


def _without_keys(content: bytes) -> bytes:
    """A file in which every key signature is C major: it is not needed, and mido refuses a file for a wrong one."""
    return re.sub(rb"\xff\x59\x02..", b"\xff\x59\x02\0\0", content, flags=re.DOTALL)


def write_midi(path: str | Path, notes: Iterable[Note], tempo: float) -> None:
    """Write notes to a MIDI file of one track at one tempo.

    Parameters
    ----------
    path : str or Path
        The file, which is replaced if it is there.
    notes : iterable of Note
        In any order.
    tempo : float
        Quarter notes per minute.

    Raises
    ------
    OSError
        When the file cannot be written.
    """
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo))])
    now = 0
    for seconds, pitch, velocity in key_events(notes):
        tick = round(seconds * tempo / 60 * TICKS_PER_QUARTER)
        kind = "note_on" if velocity else "note_off"
        track.append(mido.Message(kind, note=pitch, velocity=velocity, time=tick - now))
        now = tick
    mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_QUARTER, tracks=[track]).save(path)


def _voices(file: mido.MidiFile) -> list[list[Note]]:
    """Return the notes of each track and channel that has any, in the order of the file."""
    tempos = _tempos(file.tracks, file.ticks_per_beat)
    voices: list[list[Note]] = []
    for track in file.tracks:
        if file.type == 2:  # each track is a piece of its own
            tempos = _tempos([track], file.ticks_per_beat)
        seconds_at = partial(_seconds, tempos=tempos, ticks_per_quarter=file.ticks_per_beat)
        voices += [voice for voice in _channels(track, seconds_at) if voice]
    return voices


def _channels(track: mido.MidiTrack, seconds_at: Callable[[int], float]) -> list[list[Note]]:
    """Return the notes of each channel of a track, the channel that begins first first."""
    channels: dict[int, list[Note]] = {}
    sounding: dict[tuple[int, int], tuple[int, float]] = {}  # (channel, pitch): (velocity, start)

    def end(channel: int, pitch: int, seconds: float) -> None:
        velocity, start = sounding.pop((channel, pitch), (0, seconds))
        if seconds > start:
            channels[channel].append(Note(pitch, velocity, start, seconds))

    tick = 0
    for message in track:
        tick += message.time
        if message.type not in ("note_on", "note_off") or message.channel == DRUMS:
            continue
        end(message.channel, message.note, seconds_at(tick))  # also of a note that begins again
        if message.type == "note_on" and message.velocity > 0:
            sounding[message.channel, message.note] = (message.velocity, seconds_at(tick))
            channels.setdefault(message.channel, [])
    for channel, pitch in list(sounding):
        end(channel, pitch, seconds_at(tick))
    return list(channels.values())


def _tempos(tracks: Iterable[mido.MidiTrack], ticks_per_quarter: int) -> Tempos:
    """Return (tick, seconds, quarter notes per minute) of each change of tempo, from tick 0 on."""
    changes = {0: DEFAULT_TEMPO}
    for track in tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "set_tempo" and message.tempo > 0:
                changes[tick] = mido.tempo2bpm(message.tempo)
    tempos: list[tuple[int, float, float]] = []
    for tick, tempo in sorted(changes.items()):
        tempos.append((tick, _seconds(tick, tempos, ticks_per_quarter) if tempos else 0.0, tempo))
    return tempos


def _seconds(tick: int, tempos: Tempos, ticks_per_quarter: int) -> float:
    start, seconds, tempo = tempos[bisect_right(tempos, tick, key=lambda change: change[0]) - 1]
    return seconds + (tick - start) / ticks_per_quarter * 60 / tempo


def _highest(notes: Iterable[Note]) -> list[Note]:
    """Return one note at a time: of those that begin together the highest; a new one ends the one before."""
    line: list[Note] = []
    for note in sorted(notes, key=lambda note: note.start):
        if line and note.start - line[-1].start < TOGETHER and note.start < line[-1].end - TINY:
            if note.pitch > line[-1].pitch:
                line[-1] = note
        else:
            line.append(note)
    ends = [following.start for following in line[1:]] + [float("inf")]
    return [note._replace(end=min(note.end, end)) for note, end in zip(line, ends)]
