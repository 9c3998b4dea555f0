"""GANSynth through magenta's own generator and audio code, behind the same calls as `model`.

Runs in the environment `tensorflow`. Only the generator's graph is built: magenta's `Model` would also build the
discriminator, the losses and the training set. Layers are looked into by fetching their tensors, and changed by
feeding them, so stock magenta will do.
"""

import numpy as np
import tensorflow.compat.v1 as tf
from magenta.models.gansynth.lib import data_helpers, network_functions, train_util
from magenta.models.gansynth.lib import model as magenta_model
from magenta.models.gansynth.lib.flags import Flags
from magenta.models.gansynth.lib.networks import compute_progress
from modelfiles.errors import UserError

from .folder import open_folder


class Upstream:
    """A trained model played by magenta. Attributes and methods are those of `model.GANSynth`."""

    def __init__(self, folder):
        self.folder = folder
        self._flags = flags = Flags(folder.flags)
        flags["train_root_dir"] = str(folder.path)
        magenta_model.set_flags(flags)
        self._graphs = {}
        self.layers = {}
        self._graph(1)

    def random(self, count, seed=None):
        return self.folder.random(count, seed)

    def generate(self, latents, pitches, *, layer=None, offset=None, replace=False):
        return self.audio(self.pictures(latents, pitches, layer=layer, offset=offset, replace=replace))

    def audio(self, pictures):
        graph = self._graph(len(pictures))
        return graph.session.run(graph.waves, {graph.pictures: pictures})[:, :, 0]

    def pictures(self, latents, pitches, *, layer=None, offset=None, replace=False):
        graph, feed = self._feed(latents, pitches)
        if layer is not None:
            tensor = graph.layers[layer]
            offset = np.asarray(offset, np.float32)
            feed[tensor] = offset if replace else graph.session.run(tensor, feed) + offset
        return graph.session.run(graph.pictures, feed)

    def activations(self, latents, pitches, layer):
        graph, feed = self._feed(latents, pitches)
        if layer not in graph.layers:
            raise UserError(
                "input", f"{self.folder.name} has no layer {layer}; it has {', '.join(self.layers)}"
            )
        return graph.session.run(graph.layers[layer], feed)

    def _feed(self, latents, pitches):
        latents, labels = self.folder.inputs(latents, pitches)
        graph = self._graph(len(latents))
        return graph, {graph.latents: latents, graph.labels: labels}

    def _graph(self, batch):
        """The generator's graph for a number of notes: magenta's audio code wants it fixed."""
        if batch not in self._graphs:
            self._graphs[batch] = _Graph(self.folder, self._flags, batch)
            self.layers = {
                name: tuple(tensor.shape.as_list()[1:]) for name, tensor in self._graphs[batch].layers.items()
            }
        return self._graphs[batch]


class _Graph:
    def __init__(self, folder, flags, batch):
        self._graph = tf.Graph()
        with self._graph.as_default():
            self.labels = tf.placeholder(tf.int32, [batch])
            self.latents = tf.placeholder(tf.float32, [batch, folder.latent_size])
            step = tf.train.get_or_create_global_step()
            config = dict(
                flags,
                resolution_schedule=train_util.make_resolution_schedule(**flags),
                num_blocks=folder.blocks,
                progress=self._progress(step, flags, folder.blocks),
            )
            inputs = (self.latents, tf.one_hot(self.labels, len(folder.pitches)))
            with tf.variable_scope("Generator"):
                self.pictures, _ = network_functions.g_fn_registry[flags["g_fn"]](inputs, **config)
            self.waves = _data_helper(flags).data_to_waves(self.pictures)
            self.layers = self._find_layers(folder.blocks)
            self.session = tf.Session()
            self._restore(folder.checkpoint, step)

    @staticmethod
    def _progress(step, flags, blocks):
        if not flags["train_progressive"]:
            return blocks - 1.0
        stable, transition = flags["stable_stage_num_images"], flags["transition_stage_num_images"]
        return compute_progress(step, stable, transition, blocks)

    def _find_layers(self, blocks):
        """What comes out of each convolution's last operation, pixel norm, by the layer's name."""
        layers = {}
        for block in range(1, blocks + 1):
            for layer in ("conv0", "conv1"):
                scope = f"/progressive_gan_block_{block}/{layer}/"
                last = [op for op in self._graph.get_operations() if scope in op.name and op.type == "Mul"][
                    -1
                ]
                layers[layer if block == 1 else f"{layer}_{block}"] = last.outputs[0]
        return layers

    def _restore(self, checkpoint, step):
        for variable in tf.trainable_variables():
            variable.load(checkpoint[f"{variable.op.name}/ExponentialMovingAverage"], self.session)
        step.load(checkpoint["global_step"], self.session)


def _data_helper(flags):
    """Magenta's way from spectrograms to audio, without the data set that its constructor opens."""
    helper = object.__new__(data_helpers.registry[flags["data_type"]])
    helper._config = flags
    helper.specgrams_helper = helper.make_specgrams_helper()
    return helper


def load(path):
    """Load the newest checkpoint in a model's folder. Raises UserError."""
    tf.disable_v2_behavior()
    return Upstream(open_folder(path))
