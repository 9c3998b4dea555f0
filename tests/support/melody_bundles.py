"""Makes `.mag` bundles of random weights with Magenta's own code. Only for the environment `tensorflow`."""

import copy
import tempfile
from pathlib import Path

import tensorflow.compat.v1 as tf
from magenta.contrib import rnn as contrib_rnn
from magenta.models.melody_rnn import melody_rnn_model
from magenta.models.melody_rnn.melody_rnn_sequence_generator import MelodyRnnSequenceGenerator
from magenta.models.shared import events_rnn_graph
from note_seq.protobuf import generator_pb2

DECIDED = 50.0  # times the last layer's initial weights, so that the probabilities are far from uniform


def make_bundle(path, name, **hparams):
    """Write a bundle of a configuration; `hparams` such as batch_size or rnn_layer_sizes replace its own.

    The recurrent weights are Magenta's initial ones. Much larger ones would make chaos: there the smallest rounding
    grows, and no two programs agree for long.
    """
    config = copy.deepcopy(melody_rnn_model.default_configs[name])
    for key, value in hparams.items():
        config.hparams.set_hparam(key, value)
    with tempfile.TemporaryDirectory() as folder:
        with tf.Graph().as_default(), tf.Session() as session:
            tf.set_random_seed(0)
            events_rnn_graph.get_build_graph_fn("generate", config)()
            session.run(tf.global_variables_initializer())
            for variable in tf.global_variables("fully_connected"):
                variable.load(DECIDED * session.run(variable), session)
            tf.train.Saver().save(session, f"{folder}/model.ckpt")
        generator = MelodyRnnSequenceGenerator(
            melody_rnn_model.MelodyRnnModel(config), config.details, checkpoint=f"{folder}/model.ckpt"
        )
        generator.create_bundle_file(str(path), "random weights")
        generator.close()


def make_bundle_with_attention_outside(path, *, batch_size=1, sizes=(24, 24), length=9):
    """As bundles of Magenta's first year: the attention is around the whole stack of cells."""

    def make_cell(rnn_layer_sizes, **_):
        cells = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.BasicLSTMCell(size) for size in rnn_layer_sizes])
        return contrib_rnn.AttentionCellWrapper(cells, length, state_is_tuple=True)

    original = events_rnn_graph.make_rnn_cell
    events_rnn_graph.make_rnn_cell = make_cell
    try:
        make_bundle(path, "attention_rnn", batch_size=batch_size, rnn_layer_sizes=list(sizes))
    finally:
        events_rnn_graph.make_rnn_cell = original


def rename_variables(source, path, rename):
    """Copy a bundle with other names for its variables, as older TensorFlows had them."""
    bundle = generator_pb2.GeneratorBundle.FromString(Path(source).read_bytes())
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = f"{folder}/model.ckpt"
        Path(checkpoint).write_bytes(bundle.checkpoint_file[0])
        reader = tf.train.load_checkpoint(checkpoint)
        with tf.Graph().as_default(), tf.Session() as session:
            variables = [
                tf.get_variable(rename(name), initializer=reader.get_tensor(name))
                for name in reader.get_variable_to_shape_map()
            ]
            session.run(tf.global_variables_initializer())
            tf.train.Saver(variables, write_version=tf.train.SaverDef.V1).save(session, f"{checkpoint}2")
        bundle.checkpoint_file[0] = Path(f"{checkpoint}2").read_bytes()
    Path(path).write_bytes(bundle.SerializeToString())
