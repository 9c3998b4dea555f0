"""A GANSynth of random weights, made, saved and played by magenta alone. Runs in the environment `tensorflow`.

    python gansynth_magenta.py FOLDER '{"flags": {...}, "stage": 12, "images": 11000000, "pitches": [60, 61]}'

Writes the model's folder and, beside it, FOLDER.npz: latents, pitches and what magenta makes of them.
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


def main(folder, order):
    tf.disable_v2_behavior()
    folder = Path(folder)
    flags = Flags(order["flags"])
    model.set_flags(flags)
    flags["train_root_dir"] = str(folder)
    stage, labels = order["stage"], len(set(order["pitches"]))
    blocks = train_util.get_stage_info(stage, **flags)[0]
    images = tf.train.get_or_create_global_step()
    latents = tf.placeholder(tf.float32, [NOTES, flags["latent_vector_size"]])
    one_hot = tf.placeholder(tf.float32, [NOTES, labels])
    progress = compute_progress(
        images, flags["stable_stage_num_images"], flags["transition_stage_num_images"], blocks
    )
    schedule = train_util.make_resolution_schedule(**flags)
    config = dict(flags, resolution_schedule=schedule, num_blocks=blocks, progress=progress)

    def generator():
        return network_functions.g_fn_registry["specgram"]((latents, one_hot), **config)[0]

    with tf.variable_scope("Generator") as scope:
        generator()
    average = tf.train.ExponentialMovingAverage(decay=0.999)
    average.apply(tf.trainable_variables())
    with tf.variable_scope(
        scope, reuse=True, custom_getter=train_util.make_var_scope_custom_getter_for_ema(average)
    ):
        marker = len(tf.get_default_graph().get_operations())
        pictures = generator()
    operations = tf.get_default_graph().get_operations()[marker:]
    helper = object.__new__(data_helpers.DataMelHelper)
    helper._config = flags
    helper.specgrams_helper = helper.make_specgrams_helper()
    audio = helper.data_to_waves(pictures)[:, :, 0]

    def layer(name):
        found = [op for op in operations if f"block_1/{name}/" in op.name and op.type == "Mul"]
        return found[-1].outputs[0]

    session = tf.Session()
    session.run(tf.global_variables_initializer())
    random = np.random.default_rng(3)
    for variable in tf.global_variables():
        if variable is not images:
            scale = 1.0 if "kernel" in variable.op.name else 0.1
            shape = variable.shape.as_list()
            variable.load(scale * random.standard_normal(shape, dtype=np.float32), session)
    images.load(order["images"], session)

    stage_folder = folder / f"stage_{stage:05d}"
    stage_folder.mkdir(parents=True)
    (folder / "experiment.json").write_text(json.dumps(flags))
    if order.get("meta"):
        meta = {f"sound_{pitch}": {"pitch": pitch} for pitch in order["pitches"]}
        (folder / "meta.json").write_text(json.dumps(meta))
    tf.train.Saver().save(session, str(stage_folder / "model.ckpt"), global_step=images)

    points = random.standard_normal((NOTES, flags["latent_vector_size"]), dtype=np.float32)
    indices = [0, labels - 1]
    feed = {latents: points, one_hot: np.eye(labels, dtype=np.float32)[indices]}
    conv0, conv1 = layer("conv0"), layer("conv1")
    first, second, notes = session.run([conv0, conv1, audio], feed)
    change = 0.3 * random.standard_normal(first.shape, dtype=np.float32)
    replaced = session.run(audio, {**feed, conv0: change})
    offset = session.run(audio, {**feed, conv0: first + change})
    np.savez(
        f"{folder}.npz",
        latents=points,
        pitches=[sorted(set(order["pitches"]))[index] for index in indices],
        audio=notes,
        conv0=first,
        conv1=second,
        change=change,
        replaced=replaced,
        offset=offset,
    )


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
