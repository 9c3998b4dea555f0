"""GANSynths of random weights, made, saved and played by magenta alone. Runs in the environment `tensorflow`.

    python gansynth_magenta.py '{"FOLDER": {"flags": {...}, "stage": 12, "images": 11000000, "pitches": [60, 61]}}'

Writes each model's folder and, beside it, FOLDER.npz: latents, pitches and what magenta makes of them.
"""

import json
import sys
from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf
from magenta.models.gansynth.lib import data_helpers, model, network_functions, train_util
from magenta.models.gansynth.lib.flags import Flags
from magenta.models.gansynth.lib.networks import compute_progress

NOTES = 2


class Generator:
    """Magenta's generator of NOTES notes in a graph of its own, with averaged weights as after a training."""

    def __init__(self, flags, stage, labels):
        blocks = train_util.get_stage_info(stage, **flags)[0]
        self.images = tf.train.get_or_create_global_step()
        self.latents = tf.placeholder(tf.float32, [NOTES, flags["latent_vector_size"]])
        self.one_hot = tf.placeholder(tf.float32, [NOTES, labels])
        progress = compute_progress(
            self.images, flags["stable_stage_num_images"], flags["transition_stage_num_images"], blocks
        )
        schedule = train_util.make_resolution_schedule(**flags)
        self._config = dict(flags, resolution_schedule=schedule, num_blocks=blocks, progress=progress)
        with tf.variable_scope("Generator") as scope:
            self._pictures()
        average = tf.train.ExponentialMovingAverage(decay=0.999)
        average.apply(tf.trainable_variables())
        averaged = train_util.make_var_scope_custom_getter_for_ema(average)
        with tf.variable_scope(scope, reuse=True, custom_getter=averaged):
            marker = len(tf.get_default_graph().get_operations())
            pictures = self._pictures()
        self._operations = tf.get_default_graph().get_operations()[marker:]
        helper = object.__new__(data_helpers.DataMelHelper)
        helper._config = flags
        helper.specgrams_helper = helper.make_specgrams_helper()
        self.audio = helper.data_to_waves(pictures)[:, :, 0]

    def _pictures(self):
        generator = network_functions.g_fn_registry["specgram"]
        return generator((self.latents, self.one_hot), **self._config)[0]

    def layer(self, name):
        """The activations of a layer of the first block."""
        found = [op for op in self._operations if f"block_1/{name}/" in op.name and op.type == "Mul"]
        return found[-1].outputs[0]

    def randomise(self, session, random, images):
        """Give all variables random values, and the training this many images."""
        session.run(tf.global_variables_initializer())
        for variable in tf.global_variables():
            if variable is not self.images:
                scale = 1.0 if "kernel" in variable.op.name else 0.1
                shape = variable.shape.as_list()
                variable.load(scale * random.standard_normal(shape, dtype=np.float32), session)
        self.images.load(images, session)


def make(folder, order):
    """Write a model, and what it makes of random latents."""
    flags = Flags(order["flags"])
    model.set_flags(flags)
    flags["train_root_dir"] = str(folder)
    pitches = sorted(set(order["pitches"]))
    random = np.random.default_rng(3)
    with tf.Graph().as_default(), tf.Session() as session:
        generator = Generator(flags, order["stage"], len(pitches))
        generator.randomise(session, random, order["images"])
        save(folder, order, flags, session)
        played = play(generator, session, random, flags, pitches)
    np.savez(f"{folder}.npz", **played)


def save(folder, order, flags, session):
    """Write the model as magenta's training leaves it."""
    stage_folder = folder / f"stage_{order['stage']:05d}"
    stage_folder.mkdir(parents=True)
    (folder / "experiment.json").write_text(json.dumps(flags))
    if order.get("meta"):
        meta = {f"sound_{pitch}": {"pitch": pitch} for pitch in order["pitches"]}
        (folder / "meta.json").write_text(json.dumps(meta))
    images = tf.train.get_or_create_global_step()
    tf.train.Saver().save(session, str(stage_folder / "model.ckpt"), global_step=images)


def play(generator, session, random, flags, pitches):
    """Latents, pitches, and what magenta makes of them, also with a layer replaced or changed."""
    latents = random.standard_normal((NOTES, flags["latent_vector_size"]), dtype=np.float32)
    indices = [0, len(pitches) - 1]
    feed = {generator.latents: latents, generator.one_hot: np.eye(len(pitches), dtype=np.float32)[indices]}
    conv0, conv1 = generator.layer("conv0"), generator.layer("conv1")
    first, second, notes = session.run([conv0, conv1, generator.audio], feed)
    change = 0.3 * random.standard_normal(first.shape, dtype=np.float32)
    return {
        "latents": latents,
        "pitches": [pitches[index] for index in indices],
        "audio": notes,
        "conv0": first,
        "conv1": second,
        "change": change,
        "replaced": session.run(generator.audio, {**feed, conv0: change}),
        "offset": session.run(generator.audio, {**feed, conv0: first + change}),
    }


if __name__ == "__main__":
    tf.disable_v2_behavior()
    for folder, order in json.loads(sys.argv[1]).items():
        make(Path(folder), order)
