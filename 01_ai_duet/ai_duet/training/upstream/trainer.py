"""Magenta's training graph; environment `tensorflow`."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import magenta.common
import tensorflow.compat.v1 as tf
from magenta.models.melody_rnn.melody_rnn_model import MelodyRnnConfig
from magenta.models.shared import events_rnn_graph

from . import network  # noqa: F401  (it fixes tf_slim)


class Trainer:
    """magenta's training graph in a session, with checkpoints. Use it as a context manager."""

    def __init__(self, config: MelodyRnnConfig, settings: dict, folder: Path, threads: int):
        self.config, self.folder = config, folder
        self.graph = tf.Graph()
        with self.graph.as_default():
            tf.set_random_seed(settings["seed"])
            batch, size = settings["batch_size"], config.encoder_decoder.input_size
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
