"""DDSP models through the ddsp package itself: the reference, and for unusual models the only way.

Runs in the environment `tensorflow`. A gin file can call what ddsp registers with gin: only load models that you
trust.
"""

import os
import sys
import types

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


import numpy as np
from modelfiles.errors import UserError
from modelfiles.finding import latest

from .engine import configuration, statistics
from .engine.loudness import loudness_db as measure_loudness
from .engine.pitch import HOP_SIZE, SAMPLE_RATE
from .model import Instrument, ignore

# ddsp imports `crepe`, whose installation fetches weights from the internet; f0 comes from `engine.pitch` here.
sys.modules.setdefault("crepe", types.ModuleType("crepe"))

import ddsp.training  # noqa: E402
import gin  # noqa: E402
import tensorflow as tf  # noqa: E402


def read_folder(folder):
    """The model in a folder, played by ddsp; see model.load."""
    text = configuration.newest(folder).read_text(encoding="utf-8", errors="replace")
    for preprocessor, kind in (
        ("OnlineF0PowerPreprocessor", PowerModel),
        ("F0LoudnessPreprocessor", UpstreamModel),
    ):
        if preprocessor in text:
            return kind(folder, text)
    raise UserError("checkpoint", f"{folder.name} has no inputs for pitch and loudness")


class UpstreamModel(Instrument):
    """A model that the ddsp package computes."""

    engine = "upstream"
    needs_audio = True

    def __init__(self, folder, text):
        self.name, self._text, self._prefix = folder.name, text, str(latest(folder))
        self.statistics = statistics.load(folder)
        settings = configuration.parse(text)
        self.sample_rate = settings.get("Harmonic.sample_rate", SAMPLE_RATE)
        self.harmonics = dict(settings["RnnFcDecoder.output_splits"])["harmonic_distribution"]
        self._frames = self._model = None

    def generate(self, f0_hz, loudness_db, *, audio=None, seed=None, progress=ignore, breath=None):
        """See Instrument; breath is None. Where f0 is 0, ddsp's own oscillators stand still."""
        if seed is not None:
            tf.random.set_seed(seed)
        frames = len(f0_hz)
        sound = np.zeros(frames * HOP_SIZE) if audio is None else audio
        features = self._features(np.asarray(f0_hz), np.asarray(loudness_db), np.asarray(sound))
        features = {name: tf.constant(values[None].astype(np.float32)) for name, values in features.items()}
        if frames != self._frames:
            self._frames, self._model = frames, self._build(frames)
            self._model(features, training=False)
            tf.train.Checkpoint(model=self._model).restore(self._prefix).expect_partial()
        progress(0.3)
        sound = self._model(features, training=False)["audio_synth"].numpy()[0]
        return sound[: frames * HOP_SIZE * self.sample_rate // SAMPLE_RATE]

    def _features(self, f0_hz, loudness_db, sound):
        return {"f0_hz": f0_hz[:, None], "loudness_db": loudness_db[:, None], "audio": sound}

    def _build(self, frames):
        gin.clear_config()
        with gin.unlock_config():
            gin.parse_config(self._text, skip_unknown=True)
            gin.parse_config(["Harmonic.use_angular_cumsum = True", *self._sizes(frames)])
        return ddsp.training.models.get_model()

    def _sizes(self, frames):
        size = frames * HOP_SIZE * self.sample_rate // SAMPLE_RATE
        return [
            f"F0LoudnessPreprocessor.time_steps = {frames}",
            "F0LoudnessPreprocessor.compute_loudness = False",
            f"Harmonic.n_samples = {size}",
            f"FilteredNoise.n_samples = {size}",
        ]


class PowerModel(UpstreamModel):
    """A model like those for the VST plug-in: it measures the sound's power itself, in frames of its own.

    What the controls do to the loudness is done to the sound that it measures.
    """

    def __init__(self, folder, text):
        super().__init__(folder, text)
        settings = configuration.parse(text)
        self._hop = SAMPLE_RATE // settings.get("OnlineF0PowerPreprocessor.frame_rate", 250)
        self._per_frame = self._hop // HOP_SIZE

    def _features(self, f0_hz, loudness_db, sound):
        change = loudness_db - measure_loudness(sound)
        samples = self._hops(len(f0_hz)) * self._hop
        sound = sound * 10 ** (np.repeat(change, HOP_SIZE) / 20)
        f0_hz = np.append(f0_hz, f0_hz[-1:].repeat(samples // HOP_SIZE + 1 - len(f0_hz)))[:: self._per_frame]
        return {
            "audio": np.pad(sound, (0, samples - len(sound))),
            "f0_hz": f0_hz[:, None],
            "f0_confidence": np.ones_like(f0_hz),
        }

    def _hops(self, frames):
        return -(-frames // self._per_frame)

    def _sizes(self, frames):
        size = (self._hops(frames) + 1) * self._hop  # the last hop is cropped
        return [
            "OnlineF0PowerPreprocessor.compute_f0 = False",
            "OnlineF0PowerPreprocessor.crepe_saved_model_path = None",
            f"Harmonic.n_samples = {size}",
            f"FilteredNoise.n_samples = {size}",
        ]
