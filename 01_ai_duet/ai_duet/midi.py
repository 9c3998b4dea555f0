"""Melodies in MIDI files."""

from bisect import bisect_right
from typing import NamedTuple

import mido
from modelfiles.errors import UserError

from .tempo import DEFAULT

TICKS_PER_QUARTER = 480
DRUMS = 9  # MIDI's channel 10
TOGETHER = 0.03  # seconds; notes that begin within this time are a chord


class MidiMelody(NamedTuple):
    """Notes [pitch, velocity, start, end] in seconds, quarters a minute at the beginning, what was left out."""

    notes: list
    qpm: float
    remarks: list


def read_midi(path):
    """Read a melody: the first voice (track and channel) with notes that is not drums, of chords the highest note.

    The remarks say in words what was left out, if anything was.
    """
    try:
        file = mido.MidiFile(path, clip=True)
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
    melody = _highest(voices[0])
    if len(melody) < len(voices[0]):
        remarks.append(f"took the highest notes of chords, {len(melody)} of {len(voices[0])}")
    return MidiMelody(melody, _tempos(file)[0][2], remarks)


def write_midi(path, notes, qpm):
    """Write notes [pitch, velocity, start, end], times in seconds, to a MIDI file of one track at one tempo."""
    events = []
    for pitch, velocity, start, end in notes:
        # Ends go before beginnings at the same time, or a repeated note would be cut off.
        events.append((start, 1, mido.Message("note_on", note=int(pitch), velocity=int(velocity))))
        events.append((end, 0, mido.Message("note_off", note=int(pitch), velocity=0)))
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(qpm))])
    now = 0
    for time, _, message in sorted(events, key=lambda event: event[:2]):
        tick = round(time * qpm / 60 * TICKS_PER_QUARTER)
        track.append(message.copy(time=tick - now))
        now = tick
    mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_QUARTER, tracks=[track]).save(path)


def _voices(file):
    """The notes of each track and channel that has any, in the order of the file."""
    tempos = _tempos(file)
    voices = {}
    for number, track in enumerate(file.tracks):
        sounding = {}
        tick = 0
        for message in track:
            tick += message.time
            if message.type not in ("note_on", "note_off") or message.channel == DRUMS:
                continue
            seconds = _seconds(tick, tempos, file.ticks_per_beat)
            key = (number, message.channel, message.note)
            if key in sounding:  # also a note that begins again without having ended
                sounding.pop(key)[3] = seconds
            if message.type == "note_on" and message.velocity > 0:
                sounding[key] = [message.note, message.velocity, seconds, seconds]
                voices.setdefault(key[:2], []).append(sounding[key])
        for note in sounding.values():
            note[3] = _seconds(tick, tempos, file.ticks_per_beat)
    return [voice for voice in ([n for n in notes if n[3] > n[2]] for notes in voices.values()) if voice]


def _tempos(file):
    """[(tick, seconds, quarters a minute)] of each change of tempo, from tick 0 on."""
    changes = {0: DEFAULT}
    for track in file.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "set_tempo" and message.tempo > 0:
                changes[tick] = mido.tempo2bpm(message.tempo)
    tempos = []
    for tick, qpm in sorted(changes.items()):
        tempos.append((tick, _seconds(tick, tempos, file.ticks_per_beat) if tempos else 0.0, qpm))
    return tempos


def _seconds(tick, tempos, ticks_per_quarter):
    start, seconds, qpm = tempos[bisect_right(tempos, tick, key=lambda tempo: tempo[0]) - 1]
    return seconds + (tick - start) / ticks_per_quarter * 60 / qpm


def _highest(notes):
    """One note at a time: of those that begin together the highest; a new one ends the one before."""
    line = []
    for note in sorted(notes, key=lambda note: note[2]):
        if line and note[2] - line[-1][2] < TOGETHER:
            if note[0] > line[-1][0]:
                line[-1] = list(note)
        else:
            line.append(list(note))
    for before, after in zip(line, line[1:]):
        before[3] = min(before[3], after[2])
    return line
