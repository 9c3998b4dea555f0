"""What magenta makes of a model that our trainer wrote, and of sounds. Runs in the environment `tensorflow`.

    python gansynth_training_magenta.py FOLDER

Reads FOLDER and FOLDER.npz, writes FOLDER_magenta.npz: the notes, the gradients of all weights, spectrograms.
"""

import sys

import numpy as np
import tensorflow.compat.v1 as tf
from gansynth.upstream import _data_helper, load


def main(folder):
    given = np.load(f"{folder}.npz")
    model = load(folder)
    pitches = [model.folder.pitches[label] for label in given["labels"]]
    found = {"played": model.generate(given["latents"], pitches)}
    graph, feed = model._feed(given["latents"], pitches)
    with graph.session.graph.as_default():
        variables = tf.trainable_variables()
        pulled = tf.reduce_sum(graph.pictures * given["pull"])
        gradients = tf.gradients(pulled, variables)
        for variable, gradient in zip(variables, gradients):
            name = variable.op.name.removeprefix("Generator/progressive_gan_generator/")
            found[name] = np.zeros(variable.shape) if gradient is None else graph.session.run(gradient, feed)
        helper = _data_helper(model._flags)
        waves = tf.constant(given["audio"][:, :, None])
        found["specgrams"] = graph.session.run(helper.specgrams_helper.waves_to_melspecgrams(waves))
    np.savez(f"{folder}_magenta.npz", **found)


if __name__ == "__main__":
    main(sys.argv[1])
