"""Melody RNN through Magenta itself: the reference that model.py is measured by.

Runs in the environment `tensorflow`. It builds the graph that is in the bundle, so only open bundles that you
trust. Magenta's own road from notes to notes (its SequenceGenerator) loses steps in rounding; here its model is
given events, and what surrounds it is shared with model.py.
"""

import copy
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import note_seq
import numpy as np
import tensorflow.compat.v1 as tf
from magenta.models.melody_rnn import melody_rnn_model
from magenta.models.melody_rnn.melody_rnn_sequence_generator import MelodyRnnSequenceGenerator
from magenta.models.shared.sequence_generator_bundle import read_bundle_file
from modelfiles.errors import UserError

from .encodings import ENCODINGS
from .melody import squash
from .model import check_request, layer_sizes, log_likelihood, name_by_role

tf.disable_v2_behavior()
tf.logging.set_verbosity(tf.logging.ERROR)


class MelodyRnn:
    """A bundle's network, run by TensorFlow; the same calls as model.MelodyRnn."""

    def __init__(self, path):
        bundle = read_bundle_file(str(path))
        self.name = bundle.generator_details.id
        if self.name not in ENCODINGS:
            raise UserError("checkpoint", f"{self.name!r} is no Melody RNN; there are {', '.join(ENCODINGS)}")
        self.encoding = ENCODINGS[self.name]
        config = copy.copy(melody_rnn_model.default_configs[self.name])
        self._draws = config.encoder_decoder = _Draws(config.encoder_decoder)
        self._model = melody_rnn_model.MelodyRnnModel(config)
        generator = MelodyRnnSequenceGenerator(self._model, config.details, bundle=bundle)
        generator.initialize()
        variables = {variable.op.name: variable for variable in self._graph.get_collection("variables")}
        self.layers = layer_sizes(name_by_role(self._model._session.run(variables)))

    def continue_melody(self, primer, steps, *, temperature=1.0, candidates=1, rng=None, progress=None):
        """See model.MelodyRnn. Magenta's beam search with one iteration is just that: draw all, keep the best."""
        check_request(primer, steps, temperature, candidates)
        total = len(primer) + steps
        self._draws.begin(candidates, self._batch, rng or np.random.RandomState(), progress, steps)
        melody = self._model.generate_melody(
            total, note_seq.Melody(list(primer)), temperature, candidates, 1, steps
        )
        return list(melody)[len(primer) :], self._draws.best

    def probabilities(self, events, temperature=1.0):
        """See model.MelodyRnn."""
        check_request(events, 1, temperature, 1)
        squashed, _ = squash(events, self.encoding.low, self.encoding.high, self.encoding.key)
        graph = self._graph
        inputs = self._draws.get_inputs_batch([note_seq.Melody(squashed)], full_length=True)
        feed = {graph.get_collection("inputs")[0]: np.repeat(inputs, self._batch, 0)}
        if graph.get_collection("temperature"):
            feed[graph.get_collection("temperature")[0]] = temperature
        return self._model._session.run(graph.get_collection("softmax")[0], feed)[0].astype(np.float64)

    def log_likelihood(self, events):
        """See model.MelodyRnn. (Magenta's own fails unless the bundle's batch size is one.)"""
        return log_likelihood(self.encoding, events, self.probabilities(events))

    @property
    def _graph(self):
        return self._model._session.graph

    @property
    def _batch(self):
        """How many melodies the bundle's graph computes side by side."""
        return self._model._batch_size()


class _Draws:
    """Magenta's encoder and decoder, with one thing changed: where random numbers come from.

    Magenta draws from numpy's global state, also for the copies that fill up the bundle's batch, so that the same
    seed gives another melody with another batch size.
    """

    def __init__(self, encoder_decoder):
        self._wrapped = encoder_decoder

    def __getattr__(self, name):
        return getattr(self._wrapped, name)

    def begin(self, candidates, batch, rng, progress, steps):
        """Get ready for a continuation by so many steps."""
        self._candidates, self._rng, self._progress = candidates, rng, progress
        self._rows = -(-candidates // batch) * batch
        self._drawn, self._draws_in_all = 0, self._rows * steps
        self._likelihoods = np.zeros(self._rows)

    @property
    def best(self):
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
                chances = rows[-1].astype(np.float64)
                chances /= chances.sum()
                label = int(self._rng.choice(len(chances), p=chances))
                self._likelihoods[number] += np.log(chances[label])
            events.append(self._wrapped.class_index_to_event(label, events))
            labels.append(label)
        return labels
