"""Timbre transfer while somebody plays, piece by piece; on the live thread of the worker process."""

import numpy as np
from modelfiles.resample import StreamResampler
from pdworker.serving.live import StreamForm

from . import controls
from .engine import pitch
from .engine.loudness import FFT_SIZE, loudness_db
from .engine.pitch import HOP_SIZE, SAMPLE_RATE
from .engine.timbre_model import Performance
from .features import Features

WINDOW = 4096  # samples that the pitch estimator gets at once
SMALLEST_PIECE = pitch.SWIFT_HOP
LOOKAHEAD = 1024  # samples that must follow a frame before it counts: with fewer, pitch is often mistaken
HALF_A_WINDOW = FFT_SIZE // 2  # of loudness


class StreamingFeatureExtractor:
    """Features of a sound that comes in pieces; loudness is exactly what the whole sound would give."""

    def __init__(self):
        self._sound = np.zeros(0, np.float32)
        self._begin = 0  # of what is kept, in samples from the beginning
        self._frames_done = 0

    def extract(self, audio):
        """Features of the frames that a piece of mono audio at 16 kHz has completed (perhaps none)."""
        self._sound = np.concatenate([self._sound, audio])
        end = self._begin + len(self._sound)
        frames = max(0, (end - LOOKAHEAD) // HOP_SIZE - self._frames_done)
        if not frames:
            return Features(*np.zeros((3, 0)))
        first = self._frames_done - self._begin // HOP_SIZE
        f0_hz, confidence = (curve[first : first + frames] for curve in pitch.estimate(self._sound))
        before = min(first, HALF_A_WINDOW // HOP_SIZE)
        loudness = loudness_db(self._sound[(first - before) * HOP_SIZE :])[before : before + frames]
        self._frames_done += frames
        self._drop(max(0, len(self._sound) - WINDOW) // pitch.SWIFT_HOP * pitch.SWIFT_HOP)
        return Features(f0_hz, confidence, loudness.astype(np.float64))

    def _drop(self, samples):
        self._sound, self._begin = self._sound[samples:], self._begin + samples


class LiveInstrument:
    """An instrument on a stream, see `pdworker.serving.live`.

    Parameters
    ----------
    instrument : timbre_transfer.engine.timbre_model.TimbreModel
    milliseconds : float
        The latency asked for; what comes of it is as near as the model allows.
    controls : timbre_transfer.controls.Controls
        May be replaced while it plays (adjust needs a whole phrase, so there is none).
    """

    def __init__(self, instrument, milliseconds, controls):
        self.instrument, self.milliseconds, self.controls = instrument, milliseconds, controls

    def make_chain(self, form: StreamForm, measuring: bool) -> "Chain":
        """Return a fresh chain for a stream."""
        return Chain(self, form.sample_rate, form.outputs)

    def describe(self, form: StreamForm) -> dict:
        """Return nothing besides the latency."""
        return {}


class Chain:
    """Everything between Pd's inlet and its outlets, at Pd's sample rate; what comes out is in step with the input."""

    def __init__(self, live_instrument, host_rate, outputs=1):
        instrument = live_instrument.instrument
        self.piece = self.compute_frames = piece_size(live_instrument.milliseconds, host_rate)
        self._live, self._outputs = live_instrument, outputs
        self._into = StreamResampler(host_rate, SAMPLE_RATE, 1)
        self._out = StreamResampler(instrument.sample_rate, host_rate, 1)
        self._extractor, self._performance = StreamingFeatureExtractor(), Performance(instrument)

    def process(self, audio):
        """float32 [inputs, n] to [outputs, m]; over time as many come out as go in."""
        mono = np.nan_to_num(audio.mean(0), nan=0.0, posinf=0.0, neginf=0.0)
        found = self._extractor.extract(*self._into.process(mono[np.newaxis]))
        if not len(found):
            return np.zeros((self._outputs, 0), np.float32)
        sound = self._performance(*controls.apply(found, self._live.controls))
        return np.tile(self._out.process(sound[np.newaxis]), (self._outputs, 1))


def piece_size(milliseconds, host_rate):
    """Samples to take at once for a latency of about so many milliseconds: a piece to wait for, one to compute in."""
    smallest = SMALLEST_PIECE * host_rate // SAMPLE_RATE
    return max(smallest, round((milliseconds / 1000 * host_rate - always_held_back(host_rate)) / 2))


def always_held_back(host_rate):
    """Samples that are held back whatever the piece: features look ahead, frames are whole, filters wait."""
    waiting = (LOOKAHEAD + 4 * HOP_SIZE) * host_rate // SAMPLE_RATE
    return waiting if host_rate == SAMPLE_RATE else waiting + 400 * host_rate // SAMPLE_RATE
