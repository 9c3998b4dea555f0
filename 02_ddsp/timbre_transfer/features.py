"""What a model hears of a sound: pitch, confidence and loudness, 250 times a second."""

from dataclasses import dataclass

import numpy as np
from modelfiles.errors import UserError
from modelfiles.resample import resample

from .engine import pitch
from .engine.loudness import loudness_db
from .engine.pitch import HOP_SIZE, SAMPLE_RATE

SHORTEST_S, LONGEST_S = 0.1, 600.0
AUDIBLE = 10 ** (-50 / 20)  # the peak that a sound has at least
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 4000, 384000


@dataclass(frozen=True)
class Features:
    """Curves of equal length, float64 [T] at 250 frames a second; confidence 0.5 and more means a tone.

    power: spectra [T, bins] as `engine.loudness.power` gives them, while somebody plays.
    """

    f0_hz: np.ndarray
    confidence: np.ndarray
    loudness_db: np.ndarray
    power: np.ndarray | None = None

    def __len__(self):
        return len(self.f0_hz)


def prepare(audio, sample_rate):
    """Mono audio at the 16 kHz of feature extraction, without offset, without NaN, of whole hops.

    audio: float [samples] or [samples, channels]; sample_rate: Hz.
    Raises UserError when the sound is empty, shorter than 0.1 s, longer than 10 minutes, or not at an audio rate.
    """
    audio = np.asarray(audio, np.float32)
    if audio.ndim == 2:
        audio = audio.mean(1)
    if not LOWEST_RATE_HZ <= sample_rate <= HIGHEST_RATE_HZ:
        raise UserError("sound", f"{sample_rate:g} Hz is no sample rate of a sound")
    if not audio.size:
        raise UserError("sound", "the sound is empty: open a file or record something first")
    seconds = len(audio) / sample_rate
    if seconds < SHORTEST_S:
        what = f"the sound is {seconds:.3f} seconds long, too short: it takes {SHORTEST_S} seconds"
        raise UserError("sound", what, "open a file or record something first")
    if seconds > LONGEST_S:
        raise UserError(
            "sound", f"the sound is {seconds:.0f} seconds long, too long: at most {LONGEST_S:.0f} seconds"
        )
    audio = np.nan_to_num(audio, nan=0.0, posinf=0.0, neginf=0.0)
    audio = resample(audio - audio.mean(), sample_rate, SAMPLE_RATE)
    return audio[: len(audio) // HOP_SIZE * HOP_SIZE]


def require_audible(audio):
    """Raise UserError when a sound that `prepare` has made is silent: adjusted, it would be a loud drone."""
    if np.abs(audio).max(initial=0) < AUDIBLE:
        raise UserError(
            "sound", "the sound is silent", "open or record another one; is the microphone the right one?"
        )


def extract(audio, estimator=pitch.DEFAULT, progress=lambda fraction: None):
    """Features of a sound that `prepare` has made."""
    f0_hz, confidence = pitch.estimate(audio, estimator, progress)
    return Features(f0_hz, confidence, loudness_db(audio).astype(np.float64))
