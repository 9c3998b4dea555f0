"""Magenta's training graph and its batches; environment `tensorflow`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from unittest import mock

import magenta.common
import numpy as np
import tensorflow.compat.v1 as tf
from magenta.models.melody_rnn.melody_rnn_model import MelodyRnnConfig
from magenta.models.shared import events_rnn_graph

from . import network
from .melodies import Dataset
from .settings import Settings


class Batches:
    """The training melodies as padded batches; batch number n is the same in every run with the same seed."""

    def __init__(self, dataset: Dataset, config: MelodyRnnConfig, settings: Settings):
        self.settings, self.count = settings, len(dataset.training)
        self.per_epoch = max(1, self.count // settings.batch_size)
        reach = settings.transpose if config.transpose_to_key is None else 0
        self.transpositions = range(-reach, reach + 1)

        @lru_cache(maxsize=self.count)
        def encoded(index: int, transposition: int):
            melody = network.squashed(dataset.training[index], config, transposition)
            return network.encoded(melody, config)

        self.encoded = encoded

    def __getitem__(self, number: int):
        """Inputs (batch, steps, input size) int8, labels (batch, steps) int64, lengths (batch,)."""
        epoch, place = divmod(number, self.per_epoch)
        order = np.random.default_rng((self.settings.seed, epoch)).permutation(self.count)
        size, window = self.settings.batch_size, self.settings.window
        chosen = np.resize(order[place * size : (place + 1) * size], size)
        rng = np.random.default_rng((self.settings.seed, epoch, place))
        inputs, labels = [], []
        for index in chosen:
            x, y = self.encoded(int(index), int(rng.choice(self.transpositions)))
            start = rng.integers(max(0, len(x) - window) + 1)
            inputs.append(x[start : start + window])
            labels.append(y[start : start + window])
        return network.pad(inputs), network.pad(labels), [len(y) for y in labels]


class Trainer:
    """magenta's training graph in a session, with checkpoints. Use it as a context manager."""

    def __init__(self, config: MelodyRnnConfig, settings: Settings, folder: Path, threads: int):
        self.folder = folder
        self.graph = tf.Graph()
        with self.graph.as_default():
            tf.set_random_seed(settings.seed)
            batch, size = settings.batch_size, config.encoder_decoder.input_size
            self.inputs = (
                tf.placeholder(tf.float32, [batch, None, size]),
                tf.placeholder(tf.int64, [batch, None]),
                tf.placeholder(tf.int32, [batch]),
            )
            # magenta's graph reads its batches from a file queue whose order depends on the threads; fed by
            # hand they come in a known order, and every melody need not lie on disk in twelve keys.
            with mock.patch.object(magenta.common, "get_padded_batch", return_value=self.inputs):
                events_rnn_graph.get_build_graph_fn("train", config, ["fed by hand"])()
            self.step_op = tf.get_collection("train_op")[0]
            self.loss = tf.get_collection("loss")[0]
            self.global_step = tf.train.get_or_create_global_step()
            self.savers = {kind: self._saver(kind) for kind in ("latest", "best")}
            self.session = tf.Session(
                config=tf.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=1)
            )
            self.session.run(tf.global_variables_initializer())
        checkpoint = tf.train.latest_checkpoint(str(folder / "latest"))
        if checkpoint:
            self.savers["latest"].restore(self.session, checkpoint)

    def _saver(self, kind: str):
        saver = tf.train.Saver(max_to_keep=1)
        earlier = tf.train.get_checkpoint_state(str(self.folder / kind))
        if earlier:
            saver.recover_last_checkpoints(earlier.all_model_checkpoint_paths)
        return saver

    def __enter__(self) -> Trainer:
        return self

    def __exit__(self, *_) -> None:
        self.session.close()

    @property
    def step(self) -> int:
        """Training steps done in the life of the run."""
        return int(self.session.run(self.global_step))

    def train(self, batch) -> float:
        """One step; returns the batch's mean cross-entropy in nats per sixteenth step."""
        _, loss = self.session.run([self.step_op, self.loss], dict(zip(self.inputs, batch)))
        return float(loss)

    def save(self, kind: str) -> str:
        """Write the checkpoint `kind` ("latest" or "best") and return its path prefix."""
        return self.savers[kind].save(self.session, str(self.folder / kind / "model.ckpt"), self.global_step)
