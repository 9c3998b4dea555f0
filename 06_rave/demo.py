"""Day 6 without a window: real Pd plays a few notes through the starter in the day's patch, live, and records it."""

import math
import time
import wave
from array import array
from pathlib import Path

from dlwakit.pdtools.pd_session import PatchObject, PdSession, wait_for_sound
from dlwakit.pdtools.png import waveform, write_png

HERE = Path(__file__).resolve().parent
STARTER = "starter_drums"
NOTES = (45, 52, 57, 60, 64, 57, 52, 48, 45)
NOTE, TAIL = 0.7, 1.5  # seconds
RATE = 48000
WIDTH = 600  # of one sound in the picture


def demo(out_dir, **session):
    """Write the notes, what the starter makes of them, and a picture of both.

    session: options for the PdSession. Returns the files; raises RuntimeError with what went wrong.
    """
    notes, played, picture = (Path(out_dir, name) for name in ("notes.wav", "rave.wav", "rave.png"))
    played.unlink(missing_ok=True)
    write_notes(notes)
    with PdSession([HERE / "rave.pd"], listen=["rave-out"], **session) as pd:
        patch = PatchObject(pd, "rave")
        patch.load(STARTER)
        patch.expect("alive", 1)
        patch.send("press", "record-file", str(played))
        patch.send("press", "open-sound", str(notes))
        time.sleep(NOTE * len(NOTES) + TAIL)
        patch.send("press", "record-file", "stop")
        patch.expect("saved")
        wait_for_sound(played)
    write_png(picture, [row for file in (notes, played) for row in waveform(overview(file))])
    return [notes, played, picture]


def write_notes(file):
    """Write the notes: sawtooths that begin at once and die away."""
    samples = array("h")
    for note in NOTES:
        frequency, phase = 440 * 2 ** ((note - 69) / 12) / RATE, 0.0
        for place in range(round(NOTE * RATE)):
            phase = (phase + frequency) % 1
            samples.append(round(24000 * (phase - 0.5) * math.exp(-5 * place / RATE)))
    with wave.open(str(file), "wb") as sound:
        sound.setparams((1, 2, RATE, 0, "NONE", ""))
        sound.writeframes(samples.tobytes())


def overview(file):
    """The lowest and the highest value of the first channel in turn, for each column. RuntimeError for silence."""
    with wave.open(str(file)) as sound:
        width, channels = sound.getsampwidth(), sound.getnchannels()
        samples = array("b", sound.readframes(sound.getnframes())[width - 1 :: width * channels])  # top bytes
    loudest = max(map(abs, samples))
    if loudest < 3:
        raise RuntimeError(f"{file.name} is silent: run setup/dlwa doctor")
    stretch = len(samples) // WIDTH
    pieces = [samples[start : start + stretch] for start in range(0, stretch * WIDTH, stretch)]
    return [edge(piece) / loudest for piece in pieces for edge in (min, max)]
