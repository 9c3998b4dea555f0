"""The worker process of timbre transfer: the calls that the Pd objects of day 2 make.

Sounds stay here: features are extracted once, and a moved control makes the sound anew from them.
"""

import contextlib
import hashlib
import os
from pathlib import Path

import numpy as np
import soundfile
from modelfiles.errors import UserError
from modelfiles.overview import overview
from modelfiles.resample import resample
from modelfiles.sounds import read_sound
from pdworker.serving.bendable import BendableWorker
from pdworker.serving.server import serve
from pdworker.serving.supervisor import NotPlaying, Supervisor

from . import features, model, picture
from .controls import Controls
from .engine.pitch import DEFAULT, SAMPLE_RATE, estimate

PEAK = 0.9
SOUNDS_REMEMBERED = 4  # whose features are kept

with contextlib.suppress(ImportError):  # the environment of the engine "upstream" has no torch
    import torch

    torch.set_num_threads(1)  # the small products of a GRU wait for each other's threads


class Worker(BendableWorker):
    """Loads a model, and plays sounds with it, at once or live; the public methods are the calls.

    Parameters
    ----------
    instrument : timbre_transfer.model.Instrument, optional
        A model that is loaded already.
    """

    def __init__(self, instrument=None):
        self._instrument = instrument
        self._features = {}  # of the latest sounds: (digest, rate, estimator) to (audio, Features)
        self._supervisor = None  # of what plays live
        self._settings = {}  # its, see live.LiveInstrument.change

    def load(self, job, *, checkpoint="starter_violin", folders=(), engine="small"):
        """Load a model's folder (or a file in it) by name; returns facts about it."""
        job.progress(0.3, "reading the model")
        instrument = model.load(checkpoint, engine, folders=folders)
        job.progress(0.7, "warming up")
        warm_up(instrument)
        self._instrument = instrument
        self._bending = getattr(instrument, "bending", None)
        return {
            "name": instrument.name,
            "rate": instrument.sample_rate,
            "harmonics": instrument.harmonics,
            "adjustable": int(instrument.statistics is not None),
            "engine": instrument.engine,
            "layers": self._layers(),
        }

    def transfer(self, job, *, rate, out_rate, arrays, estimator=DEFAULT, seed=0, **settings):
        """Play a sound with the model: arrays [audio] at `rate`.

        settings: those of Controls. Returns [audio at out_rate, and pictures: its wave, then pitch (MIDI) and
        loudness (dB) of the input, then of the output].
        """
        instrument = self._require_model()
        audio, found = self._extract_features(job, np.asarray(arrays[0], np.float32), rate, estimator)
        job.progress(0.6, "playing")
        sound, f0_hz, loudness = instrument.play(
            found,
            Controls(**settings),
            audio,
            seed=seed,
            progress=lambda part: job.progress(0.6 + 0.4 * part, "playing"),
        )
        sound = normalize(resample(sound, instrument.sample_rate, out_rate))
        voiced = found.confidence >= 0.5
        pictures = [
            overview(sound, picture.COLUMNS),
            picture.pitch(np.where(voiced, found.f0_hz, 0)),
            picture.loudness(found.loudness_db),
            picture.pitch(f0_hz),
            picture.loudness(loudness),
        ]
        return {"rate": out_rate, "voiced": float(np.mean(voiced))}, [sound, *pictures]

    def play(self, job, *, stream, milliseconds, **settings):
        """Play live on a stream of Pd's; how it goes is reported by events, see `serving.live`.

        settings: see `live.LiveInstrument.change`.
        """
        instrument = self._require_model()
        if instrument.needs_audio:
            raise UserError("checkpoint", f"{instrument.name} cannot play live", "it needs whole sounds")
        from . import live  # needs torch

        if self._supervisor is not None:
            self._supervisor.end()
        self._settings = settings
        self._supervisor = Supervisor(
            stream,
            lambda pulse, report: live.in_child(instrument, milliseconds, self._settings, pulse, report),
        )
        return {}

    def change(self, job, **settings):
        """Change the settings of what plays live, and of what takes its place."""
        self._settings = {**self._settings, **settings}
        self._call_playing("change", **settings)
        return {}

    def press(self, job, *, keys):
        """Press keys of what plays live, (pitch, velocity) each, or let them go where the velocity is 0."""
        self._call_playing("press", keys=keys)
        return {}

    def _network_bent(self, bends):
        self._call_playing("bend_layers", bends=[list(bend) for bend in bends])

    def _call_playing(self, name, **arguments):
        """Let what plays answer a call, if there is anything."""
        with contextlib.suppress(NotPlaying):
            if self._supervisor is not None:
                self._supervisor.call(name, **arguments)

    def draw(self, job, *, arrays):
        """Return [the picture of a sound's wave]."""
        return {}, [overview(arrays[0], picture.COLUMNS)]

    def read_sound(self, job, *, path):
        """Read a sound file: [audio, picture of its wave], its channels mixed, at its own sample rate."""
        audio, rate = read_sound(path, longest_s=features.LONGEST_S)
        return {"rate": rate, "name": Path(path).name}, [audio, overview(audio, picture.COLUMNS)]

    def write_sound(self, job, *, path, rate, arrays):
        """Write a sound to a WAV file (24 bits)."""
        try:
            soundfile.write(path, np.asarray(arrays[0]), round(rate), subtype="PCM_24")
        except soundfile.SoundFileError as error:
            raise UserError("file", str(error)) from None
        return {"path": os.fspath(path)}

    def _require_model(self):
        if self._instrument is None:
            raise UserError("state", "no model is loaded", "load one first")
        return self._instrument

    def _extract_features(self, job, audio, rate, estimator):
        """(audio at 16 kHz, Features) of a sound, remembered where it is one of the latest."""
        key = hashlib.blake2b(audio.tobytes()).digest(), rate, estimator
        if key not in self._features:
            job.progress(0.05, "listening")
            sound = features.prepare(audio, rate)
            features.require_audible(sound)
            self._features[key] = (
                sound,
                features.extract(sound, estimator, lambda part: job.progress(0.05 + 0.5 * part, "listening")),
            )
            while len(self._features) > SOUNDS_REMEMBERED:
                self._features.pop(next(iter(self._features)))
        return self._features[key]


def warm_up(instrument):
    """Make an instrument's first transfer as fast as all others."""
    with contextlib.suppress(UserError):  # raised again when it matters
        estimate(np.zeros(SAMPLE_RATE // 4, np.float32))
    instrument.generate(np.full(8, 220.0), np.full(8, -30.0), seed=0)


def normalize(audio):
    """Audio with its peak at 0.9; silence stays silent."""
    peak = np.abs(audio).max(initial=0)
    return (audio * (PEAK / peak)).astype(np.float32) if peak > 1e-6 else np.asarray(audio, np.float32)


if __name__ == "__main__":
    serve(Worker())
