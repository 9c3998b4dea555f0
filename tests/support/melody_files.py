"""Small music files for the tests of melody data sets and training, and how to run the programs that read them."""

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCALE = (60, 62, 64, 65, 67, 69, 71, 72)
ABC_NAMES = dict(zip(SCALE, "CDEFGABc"))


def tune(seed, notes=64):
    """A random but singable line of `notes` eighth notes as MIDI pitches."""
    rng = random.Random(seed)
    place, pitches = rng.randrange(len(SCALE)), []
    for _ in range(notes):
        place = min(max(place + rng.choice((-2, -1, 1, 2)), 0), len(SCALE) - 1)
        pitches.append(SCALE[place])
    return pitches


def abc(pitches, title="Tune", upbeat=0):
    """An ABC tune in 4/4 of eighth notes; `upbeat` notes come before the first bar line."""
    names = [ABC_NAMES[pitch] for pitch in pitches]
    bars = [names[:upbeat]] if upbeat else []
    bars += [names[start : start + 8] for start in range(upbeat, len(names), 8)]
    body = "|".join("".join(bar) for bar in bars)
    return f"X:1\nT:{title}\nM:4/4\nL:1/8\nK:C\n{body}|\n"


def musicxml(pitches):
    """A MusicXML score of one part in 4/4, of eighth notes."""
    notes = [
        f"<note><pitch><step>{ABC_NAMES[pitch].upper()}</step><octave>{pitch // 12 - 1}</octave></pitch>"
        "<duration>1</duration><type>eighth</type></note>"
        for pitch in pitches
    ]
    metre = "<time><beats>4</beats><beat-type>4</beat-type></time>"
    attributes = f"<attributes><divisions>2</divisions>{metre}</attributes>"
    measures = [
        f"<measure number='{start // 8 + 1}'>{'' if start else attributes}{''.join(notes[start : start + 8])}</measure>"
        for start in range(0, len(notes), 8)
    ]
    parts = "<part-list><score-part id='P1'><part-name>Song</part-name></score-part></part-list>"
    return f"<score-partwise>{parts}<part id='P1'>{''.join(measures)}</part></score-partwise>"


def midi(*voices):
    """A type 1 MIDI file at 120 beats a minute; each voice is a list of pitches or chords, played in eighths."""

    def chunk(name, content):
        return name + len(content).to_bytes(4, "big") + content

    end = b"\0\xff\x2f\0"
    tracks = [b"\0\xff\x51\x03\x07\xa1\x20" + b"\0\xff\x58\x04\x04\x02\x18\x08" + end]
    for channel, voice in enumerate(voices):
        events = bytearray()
        for pitches in voice:
            chord = pitches if isinstance(pitches, tuple) else (pitches,)
            for pitch in chord:
                events += bytes((0, 0x90 | channel, pitch, 80))
            for wait, pitch in zip((48, *[0] * len(chord)), chord):
                events += bytes((wait, 0x80 | channel, pitch, 0))
        tracks.append(bytes(events) + end)
    header = (1).to_bytes(2, "big") + len(tracks).to_bytes(2, "big") + (96).to_bytes(2, "big")
    return chunk(b"MThd", header) + b"".join(chunk(b"MTrk", track) for track in tracks)


def command(*arguments):
    """Arguments and environment for `subprocess` to run Python with day 1's package."""
    path = os.pathsep.join(str(ROOT / folder) for folder in ("01_ai_duet", "pyext_py3", "setup"))
    environment = {
        **os.environ,
        "PYTHONPATH": path,
        "PYTHONUNBUFFERED": "1",
        "XDG_DATA_HOME": str(Path(tempfile.gettempdir(), "dlwa-test-records")),  # not among the user's runs
    }
    words = [sys.executable, *map(str, arguments)]
    return {"args": words, "env": environment}


def run(module, *arguments):
    """Run a program of day 1 to its end: exit code, what it printed, its errors."""
    return subprocess.run(**command("-m", module, *arguments), capture_output=True, text=True, timeout=300)
