"""Magenta's Melody RNN graphs for training and evaluation; environment `tensorflow`."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

import note_seq
import numpy as np
import tensorflow.compat.v1 as tf
from magenta.models.melody_rnn.melody_rnn_model import MelodyRnnConfig, MelodyRnnModel, default_configs
from magenta.models.melody_rnn.melody_rnn_sequence_generator import MelodyRnnSequenceGenerator
from tensorflow.python.framework import ops

from ...engine.encodings import ENCODINGS
from ..examples import inputs_of, pad
from ..held_out import per_event

# tf_slim 1.1 clips gradients with a name that TensorFlow moved in 2.13.
ops.IndexedSlices = tf.IndexedSlices

tf.logging.set_verbosity(tf.logging.ERROR)
tf.disable_v2_behavior()


def configuration(name: str, **hparams) -> MelodyRnnConfig:
    """A copy of magenta's configuration `name` with some hyperparameters changed."""
    config = copy.deepcopy(default_configs[name])
    config.hparams.override_from_dict(hparams)
    return config


class Predictor:
    """Says for each step of a melody how probable the network holds each event. A context manager."""

    def __init__(self, config: MelodyRnnConfig, checkpoint: str, batch_size: int = 32):
        """Of a checkpoint of a training run (path without its suffix)."""
        config = copy.deepcopy(config)
        config.hparams.batch_size = batch_size
        self._encoding = ENCODINGS[config.details.id]
        self._generator = _generator(config, checkpoint=checkpoint)
        self._generator.initialize()
        self._session = self._generator._model._session
        graph = self._session.graph
        self._inputs, self._temperature, self._softmax = (
            graph.get_collection(name)[0] for name in ("inputs", "temperature", "softmax")
        )

    def __enter__(self) -> Predictor:
        return self

    def __exit__(self, *_) -> None:
        self._generator.close()

    def event_probabilities(self, melodies: Sequence[Sequence[int]]) -> list[np.ndarray]:
        """For each melody, in the key and range of the configuration, what `HeldOut.score` asks for."""
        batch_size = self._inputs.shape[0]
        results = []
        for start in range(0, len(melodies), batch_size):
            batch = list(melodies[start : start + batch_size])
            filled = batch + batch[-1:] * (batch_size - len(batch))
            inputs = pad([inputs_of(self._encoding, np.asarray(melody))[:-1] for melody in filled])
            softmax = self._session.run(self._softmax, {self._inputs: inputs, self._temperature: 1.0})
            results += [
                per_event(self._encoding, rows[: len(melody) - 1].astype(np.float64), melody)
                for rows, melody in zip(softmax, batch)
            ]
        return results


def write_bundle(config: MelodyRnnConfig, checkpoint: str, path: Path, description: str) -> None:
    """Write a checkpoint as a `.mag` bundle, by magenta's own writer, ready to play one melody at a time."""
    config = copy.deepcopy(config)
    config.hparams.batch_size = 1
    with _generator(config, checkpoint=checkpoint) as generator:
        generator.create_bundle_file(str(path), description)


def continuation(
    config: MelodyRnnConfig, checkpoint: str, theme: list[int], steps: int, seed: int
) -> list[int]:
    """Events of `theme` and what the network of a checkpoint goes on with, `steps` in all."""
    config = copy.deepcopy(config)
    config.hparams.batch_size = 1
    np.random.seed(seed)  # magenta draws from numpy's own generator
    with _generator(config, checkpoint=checkpoint) as generator:
        return list(generator._model.generate_melody(steps, note_seq.Melody(theme)))


def _generator(config: MelodyRnnConfig, **source) -> MelodyRnnSequenceGenerator:
    return MelodyRnnSequenceGenerator(MelodyRnnModel(config), config.details, **source)
