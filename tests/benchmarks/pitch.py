"""Pitch trackers of day 2 against CREPE's full network, on the sung phrase and the instruments of the lesson.

pitch.yin    what plays live at a latency below 150 ms, frame by frame
pitch.swift  SwiftF0 on the whole sound

seconds is what tracking takes, reference_seconds what CREPE takes. agreement is the part of the frames that both hold
for a tone in which they are less than 50 cents apart; octave_errors, the part in which they are an octave or more
apart, give or take a semitone; voicing, the part of all frames in which both say tone, or neither.
"""

import functools
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("pyext_py3", "02_ddsp")]

from modelfiles.sounds import read_sound  # noqa: E402
from timbre_transfer.engine import pitch, yin  # noqa: E402
from timbre_transfer.features import prepare  # noqa: E402

SOUNDS = ("sung.wav", "starter_violin.flac", "starter_flute.flac")
SECONDS = 4  # of each


@functools.cache
def sounds():
    """Every sound at 16 kHz, and the seconds and the answer of CREPE."""
    found = []
    for name in SOUNDS:
        audio = prepare(*read_sound(ROOT / "02_ddsp/media" / name))[: SECONDS * pitch.SAMPLE_RATE]
        found.append((audio, *timed(lambda audio=audio: pitch.estimate(audio, "crepe-full"))))
    return found


def timed(work):
    """(seconds, what comes of it)."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def live(audio):
    """YIN, a frame at a time."""
    tracker, padded = yin.Tracker(), np.append(audio, np.zeros(yin.LOOKAHEAD, np.float32))
    frames = [tracker.track(piece) for piece in np.split(padded, range(64, len(padded), 64))]
    return np.concatenate(frames, axis=1)


def agreement(track):
    """How a tracker does."""
    tracks = [(timed(lambda audio=audio: track(audio)), seconds, known) for audio, seconds, known in sounds()]
    count = [min(len(found[0]), len(known[0])) for (_, found), _, known in tracks]
    f0_hz, confidence = np.concatenate(
        [np.array(found)[:, :n] for ((_, found), _, _), n in zip(tracks, count)], 1
    )
    known, certain = np.concatenate([np.array(one)[:, :n] for (_, _, one), n in zip(tracks, count)], 1)
    tone = (confidence >= 0.5) & (certain >= 0.5)
    cents = np.abs(1200 * np.log2(f0_hz[tone] / known[tone]))
    octaves = np.round(cents / 1200)
    return {
        "seconds": sum(seconds for (seconds, _), _, _ in tracks),
        "audio_seconds": float(SECONDS * len(SOUNDS)),
        "reference_seconds": sum(seconds for _, seconds, _ in tracks),
        "agreement": float(np.mean(cents < 50)),
        "octave_errors": float(np.mean((octaves > 0) & (np.abs(cents - 1200 * octaves) < 100))),
        "voicing": float(np.mean((confidence >= 0.5) == (certain >= 0.5))),
    }


RUNS = 1
BENCHMARKS = {
    "pitch.yin": lambda: agreement(live),
    "pitch.swift": lambda: agreement(pitch.estimate),
}
