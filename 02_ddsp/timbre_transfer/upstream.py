"""DDSP models through the ddsp package itself: the reference, and for models with an encoder the only way.

Runs in the environment `tensorflow`. A gin file can call what ddsp registers with gin: only load models that you
trust.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from pathlib import Path

import numpy as np
from pdworker.checkpoints import latest

import timbre_transfer.upstream_mend  # noqa: F401  (before ddsp)
from timbre_transfer import configuration, statistics
from timbre_transfer.configuration import ConfigurationError
from timbre_transfer.loudness import HOP_SIZE, SAMPLE_RATE

import ddsp.training  # isort: skip
import gin
import tensorflow as tf


def load(folder):
    """The model in a folder, played by ddsp; see model.load."""
    folder = Path(folder)
    text = configuration.newest(folder).read_text(encoding="utf-8", errors="replace")
    if "F0LoudnessPreprocessor" not in text:
        raise ConfigurationError("it does not listen to f0 and loudness")
    return UpstreamModel(folder, text)


class UpstreamModel:
    """The same calls as model.TimbreModel."""

    engine = "upstream"

    def __init__(self, folder, text):
        self.name, self._text, self._prefix = folder.name, text, str(latest(folder))
        self.statistics = statistics.load(folder)
        settings = configuration.parse(text)
        self.sample_rate = settings.get("Harmonic.sample_rate", SAMPLE_RATE)
        self.harmonics = dict(settings["RnnFcDecoder.output_splits"])["harmonic_distribution"]
        self._frames = self._model = None

    def play(self, f0_hz, loudness_db, audio=None, seed=None, progress=lambda fraction: None):
        """See model.TimbreModel. Where f0 is 0, ddsp's own oscillators stand still."""
        if seed is not None:
            tf.random.set_seed(seed)
        frames = len(f0_hz)
        sound = np.zeros(frames * HOP_SIZE) if audio is None else audio
        features = {
            "f0_hz": np.asarray(f0_hz, np.float32)[None, :, None],
            "loudness_db": np.asarray(loudness_db, np.float32)[None, :, None],
            "audio": np.asarray(sound, np.float32)[None],
        }
        features = {name: tf.constant(values) for name, values in features.items()}
        if frames != self._frames:
            self._frames, self._model = frames, self._build(frames)
            self._model(features, training=False)
            tf.train.Checkpoint(model=self._model).restore(self._prefix).expect_partial()
        progress(0.3)
        return self._model(features, training=False)["audio_synth"].numpy()[0]

    def _build(self, frames):
        size = frames * HOP_SIZE * self.sample_rate // SAMPLE_RATE
        gin.clear_config()
        with gin.unlock_config():
            gin.parse_config(self._text, skip_unknown=True)
            gin.parse_config(
                [
                    f"F0LoudnessPreprocessor.time_steps = {frames}",
                    "F0LoudnessPreprocessor.compute_loudness = False",
                    f"Harmonic.n_samples = {size}",
                    "Harmonic.use_angular_cumsum = True",
                    f"FilteredNoise.n_samples = {size}",
                ]
            )
        return ddsp.training.models.get_model()
