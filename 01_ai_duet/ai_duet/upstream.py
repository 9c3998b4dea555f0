"""Melody RNN through Magenta itself, the reference for model.py; a worker process in the environment `tensorflow`.

It builds the graph that is in the bundle, so only open bundles that you trust. Magenta's own way from notes to notes
(its SequenceGenerator) loses steps in rounding; here its model is given events, and what surrounds it is shared with
model.py.
"""

from __future__ import annotations

import copy
import functools
import os
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import note_seq
import numpy as np
import tensorflow.compat.v1 as tf
from magenta.models.melody_rnn import melody_rnn_model
from magenta.models.melody_rnn.melody_rnn_sequence_generator import MelodyRnnSequenceGenerator
from magenta.models.shared.sequence_generator_bundle import read_bundle_file
from modelfiles.errors import UserError

from .engine.encodings import ENCODINGS
from .engine.weights import layer_sizes, weights_by_role
from .model import LEAST, MelodyModel, Progress, Request

tf.disable_v2_behavior()
tf.logging.set_verbosity(tf.logging.ERROR)


class MelodyRnn(MelodyModel):
    """A bundle's network, computed by TensorFlow. Raises UserError for a bundle of another kind."""

    def __init__(self, path: str | Path) -> None:
        bundle = read_bundle_file(str(path))
        self.configuration = bundle.generator_details.id
        if self.configuration not in ENCODINGS:
            raise UserError(
                "checkpoint", f"{self.configuration!r} is no Melody RNN; there are {', '.join(ENCODINGS)}"
            )
        self.encoding = ENCODINGS[self.configuration]
        config = copy.copy(melody_rnn_model.default_configs[self.configuration])
        self._draws = config.encoder_decoder = _Draws(config.encoder_decoder)
        self._model = melody_rnn_model.MelodyRnnModel(config)
        generator = MelodyRnnSequenceGenerator(self._model, config.details, bundle=bundle)
        generator.initialize()
        variables = {variable.op.name: variable for variable in self._graph.get_collection("variables")}
        self.layers = layer_sizes(weights_by_role(self._model._session.run(variables)))

    def _continue(self, request: Request) -> tuple[list[int], float]:
        """Magenta's beam search with one iteration is just that: draw all, keep the best."""
        primer, steps, temperature, candidates, rng, progress, shaper = request
        total = len(primer) + steps
        self._draws.begin(candidates, self._batch, rng, progress, steps)
        self._draws.shape = functools.partial(shaper.reshape, encoding=self.encoding) if shaper else None
        melody = self._model.generate_melody(
            total, note_seq.Melody(list(primer)), temperature, candidates, 1, steps
        )
        return list(melody)[len(primer) :], self._draws.best

    def _probabilities(self, events: Sequence[int], temperature: float) -> np.ndarray:
        squashed, _ = self._squashed(events)
        graph = self._graph
        inputs = self._draws.get_inputs_batch([note_seq.Melody(squashed)], full_length=True)
        feed: dict = {graph.get_collection("inputs")[0]: np.repeat(inputs, self._batch, 0)}
        if graph.get_collection("temperature"):
            feed[graph.get_collection("temperature")[0]] = temperature
        return self._model._session.run(graph.get_collection("softmax")[0], feed)[0].astype(np.float64)

    @property
    def _graph(self) -> tf.Graph:
        return self._model._session.graph

    @property
    def _batch(self) -> int:
        """How many melodies the bundle's graph computes side by side."""
        return self._model._batch_size()


class _Draws:
    """Magenta's encoder and decoder, with one thing changed: where random numbers come from.

    Magenta draws from numpy's global state, also for the copies that fill up the bundle's batch, so that the same
    seed gives another melody with another batch size.
    """

    def __init__(self, encoder_decoder):
        self._wrapped = encoder_decoder
        self.shape: Callable[..., np.ndarray] | None = None  # reshapes the probabilities of a step

    def __getattr__(self, name):
        return getattr(self._wrapped, name)

    def begin(
        self, candidates: int, batch: int, rng: np.random.RandomState, progress: Progress | None, steps: int
    ) -> None:
        """Prepare for a continuation by so many steps."""
        self._candidates, self._rng, self._progress = candidates, rng, progress
        self._rows = -(-candidates // batch) * batch
        self._drawn, self._draws_in_all = 0, self._rows * steps
        self._likelihoods = np.zeros(self._rows)

    @property
    def best(self) -> float:
        """The log-likelihood of the likeliest continuation."""
        return float(self._likelihoods[: self._candidates].max())

    def extend_event_sequences(self, event_sequences, softmax):
        """Add an event to each melody, drawn with its last probabilities; return the labels."""
        labels = []
        if self._progress and self._drawn % self._rows == 0:
            self._progress(self._drawn / self._draws_in_all)
        for events, rows in zip(event_sequences, softmax):
            label = 0
            number = self._drawn % self._rows
            self._drawn += 1
            if number < self._candidates:
                probabilities = rows[-1].astype(np.float64)
                probabilities /= probabilities.sum()
                drawn = self.shape(probabilities, events=list(events)) if self.shape else probabilities
                label = int(self._rng.choice(len(drawn), p=drawn))
                self._likelihoods[number] += np.log(max(probabilities[label], LEAST))
            events.append(self._wrapped.class_index_to_event(label, events))
            labels.append(label)
        return labels
