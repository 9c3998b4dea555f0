"""Has TensorFlow write every kind of checkpoint that the course's models come in, and read it again.

    python checkpoints_tensorflow.py FOLDER

For each checkpoint FOLDER/NAME gets FOLDER/NAME.pickle beside it: the arrays by name that TensorFlow reads. For
test_checkpoints.py.
"""

import pickle
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from magenta.models.melody_rnn import melody_rnn_model
from magenta.models.shared import events_rnn_graph
from note_seq.protobuf import generator_pb2
from support.melody_bundles import make_bundle

v1 = tf.compat.v1
rng = np.random.RandomState(0)


def main(folder):
    variables_of_every_type(folder)
    melody_bundle(folder)
    melody_training_folder(folder)
    progressive_gan_stage(folder)
    object_graph(folder)
    keras_weights(folder)


def note(prefix, folder, name):
    """Write down what TensorFlow reads."""
    reader = tf.train.load_checkpoint(str(prefix))
    arrays = {key: as_array(reader.get_tensor(key)) for key in reader.get_variable_to_shape_map()}
    keep(arrays, folder, name)


def keep(arrays, folder, name):
    (folder / f"{name}.pickle").write_bytes(pickle.dumps(arrays))


def as_array(value):
    value = np.asarray(value, object if isinstance(value, bytes) else None)
    return value.astype("f4") if value.dtype.name == "bfloat16" else value


def variables_of_every_type(folder):
    """One variable of each type, partitioned ones, empty ones; whole and sharded, V1 and V2."""
    values = {
        "float": rng.randn(30, 20).astype("f4"),
        "double": rng.randn(3, 2),
        "half": rng.randn(7).astype("f2"),
        "int8": np.array([-128, 127], "i1"),
        "int16": np.array([-3, 300], "i2"),
        "int32": np.arange(-5, 9, dtype="i4"),
        "int64": np.array([-(2**62), 2**62]),
        "uint8": np.arange(250, dtype="u1"),
        "uint16": np.array([65535, 1], "u2"),
        "bool": np.array([True, False, True]),
        "complex64": (rng.randn(3) + 1j * rng.randn(3)).astype("c8"),
        "complex128": rng.randn(2) + 1j,
        "string": np.array([b"", b"a\0b", b"x" * 300], object),
        "scalar": np.float32(3),
        "empty": np.zeros((0, 3), "f4"),
        "repeating": np.tile(rng.randn(1, 8).astype("f4"), (5000, 1)),  # this one Snappy makes smaller
        "zeros": np.zeros((5, 70000), "f4"),
    }
    with tf.Graph().as_default(), v1.Session() as session:
        variables = {name: v1.get_variable(name, initializer=tf.constant(v)) for name, v in values.items()}
        values["partitioned"] = rng.randn(10, 6).astype("f4")
        variables["partitioned"] = v1.get_variable(
            "partitioned",
            shape=(10, 6),
            partitioner=v1.fixed_size_partitioner(3),
            initializer=lambda shape, dtype, partition_info: tf.slice(
                values["partitioned"], partition_info.var_offset, shape
            ),
        )
        session.run(v1.global_variables_initializer())
        for version in (1, 2):
            for sharded in (False, True):
                name = f"types_v{version}{'_sharded' if sharded else ''}"
                saver = v1.train.Saver(variables, write_version=version, sharded=sharded)
                saver.save(session, f"{folder}/{name}", write_state=False)
                # TensorFlow's Python reader does not know all types of V1; what was put in is known.
                keep({key: as_array(value) for key, value in values.items()}, folder, name)
    with tf.Graph().as_default(), v1.Session() as session:
        variable = v1.get_variable("bfloat16", initializer=tf.cast(tf.constant(rng.randn(5)), tf.bfloat16))
        session.run(variable.initializer)
        v1.train.Saver([variable]).save(session, f"{folder}/bfloat16", write_state=False)
    note(folder / "bfloat16", folder, "bfloat16")


def melody_bundle(folder):
    """Melody RNN's .mag: a V1 checkpoint inside a message."""
    make_bundle(folder / "attention.mag", "attention_rnn")
    bundle = generator_pb2.GeneratorBundle.FromString((folder / "attention.mag").read_bytes())
    (folder / "bundled").write_bytes(bundle.checkpoint_file[0])
    note(folder / "bundled", folder, "bundled")


def melody_training_folder(folder):
    """Melody RNN's training folder, with the optimizer's slots."""
    with tf.Graph().as_default(), v1.Session() as session:
        events_rnn_graph.get_build_graph_fn("generate", melody_rnn_model.default_configs["basic_rnn"])()
        loss = -v1.get_collection("softmax")[0]
        v1.train.AdamOptimizer().minimize(loss, v1.train.get_or_create_global_step())
        session.run(v1.global_variables_initializer())
        (folder / "melody_train").mkdir()
        v1.train.Saver().save(session, f"{folder}/melody_train/model.ckpt", global_step=1000)
    note(folder / "melody_train", folder, "melody_train")


def progressive_gan_stage(folder):
    """GANSynth's stage folder: EMA shadows, an int64 step, a variable called Variable."""
    with tf.Graph().as_default(), v1.Session() as session:
        step = v1.train.get_or_create_global_step()
        scope = "Generator/progressive_gan_generator/progressive_gan_block_1"
        with v1.variable_scope(scope):
            kernel = v1.get_variable("conv0/conv2d/kernel", [2, 16, 317, 256])
        average = tf.train.ExponentialMovingAverage(0.999)
        average.apply([kernel])
        v1.Variable(0.5)
        session.run(v1.global_variables_initializer())
        session.run(step.assign(11_000_000))
        (folder / "stage_00012").mkdir()
        v1.train.Saver().save(session, f"{folder}/stage_00012/model.ckpt", global_step=step)
    note(folder / "stage_00012", folder, "stage_00012")


def layers(units):
    return tf.keras.Sequential(
        [tf.keras.layers.Dense(units, input_shape=(4,)), tf.keras.layers.LayerNormalization()]
    )


def object_graph(folder):
    """DDSP's: tf.train.Checkpoint of a model and its optimizer."""
    model, optimizer = layers(8), tf.keras.optimizers.legacy.Adam()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(tf.ones((1, 4))) ** 2)
    optimizer.apply_gradients(zip(tape.gradient(loss, model.variables), model.variables))
    checkpoint = tf.train.Checkpoint(model=model, optimizer=optimizer, step=tf.Variable(7, dtype=tf.int64))
    checkpoint.save(str(folder / "ddsp" / "ckpt"))
    note(folder / "ddsp", folder, "ddsp")


def keras_weights(folder):
    """PRiSM SampleRNN's: Keras save_weights in TensorFlow's format."""
    layers(300).save_weights(str(folder / "prism" / "model.ckpt-5"))
    note(folder / "prism" / "model.ckpt-5", folder, "prism")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
