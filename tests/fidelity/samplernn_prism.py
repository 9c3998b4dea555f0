"""PRiSM SampleRNN's network in Keras, for the fidelity tests; runs in the environment `tensorflow`.

    python samplernn_prism.py FOLDER ...

Written from the description of the network (layers, names, shapes). For the configuration in each FOLDER's
my.config.json it saves random weights as Keras saves them, under the variable names that PRiSM's checkpoints have, and
the logits that they give for random codes:
model.ckpt-1.*, codes.npy [batch, big + n], logits.npy [batch, n, levels].
"""

import json
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

Dense = tf.keras.layers.Dense


class Stack(tf.keras.layers.Layer):
    """The recurrent layers of a tier."""

    def __init__(self, config):
        super().__init__()
        self.count, self.skip = config["num_rnn_layers"], config.get("skip_conn", False)
        kind = getattr(tf.keras.layers, config["rnn_type"].upper())
        for index in range(self.count):
            layer = kind(config["dim"], return_sequences=True, bias_initializer="random_normal")
            setattr(self, f"layer_{index}", layer)
            if self.skip:
                skip = Dense(config["dim"], use_bias=index == 0, bias_initializer="random_normal")
                setattr(self, f"layer_{index}_skip_out", skip)

    def call(self, signal):
        total = 0
        signal = tf.concat([signal, signal], -1) if self.skip else signal
        for index in range(self.count):
            signal = getattr(self, f"layer_{index}")(signal)
            if self.skip:
                total += getattr(self, f"layer_{index}_skip_out")(signal)
        return total if self.skip else signal


class Tier(tf.keras.layers.Layer):
    def __init__(self, config, size, ratio):
        super().__init__()
        self.size, self.ratio, self.dim, self.levels = size, ratio, config["dim"], config["q_levels"]
        self.inputs = Dense(self.dim, bias_initializer="random_normal")
        self.rnn = Stack(config)

    def build(self, shape):
        self.upsample = tf.Variable(
            tf.initializers.GlorotNormal()([self.ratio, self.dim, self.dim]), name="upsample"
        )

    def call(self, codes, advice=None):
        frames = tf.reshape(codes, [codes.shape[0], -1, self.size])
        signal = self.inputs((frames / (self.levels / 2) - 1) * 2)
        signal = signal if advice is None else signal + advice
        out = self.rnn(signal)
        shape = [out.shape[0], out.shape[1] * self.ratio, self.dim]
        return tf.nn.conv1d_transpose(out, self.upsample, shape, strides=self.ratio)


class Samples(tf.keras.layers.Layer):
    def __init__(self, config):
        super().__init__()
        dim, levels = config["dim"], config["q_levels"]
        self.embedding = tf.keras.layers.Embedding(levels, levels)
        self.inputs = tf.keras.layers.Conv1D(dim, config["frame_sizes"][0], use_bias=False)
        self.hidden1 = Dense(dim, "relu", bias_initializer="random_normal")
        self.hidden2 = Dense(dim, "relu", bias_initializer="random_normal")
        self.outputs = Dense(levels, bias_initializer="random_normal")

    def call(self, codes, advice):
        return self.outputs(self.hidden2(self.hidden1(self.inputs(self.embedding(codes)) + advice)))


class Network(tf.keras.Model):
    def __init__(self, config):
        super().__init__()
        self.frame, self.big = config["frame_sizes"]
        self.big_frame_rnn = Tier(config, self.big, self.big // self.frame)
        self.frame_rnn = Tier(config, self.frame, self.frame)
        self.sample_mlp = Samples(config)

    def call(self, codes):
        numbers = tf.cast(codes, tf.float32)
        advice = self.big_frame_rnn(numbers[:, : -self.big])
        advice = self.frame_rnn(numbers[:, self.big - self.frame : -self.frame], advice)
        return self.sample_mlp(codes[:, self.big - self.frame : -1], advice)


def save(folder):
    config = json.loads((folder / "my.config.json").read_text())
    tf.keras.utils.set_random_seed(3)
    network = Network(config)
    big = config["frame_sizes"][1]
    codes = np.random.default_rng(5).integers(0, config["q_levels"], (2, big * 5)).astype(np.int32)
    network(codes)
    for weights in network.weights:  # louder than at the start of a training, so that a mistake shows
        weights.assign(weights * 1.5)
    logits = network(codes).numpy()
    network.save_weights(str(folder / "model.ckpt-1"))
    np.save(folder / "codes.npy", codes)
    np.save(folder / "logits.npy", logits)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        save(Path(name))
