"""Makes the graphs of bundles, training/graphs/*.npz, with magenta; environment `tensorflow`.

    python -m ai_duet.training.upstream.graphs

A bundle holds the graph that plays it. Here it is made with sizes that are recognised again; `graphs.metagraph` puts
those of a network in their place. One graph does for the three networks without attention.
"""

from __future__ import annotations

import copy

import numpy as np
import tensorflow.compat.v1 as tf
from magenta.models.melody_rnn.melody_rnn_model import default_configs
from magenta.models.shared import events_rnn_graph

from ..graphs import ATTENTION, FOLDER, PLAIN, SIZES


class Sizes:
    """An encoding of which only the sizes are known."""

    input_size, num_classes = SIZES["input"], SIZES["labels"]
    default_event_label = 0


def make(configuration: str, name: str) -> None:
    """Write the graph that plays one melody at a time as NAME: the graph, and the rest of the message."""
    config = copy.deepcopy(default_configs[configuration])
    config.encoder_decoder = Sizes()
    layers = [SIZES["units 0"], SIZES["units 1"]]
    config.hparams.override_from_dict({"batch_size": 1, "rnn_layer_sizes": layers})
    with tf.Graph().as_default():
        events_rnn_graph.get_build_graph_fn("generate", config)()
        saver = tf.train.Saver(sharded=False, write_version=tf.train.SaverDef.V1)
        message = tf.train.export_meta_graph(
            saver_def=saver.saver_def, clear_devices=True, strip_default_attrs=True
        )
    graph = message.graph_def.SerializeToString(deterministic=True)
    message.ClearField("graph_def")
    parts = {"graph": graph, "rest": message.SerializeToString(deterministic=True)}
    np.savez_compressed(FOLDER / name, **{part: np.frombuffer(data, "u1") for part, data in parts.items()})


if __name__ == "__main__":
    tf.disable_v2_behavior()
    make("basic_rnn", PLAIN)
    make("attention_rnn", ATTENTION)
