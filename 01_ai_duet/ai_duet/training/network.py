"""Magenta's Melody RNN graphs for training and evaluation; environment `tensorflow`."""

from __future__ import annotations

import copy
from pathlib import Path

import note_seq
import numpy as np
import tensorflow.compat.v1 as tf
from magenta.models.melody_rnn.melody_rnn_model import MelodyRnnConfig, MelodyRnnModel, default_configs
from magenta.models.melody_rnn.melody_rnn_sequence_generator import MelodyRnnSequenceGenerator
from magenta.models.shared import sequence_generator_bundle
from tensorflow.python.framework import ops

from ..engine.events import NOTE_OFF
from .melodies import Melody

# tf_slim 1.1 clips gradients with a name that TensorFlow moved in 2.13.
ops.IndexedSlices = tf.IndexedSlices

tf.logging.set_verbosity(tf.logging.ERROR)
tf.disable_v2_behavior()


def configuration(name: str, **hparams) -> MelodyRnnConfig:
    """A copy of magenta's configuration `name` with some hyperparameters changed."""
    config = copy.deepcopy(default_configs[name])
    config.hparams.override_from_dict(hparams)
    return config


def squashed(melody: Melody, config: MelodyRnnConfig, transpose: int = 0) -> note_seq.Melody:
    """The melody, moved by `transpose` semitones, then into the configuration's key and range."""
    result = note_seq.Melody(list(melody.events), steps_per_bar=melody.steps_per_bar)
    result.transpose(transpose)
    result.squash(config.min_note, config.max_note, config.transpose_to_key)
    return result


def encoded(melody: note_seq.Melody, config: MelodyRnnConfig) -> tuple[np.ndarray, np.ndarray]:
    """Network inputs (steps, input size) int8, all of them -1, 0 or 1, and labels (steps,) int64."""
    inputs, labels = config.encoder_decoder.encode(melody)
    return np.array(inputs, np.int8), np.array(labels, np.int64)


def pad(sequences: list[np.ndarray]) -> np.ndarray:
    """Stack arrays of different lengths, filled up with zeros."""
    result = np.zeros((len(sequences), max(map(len, sequences)), *sequences[0].shape[1:]), sequences[0].dtype)
    for row, sequence in zip(result, sequences):
        row[: len(sequence)] = sequence
    return result


class Predictor:
    """Says for each step of a melody how probable the network holds each event. A context manager."""

    def __init__(self, config: MelodyRnnConfig, generator: MelodyRnnSequenceGenerator):
        self.config = config
        self.generator = generator
        generator.initialize()
        self.session = generator._model._session
        graph = self.session.graph
        self.inputs, self.temperature, self.softmax = (
            graph.get_collection(name)[0] for name in ("inputs", "temperature", "softmax")
        )

    @classmethod
    def of_checkpoint(cls, config: MelodyRnnConfig, checkpoint: str, batch_size: int = 32) -> Predictor:
        """From a checkpoint of a training run (path without its suffix)."""
        config = copy.deepcopy(config)
        config.hparams.batch_size = batch_size
        return cls(config, _generator(config, checkpoint=checkpoint))

    @classmethod
    def of_bundle(cls, path: Path) -> Predictor:
        """From a `.mag` bundle, whose own graph is built: only for bundles that you made or trust."""
        bundle = sequence_generator_bundle.read_bundle_file(str(path))
        config = configuration(bundle.generator_details.id)
        return cls(config, _generator(config, bundle=bundle))

    def __enter__(self) -> Predictor:
        return self

    def __exit__(self, *_) -> None:
        self.generator.close()

    def event_probabilities(self, melodies: list[note_seq.Melody]) -> list[np.ndarray]:
        """For each melody (already `squashed`) an array (steps - 1, events).

        Row i is about the event after step i. Columns: nothing new, note off, then the pitches from the
        configuration's lowest. Labels that mean the same event ("C again" and "as a bar ago") are added up.
        """
        batch_size = self.inputs.shape[0]
        results = []
        for start in range(0, len(melodies), batch_size):
            batch = melodies[start : start + batch_size]
            filled = batch + batch[-1:] * (batch_size - len(batch))
            inputs = pad([encoded(melody, self.config)[0] for melody in filled])
            softmax = self.session.run(self.softmax, {self.inputs: inputs, self.temperature: 1.0})
            results += [
                self._per_event(rows[: len(melody) - 1].astype(np.float64), list(melody))
                for rows, melody in zip(softmax, batch)
            ]
        return results

    def _per_event(self, softmax: np.ndarray, events: list[int]) -> np.ndarray:
        decoder, lowest = self.config.encoder_decoder, self.config.min_note
        num_events = self.config.max_note - lowest + 2
        result = np.zeros((len(softmax), num_events))
        steps = np.arange(len(softmax))
        for label in range(decoder.num_classes):
            if label < num_events:
                columns = event_index(decoder.class_index_to_event(label, []), lowest)
            else:
                columns = [
                    event_index(decoder.class_index_to_event(label, events[: step + 1]), lowest)
                    for step in steps
                ]
            np.add.at(result, (steps, columns), softmax[:, label])
        return result


def event_index(event: int, lowest: int) -> int:
    """Column of an event: 0 nothing new, 1 note off, 2 the lowest pitch, and so on."""
    return event + 2 if event <= NOTE_OFF else event - lowest + 2


def write_bundle(config: MelodyRnnConfig, checkpoint: str, path: Path, description: str) -> None:
    """Write a checkpoint as a `.mag` bundle, by magenta's own writer, ready to play one melody at a time."""
    config = copy.deepcopy(config)
    config.hparams.batch_size = 1
    with _generator(config, checkpoint=checkpoint) as generator:
        generator.create_bundle_file(str(path), description)


def continuation(
    config: MelodyRnnConfig, checkpoint: str, theme: note_seq.Melody, steps: int, seed: int
) -> list[int]:
    """Events of `theme` and what the network of a checkpoint goes on with, `steps` in all."""
    config = copy.deepcopy(config)
    config.hparams.batch_size = 1
    np.random.seed(seed)  # magenta draws from numpy's own generator
    with _generator(config, checkpoint=checkpoint) as generator:
        return list(generator._model.generate_melody(steps, theme))


def _generator(config: MelodyRnnConfig, **source) -> MelodyRnnSequenceGenerator:
    return MelodyRnnSequenceGenerator(MelodyRnnModel(config), config.details, **source)
