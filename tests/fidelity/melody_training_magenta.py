"""What magenta makes of networks that our trainer wrote, and of melodies. Runs in the environment `tensorflow`.

    python melody_training_magenta.py FOLDER

For each NAME.npz and NAME.mag writes NAME_magenta.npz: examples of a melody, the loss and the gradients of a batch, and
the probabilities along the melody.
"""

import sys
from pathlib import Path

import note_seq
import numpy as np
import tensorflow.compat.v1 as tf
from ai_duet.engine.bundle import read_bundle
from ai_duet.training.upstream import network
from ai_duet.training.upstream.trainer import Trainer
from ai_duet.upstream import MelodyRnn


def main(folder):
    for path in sorted(folder.glob("*_rnn.mag")):
        given = np.load(path.with_suffix(".npz"))
        name = path.stem
        layers = given["layers"].tolist()
        config = network.configuration(name, batch_size=len(given["inputs"]), rnn_layer_sizes=layers)
        config.hparams.dropout_keep_prob = 1.0
        melody = note_seq.Melody(given["melody"].tolist())
        inputs, labels = config.encoder_decoder.encode(melody)
        found = {"inputs": np.array(inputs), "labels": np.array(labels)}
        settings = {"seed": 0, "batch_size": len(given["inputs"])}
        with Trainer(config, settings, folder, 1) as trainer:
            weights = read_bundle(path).variables
            with trainer.graph.as_default():
                variables = tf.trainable_variables()
                gradients = tf.gradients(trainer.loss, variables)
                for variable in variables:
                    variable.load(weights[variable.op.name], trainer.session)
                feed = dict(zip(trainer.inputs, (given["inputs"], given["batch_labels"], given["lengths"])))
                found["loss"], values = trainer.session.run([trainer.loss, gradients], feed)
            found |= {f"gradient {variable.op.name}": value for variable, value in zip(variables, values)}
        found["probabilities"] = MelodyRnn(path).probabilities(given["melody"].tolist())
        np.savez(folder / f"{name}_magenta.npz", **found)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
