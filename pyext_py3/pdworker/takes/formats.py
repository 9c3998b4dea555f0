"""The files of a take as bytes: sounds as float WAV, melodies as MIDI; in Pd and on the command line.

Needs the standard library alone.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

TICKS_PER_QUARTER = 480
FLOAT, EXTENSIBLE = 3, 0xFFFE  # formats of samples in a WAV file; the second says its own farther on

Notes = Iterable[Sequence[float]]


def wav(samples: bytes, channels: int, rate: int) -> bytes:
    """Return a WAV file of 32-bit floats.

    Parameters
    ----------
    samples : bytes
        float32, little-endian, the channels of a moment side by side.
    channels : int
    rate : int
        In Hz.

    Examples
    --------
    >>> len(wav(bytes(8), 2, 44100))
    66
    """
    frame = 4 * channels
    form = struct.pack("<HHIIHHH", FLOAT, channels, rate, rate * frame, frame, 32, 0)
    fact = struct.pack("<I", len(samples) // frame)
    body = b"WAVE" + b"".join(map(_chunk, (b"fmt ", b"fact", b"data"), (form, fact, samples)))
    return _chunk(b"RIFF", body)


def wav_samples(content: bytes) -> tuple[bytes, int, int]:
    """Return the samples of a WAV file of 32-bit floats, as `wav` takes them, its channels and its rate in Hz.

    Parameters
    ----------
    content : bytes
        Of the file, or its beginning.

    Returns
    -------
    samples : bytes
        Empty for a file of another kind.
    channels, rate : int

    Examples
    --------
    >>> wav_samples(wav(bytes(8), 2, 44100))[1:]
    (2, 44100)
    """
    position, channels, rate = 12, 0, 0
    while content[:4] == b"RIFF" and position + 8 <= len(content):
        kind, size = struct.unpack_from("<4sI", content, position)
        if kind == b"fmt " and position + 16 <= len(content):
            form, channels, rate = struct.unpack_from("<HHI", content, position + 8)
            if form == EXTENSIBLE and size >= 26 and position + 34 <= len(content):
                (form,) = struct.unpack_from("<H", content, position + 32)
            channels = channels if form == FLOAT else 0
        if kind == b"data" and channels:
            if size == 0 and int.from_bytes(content[4:8], "little") < len(content) - 8:
                size = len(content)  # it broke off before it was told its length
            samples = content[position + 8 : position + 8 + size]
            return samples[: len(samples) // (4 * channels) * 4 * channels], channels, rate
        position += 8 + size + size % 2
    return b"", max(1, channels), rate


def midi(tracks: Iterable[tuple[str, Notes]], tempo: float) -> bytes:
    """Return a MIDI file of several tracks at one tempo.

    Parameters
    ----------
    tracks : iterable of (str, notes)
        Each track's name and its notes: rows (pitch, velocity, start, end), times in seconds.
    tempo : float
        Quarter notes per minute.

    Examples
    --------
    >>> midi([("answer", [(60, 80, 0, 0.5)])], 120)[:4]
    b'MThd'
    """
    parts = [_track(name, notes, tempo) for name, notes in tracks]
    head = struct.pack(">HHH", 1, len(parts), TICKS_PER_QUARTER)
    return b"".join(
        _midi_chunk(kind, part) for kind, part in ((b"MThd", head), *((b"MTrk", p) for p in parts))
    )


def _track(name: str, notes: Notes, tempo: float) -> bytes:
    text = name.encode()
    microseconds = round(60e6 / tempo)
    track = b"\0\xff\x03" + _length(len(text)) + text
    track += b"\0\xff\x51\x03" + microseconds.to_bytes(3, "big")
    rows = list(notes)
    events = [(start, 1, int(pitch), int(velocity)) for pitch, velocity, start, _ in rows]
    events += [(end, 0, int(pitch), 0) for pitch, _, _, end in rows]
    now = 0
    for seconds, begins, pitch, velocity in sorted(events):
        tick = round(seconds * tempo / 60 * TICKS_PER_QUARTER)
        track += _length(tick - now) + bytes((0x90 if begins else 0x80, pitch & 127, velocity & 127))
        now = tick
    return track + b"\0\xff\x2f\0"


def _length(value: int) -> bytes:
    """Return a number as MIDI files have it: seven bits a byte, the last one without the highest bit."""
    digits = [value & 127]
    while value := value >> 7:
        digits.append(value & 127 | 128)
    return bytes(reversed(digits))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def _midi_chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack(">I", len(content)) + content
