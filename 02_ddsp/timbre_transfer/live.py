"""Timbre transfer while somebody plays, piece by piece; in a child process of the worker process."""

from dataclasses import replace

import numpy as np
from modelfiles.bending import TOO_FAR
from modelfiles.resample import ShortResampler
from pdworker.serving.live import StreamForm

from . import controls
from .engine import pitch, yin
from .engine.breath import Shares, gains
from .engine.dynamics import Dynamics
from .engine.loudness import FFT_SIZE, of_power, power, windows_of
from .engine.pitch import HOP_SIZE, SAMPLE_RATE
from .engine.timbre_model import Performance
from .features import Features
from .keys import Keys

WINDOW = 4096  # samples that the pitch estimator gets at once
QUICK_BELOW_MS = 150  # latencies that leave SwiftF0 no time: YIN takes its place
HALF_A_WINDOW = FFT_SIZE // 2  # of loudness


class StreamingFeatureExtractor:
    """Features of a sound that comes in pieces; loudness is exactly what the whole sound would give.

    Attributes
    ----------
    piece : int
        Samples at 16 kHz that it is worth to give it at once.
    lookahead : int
        Samples that must follow a frame before it counts: with fewer, pitch is often mistaken.
    """

    piece, lookahead = pitch.SWIFT_HOP, 1024

    def __init__(self):
        self._sound = np.zeros(0, np.float32)
        self._begin = 0  # of what is kept, in samples from the beginning
        self._frames_done = 0

    def extract(self, audio):
        """Features of the frames that a piece of mono audio at 16 kHz has completed (perhaps none)."""
        self._sound = np.concatenate([self._sound, audio])
        frames = self._complete(self._begin + len(self._sound)) - self._frames_done
        if frames <= 0:
            self._pitch(audio, 0, 0)
            return Features(*np.zeros((3, 0)))
        first = self._frames_done - self._begin // HOP_SIZE
        f0_hz, confidence = self._pitch(audio, first, frames)
        before = min(first, HALF_A_WINDOW // HOP_SIZE)
        windows = windows_of(self._sound[(first - before) * HOP_SIZE :])
        spectra = power(windows[before : before + frames])
        self._frames_done += frames
        self._drop(max(0, len(self._sound) - WINDOW) // pitch.SWIFT_HOP * pitch.SWIFT_HOP)
        return Features(f0_hz, confidence, of_power(spectra), spectra)

    def _complete(self, end):
        """How many frames so many samples complete."""
        return (end - self.lookahead) // HOP_SIZE

    def _pitch(self, audio, first, frames):
        """(f0_hz, confidence) of the frames from `first` on, counted in the sound that is kept."""
        if not frames:
            return None
        return tuple(curve[first : first + frames] for curve in pitch.estimate(self._sound))

    def _drop(self, samples):
        self._sound, self._begin = self._sound[samples:], self._begin + samples


class QuickFeatureExtractor(StreamingFeatureExtractor):
    """The same with a pitch from YIN, which waits for a quarter of the time."""

    piece, lookahead = HOP_SIZE, yin.LOOKAHEAD

    def __init__(self):
        super().__init__()
        self._tracker = yin.Tracker()

    def _complete(self, end):
        return (end - self.lookahead) // HOP_SIZE + 1

    def _pitch(self, audio, first, frames):
        return self._tracker.track(audio)


class LiveInstrument:
    """An instrument on a stream, see `pdworker.serving.live`.

    Parameters
    ----------
    instrument : timbre_transfer.engine.timbre_model.TimbreModel
    milliseconds : float
        The latency asked for; what comes of it is as near as the model allows.
    controls : timbre_transfer.controls.Controls
        May be replaced while it plays (adjust needs a whole phrase, so there is none).

    Attributes
    ----------
    keys : Keys
    by_keys : bool
        Whether these are played, not the sound; may be changed while it plays.
    report : callable
        report(name, values) sends an event to Pd.
    """

    def __init__(self, instrument, milliseconds, controls, by_keys=False, report=lambda name, values: None):
        self._report, self._dead = report, False
        self.instrument, self.milliseconds, self.controls = instrument, milliseconds, controls
        statistics = instrument.statistics
        self.keys = Keys(None if statistics is None else statistics.loudness_quantiles)
        self.by_keys = by_keys

    def change(self, midi=None, bend=None, vibrato=None, **settings):
        """Change what is given: midi plays the keys, bend and vibrato are theirs, settings are those of Controls."""
        self.controls = replace(self.controls, **settings)
        self.by_keys = self.by_keys if midi is None else midi
        self.keys.bend = self.keys.bend if bend is None else bend
        self.keys.vibrato = self.keys.vibrato if vibrato is None else vibrato

    def press(self, keys):
        """Press keys, (pitch, velocity) each, or let them go where the velocity is 0."""
        for key in keys:
            self.keys.press(*key)

    def bend_layers(self, bends):
        """Bend the network in just these ways."""
        self.instrument.bending.put(bends)

    def tell_whether_dead(self, dead):
        """Report, once, that the network is bent until it answers no numbers."""
        if dead and not self._dead:
            self._report("warning", {"message": f"{TOO_FAR}: restore it"})
        self._dead = dead

    def make_chain(self, form: StreamForm, measuring: bool) -> "Chain":
        """Return a fresh chain for a stream."""
        return Chain(self, form.sample_rate, form.outputs)

    def describe(self, form: StreamForm) -> dict:
        """Return nothing besides the latency."""
        return {}


def in_child(instrument, milliseconds, settings, pulse, report):
    """A LiveInstrument in the child process that plays it, with settings as `change` takes them."""
    with pulse.busy():
        pitch.begin_anew()
        made = LiveInstrument(instrument, milliseconds, controls.Controls(adjust=False), report=report)
        made.change(**settings)
        made.make_chain(StreamForm(SAMPLE_RATE, HOP_SIZE, 1, 1), True).process(
            np.zeros((1, WINDOW), np.float32)
        )
    return made


class Chain:
    """Everything between Pd's inlet and its outlets, at Pd's sample rate; what comes out is in step with the input."""

    def __init__(self, live_instrument, host_rate, outputs=1):
        instrument, milliseconds = live_instrument.instrument, live_instrument.milliseconds
        extractor = QuickFeatureExtractor if milliseconds < QUICK_BELOW_MS else StreamingFeatureExtractor
        self.piece, self.compute_frames = shares(extractor, milliseconds, host_rate)
        self._live, self._outputs = live_instrument, outputs
        self._into = ShortResampler(host_rate, SAMPLE_RATE, 1)
        self._out = ShortResampler(instrument.sample_rate, host_rate, 1)
        self._extractor, self._performance = extractor(), Performance(instrument)
        self._dynamics = Dynamics(instrument.sample_rate, instrument.hop)
        self._shares = Shares()

    def process(self, audio):
        """float32 [inputs, n] to [outputs, m]; over time as many come out as go in."""
        mono = np.nan_to_num(audio.mean(0), nan=0.0, posinf=0.0, neginf=0.0)
        found = self._extractor.extract(*self._into.process(mono[np.newaxis]))
        if not len(found):
            return np.zeros((self._outputs, 0), np.float32)
        if self._live.by_keys:
            found = self._live.keys.features(len(found))
        sound = self._play(found, self._live.controls)
        self._live.tell_whether_dead(self._performance.dead)
        return np.tile(self._out.process(sound[np.newaxis]), (self._outputs, 1))

    def _play(self, found, settings):
        """The next piece of sound for the next frames."""
        f0_hz, loudness = controls.apply(found, settings)
        if self._live.by_keys:
            return self._performance(f0_hz, loudness)
        instrument = self._live.instrument
        breath = gains(found.power, instrument.noise_bands, instrument.sample_rate)
        sound = self._performance(f0_hz, loudness, breath=(breath, self._shares(f0_hz, settings.breath)))
        return self._dynamics(sound, found.loudness_db, settings.dynamics)


def shares(extractor, milliseconds, host_rate):
    """(samples to take at once, samples in which to compute) for a latency of about so many milliseconds."""
    piece = smallest = extractor.piece * host_rate // SAMPLE_RATE
    left = round(milliseconds / 1000 * host_rate) - always_held_back(extractor, host_rate)
    if extractor is StreamingFeatureExtractor:  # whose every call costs the same
        piece = max(smallest, left // 2)
    return piece, max(smallest, left - piece)


def always_held_back(extractor, host_rate):
    """Samples that are held back whatever the piece: features look ahead, frames are whole, filters wait.

    A frame is played when the next one is known, and the noise's filter waits for less than another. The resamplers
    wait for 16 samples of the lower rate each.
    """
    frames = extractor.lookahead + 2 * HOP_SIZE
    return (frames if host_rate == SAMPLE_RATE else frames + 32) * host_rate // SAMPLE_RATE
