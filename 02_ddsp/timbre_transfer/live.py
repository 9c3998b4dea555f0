"""Timbre transfer while somebody plays: Pd's sound in piece by piece, the instrument's sound out."""

import threading
import time

import numpy as np
import soxr
from pdworker.serving.audio_stream import Stream

from timbre_transfer import controls
from timbre_transfer.engine import pitch
from timbre_transfer.engine.loudness import FFT_SIZE, loudness_db
from timbre_transfer.engine.pitch import HOP_SIZE, SAMPLE_RATE
from timbre_transfer.features import Features
from timbre_transfer.model import Performance

WINDOW = 4096  # samples that the pitch estimator hears at once
SMALLEST_PIECE = pitch.SWIFT_HOP
LOOKAHEAD = 1024  # samples that must follow a frame before it is heard: with fewer, pitch is often mistaken
HALF_A_WINDOW = FFT_SIZE // 2  # of loudness
RESAMPLING = "MQ"  # its filter waits for some 200 samples
IDLE = 0.05  # seconds between two looks while Pd's sound is off
PATIENCE = 1.0  # seconds for Pd to set the latency


class Ear:
    """Features of a sound that comes in pieces; loudness is exactly what the whole sound would give."""

    def __init__(self):
        self._sound = np.zeros(0, np.float32)
        self._begin = 0  # of what is kept, in samples from the beginning
        self._heard = 0  # frames

    def take(self, audio):
        """Features of the frames that a piece of mono audio at 16 kHz has completed (perhaps none)."""
        self._sound = np.concatenate([self._sound, audio])
        end = self._begin + len(self._sound)
        frames = max(0, (end - LOOKAHEAD) // HOP_SIZE - self._heard)
        if not frames:
            return Features(*np.zeros((3, 0)))
        first = self._heard - self._begin // HOP_SIZE
        f0_hz, confidence = (curve[first : first + frames] for curve in pitch.estimate(self._sound))
        before = min(first, HALF_A_WINDOW // HOP_SIZE)
        loudness = loudness_db(self._sound[(first - before) * HOP_SIZE :])[before : before + frames]
        self._heard += frames
        self._forget(max(0, len(self._sound) - WINDOW) // pitch.SWIFT_HOP * pitch.SWIFT_HOP)
        return Features(f0_hz, confidence, loudness.astype(np.float64))

    def _forget(self, samples):
        self._sound, self._begin = self._sound[samples:], self._begin + samples


class Chain:
    """Everything between Pd's inlet and its outlet, at Pd's sample rate; what comes out is in step with what goes in.

    settings: Controls, which may be replaced while it plays (adjust needs a whole phrase, so there is none).
    """

    def __init__(self, player, host_rate, settings):
        self.settings = settings
        self._into, self._out = resampler(host_rate, SAMPLE_RATE), resampler(player.sample_rate, host_rate)
        self._ear, self._performance = Ear(), Performance(player)

    def take(self, audio):
        """float32 [n] to float32 [m]; over time as many come out as go in."""
        heard = self._ear.take(self._into(np.nan_to_num(audio, nan=0.0, posinf=0.0, neginf=0.0)))
        if not len(heard):
            return np.zeros(0, np.float32)
        return self._out(self._performance(*controls.apply(heard, self.settings)))


def resampler(rate, new_rate):
    """A function that changes the sample rate of one piece after the other."""
    if rate == new_rate:
        return lambda audio: audio
    stream = soxr.ResampleStream(rate, new_rate, 1, "float32", RESAMPLING)
    return lambda audio: stream.resample_chunk(np.ascontiguousarray(audio, np.float32))


def held_back(chain, piece, pieces=40):
    """How many samples a new chain holds back at most between pieces of this size, its own piece included."""
    most = into = out = 0
    for _ in range(pieces):
        most = max(most, into + piece - out)
        into += piece
        out += len(chain.take(np.zeros(piece, np.float32)))
    return most


def piece_size(milliseconds, host_rate):
    """Samples to take at once for a latency of about so many milliseconds: a piece to wait for, one to compute in."""
    smallest = SMALLEST_PIECE * host_rate // SAMPLE_RATE
    fixed = held_back_by_all(host_rate)
    return max(smallest, round((milliseconds / 1000 * host_rate - fixed) / 2))


def held_back_by_all(host_rate):
    """Samples that are held back whatever the piece: the ear looks ahead, frames are whole, filters wait."""
    waiting = (LOOKAHEAD + 4 * HOP_SIZE) * host_rate // SAMPLE_RATE
    return waiting if host_rate == SAMPLE_RATE else waiting + 400 * host_rate // SAMPLE_RATE


class Live(threading.Thread):
    """The player on a stream of Pd's, until `end`.

    latency: frames that Pd must wait for, None until Pd's sound is on; error: what ended it, or "".
    """

    def __init__(self, player, path, milliseconds, settings):
        super().__init__(daemon=True)
        self.latency, self.block, self.error = None, 1, ""
        self.settings = settings
        self._player, self._path, self._milliseconds = player, path, milliseconds
        self._ended = threading.Event()
        self.start()

    def end(self):
        """Stop, and wait until it has."""
        self._ended.set()
        self.join()

    def run(self):
        try:
            while not self._ended.is_set():
                self._play(*self._begin())
        except Exception as error:  # a thread has nobody else to tell
            self.error = f"{type(error).__name__}: {error}"

    def _begin(self):
        """Wait for Pd's sound and for the latency; return (stream, piece)."""
        stream = Stream(self._path)
        while not stream.sample_rate and not self._ended.wait(IDLE):
            pass
        rate, self.block = stream.sample_rate, stream.block_size
        if not rate:
            return stream, 0
        piece = piece_size(self._milliseconds, rate)
        needed = held_back(Chain(self._player, rate, self.settings), piece) + piece
        self.latency = -(-needed // self.block) * self.block
        deadline = time.monotonic() + PATIENCE
        while stream.latency != self.latency and time.monotonic() < deadline:
            self._ended.wait(IDLE / 5)
        return Stream(self._path), piece  # from this moment on

    def _play(self, stream, piece):
        begun, skipped = stream.restarts, None
        while stream.restarts == begun and not self._ended.is_set():
            audio = stream.read(piece, IDLE)
            if stream.skipped != skipped:
                chain, skipped = Chain(self._player, stream.sample_rate, self.settings), stream.skipped
            if audio is not None:
                chain.settings = self.settings
                made = chain.take(audio.mean(0))
                stream.write(np.tile(made, (stream.outputs, 1)))
