"""NSynths of random weights, made, saved and played by magenta alone. Runs in the environment `tensorflow`.

    python nsynth_magenta.py small|official FOLDER

Writes FOLDER/model.ckpt-200000 and FOLDER/played.npz: two sounds, their encodings and logits, and the probabilities
that magenta's fast generation gives each sample of the first sound, with an encoding in the middle between the two.
"small" is magenta's code with smaller numbers in it; its checkpoint has averages and moments, as after a training.
"""

import inspect
import sys
from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf
from magenta.models.nsynth.wavenet import h512_bo16

SMALLER = {
    " num_stages = 10": " num_stages = 4",
    "ae_num_stages = 10": "ae_num_stages = 3",
    " num_layers = 30": " num_layers = 6",
    "ae_num_layers = 30": "ae_num_layers = 5",
    " width = 512": " width = 40",
    "skip_width = 256": "skip_width = 24",
    "ae_width = 128": "ae_width = 20",
    "ae_hop_length = 512": "ae_hop_length = 64",
    "ae_bottleneck_width = 16": "ae_bottleneck_width = 8",
    "num_z = 16": "num_z = 8",
}
HOPS, STEPS = 2, 40


def configurations(size):
    """(Config, FastGenerationConfig) of magenta, of a size."""
    source = inspect.getsource(h512_bo16)
    for old, new in SMALLER.items() if size == "small" else ():
        assert old in source
        source = source.replace(old, new)
    names = {}
    exec(compile(source, "h512_bo16", "exec"), names)
    return names["Config"](), names["FastGenerationConfig"](batch_size=1)


def make(size, folder):
    """Write a checkpoint, and what magenta makes with it."""
    config, fast = configurations(size)
    prefix = str(folder / "model.ckpt-200000")
    random = np.random.default_rng(5)
    hops = HOPS * config.ae_hop_length
    sounds = (0.3 * random.standard_normal((2, hops))).clip(-0.99, 0.99).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        waves = tf.placeholder(tf.float32, [2, hops])
        net = config.build({"wav": waves}, is_training=True)
        logits = tf.get_default_graph().get_operation_by_name("softmax").inputs[0]
        if size == "small":
            train_as_magenta(net["loss"])
        randomise(session, random)
        tf.train.Saver().save(session, prefix)
        encodings, logits = session.run([net["encoding"], logits], {waves: sounds})
    middle = (encodings[0] + encodings[1]) / 2
    odds = generate(fast, prefix, sounds[0], middle)
    np.savez(folder / "played.npz", sounds=sounds, encodings=encodings, logits=logits, odds=odds)


def train_as_magenta(loss):
    """Add what magenta's training adds to the graph, and so to a checkpoint."""
    step = tf.train.get_or_create_global_step()
    average = tf.train.ExponentialMovingAverage(decay=0.9999, num_updates=step)
    apply = average.apply(tf.trainable_variables())
    with tf.control_dependencies([apply]):
        tf.train.AdamOptimizer(1e-4, epsilon=1e-8).minimize(loss, step)


def randomise(session, random):
    """Give all weights random values, of a size that keeps the signal's, and the biases small ones."""
    session.run(tf.global_variables_initializer())
    for variable in tf.global_variables():
        shape = variable.shape.as_list()
        if variable.dtype.base_dtype == tf.float32 and shape:
            scale = 0.1 if len(shape) == 1 else 0.7 / np.sqrt(np.prod(shape[:-1]))
            variable.load((scale * random.standard_normal(shape)).astype(np.float32), session)


def generate(fast, prefix, sound, encoding):
    """Magenta's probabilities of the first STEPS samples of a sound, [STEPS, 256]."""
    hop = len(sound) // HOPS
    with tf.Graph().as_default(), tf.Session() as session:
        wave = tf.placeholder(tf.float32, [1, 1])
        net = fast.build({"wav": wave})
        tf.train.Saver().restore(session, prefix)
        session.run(net["init_ops"])
        odds = []
        for t in range(STEPS):
            before = np.reshape(sound[t - 1] if t else 0.0, (1, 1))
            feed = {wave: before, net["encoding"]: encoding[t // hop][None]}
            odds.append(session.run([net["predictions"], net["push_ops"]], feed)[0][0])
    return np.stack(odds)


if __name__ == "__main__":
    tf.disable_v2_behavior()
    make(sys.argv[1], Path(sys.argv[2]))
