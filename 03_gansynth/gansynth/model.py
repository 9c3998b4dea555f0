"""GANSynth: notes from points of its latent space.

    model = load("checkpoints/starter")
    audio = model.generate(model.random(4, seed=1), [60, 62, 64, 65])    # [4, samples], float32

Reads what magenta's trainer writes, without TensorFlow. Of the hundreds of tensors in a checkpoint, playing needs
the averaged weights of the generator and the count of images that it was trained on.
"""

import numpy as np
import torch
from modelfiles.errors import UserError

from .folder import UPSTREAM, generator_names, open_folder
from .generator import Generator, progress
from .spectrogram import Spectrogram

# The values that are understood here of settings that change the network's form.
UNDERSTOOD = {
    "data_type": "mel",
    "data_normalizer": "specgrams_prespecified_normalizer",
    "g_fn": "specgram",
    "scale_mode": "ALL",
    "scale_base": 2,
    "kernel_size": 3,
    "simple_arch": False,
    "to_rgb_activation": "tanh",
    "train_time_limit": None,
}


class GANSynth:
    """A trained model, ready to play.

    folder: what it was loaded from, with its pitches, sizes and sample rate.
    layers: {name: (height, width, channels)} of the layers that can be looked into and changed.
    """

    def __init__(self, folder):
        flags, self.folder = folder.flags, folder
        for key, value in UNDERSTOOD.items():
            if flags.get(key, value) != value:
                raise UserError(
                    "checkpoint", f"{folder.name}: {key} {flags[key]} is not understood here", UPSTREAM
                )
        grown = folder.blocks - 1.0
        if flags["train_progressive"]:
            stable, transition = flags["stable_stage_num_images"], flags["transition_stage_num_images"]
            grown = progress(int(folder.checkpoint["global_step"]), stable, transition, folder.blocks)
        tensors = {name: folder.checkpoint[name] for name in generator_names(folder.blocks)}
        self._generator = Generator(tensors, folder.blocks, flags["num_resolutions"], grown)
        self.layers = self._generator.shapes
        scale = 2 ** (flags["num_resolutions"] - 1)
        self._spectrogram = Spectrogram(
            flags["start_height"] * scale,
            flags["start_width"] * scale,
            folder.audio_length,
            folder.sample_rate,
        )
        self._shift = torch.tensor([flags["mag_normalizer_b"], flags["p_normalizer_b"]])
        self._slope = torch.tensor([flags["mag_normalizer_a"], flags["p_normalizer_a"]])

    def random(self, count, seed=None):
        """`count` random points of the latent space, [count, latent_size], float32."""
        return self.folder.random(count, seed)

    def generate(self, latents, pitches, *, layer=None, offset=None, replace=False):
        """Audio [notes, samples], float32, for latent vectors [notes, latent_size] and as many MIDI pitches.

        layer, offset: an array [notes, height, width, channels] to add to what comes out of that layer;
        replace: put it in its place, which makes latent vector and pitch meaningless.
        Raises UserError.
        """
        return self.audio(self.pictures(latents, pitches, layer=layer, offset=offset, replace=replace))

    def audio(self, pictures):
        """Audio [notes, samples] of spectrograms [notes, frames, bands, 2] as `pictures` gives them."""
        with torch.inference_mode():
            notes = [self._spectrogram.to_audio(one) for one in torch.from_numpy(pictures).split(1)]
            return torch.cat(notes).numpy()

    def pictures(self, latents, pitches, *, layer=None, offset=None, replace=False):
        """Spectrograms [notes, frames, bands, 2], float32: log mel power; frequency in pi a frame.

        Notes are made one by one, here and in `audio`: what a note needs then stays in the processor's caches, and
        eight take a third less time than together.
        """
        inputs = self._inputs(latents, pitches)
        if layer is not None:
            offset = np.asarray(offset, np.float32)
            wanted = (len(inputs), *self._shape(layer))
            if offset.shape != wanted:
                raise UserError("input", f"an offset of {offset.shape} for {layer}, which needs {wanted}")
            offsets = torch.from_numpy(offset).split(1)
        else:
            offsets = [None] * len(inputs)
        with torch.inference_mode():
            notes = zip(inputs.split(1), offsets)
            pictures = torch.cat(
                [self._generator.pictures(one, layer, change, replace) for one, change in notes]
            )
            return pictures.sub_(self._shift).div_(self._slope).numpy()

    def activations(self, latents, pitches, layer):
        """What comes out of a layer, [notes, height, width, channels], float32; later layers are not run."""
        self._shape(layer)
        inputs = self._inputs(latents, pitches)
        with torch.inference_mode():
            return self._generator.activations(inputs, layer).contiguous().numpy()

    def _shape(self, layer):
        if layer not in self.layers:
            raise UserError(
                "input", f"{self.folder.name} has no layer {layer}; it has {', '.join(self.layers)}"
            )
        return self.layers[layer]

    def _inputs(self, latents, pitches):
        latents, labels = self.folder.inputs(latents, pitches)
        one_hot = np.eye(len(self.folder.pitches), dtype=np.float32)[labels]
        return torch.from_numpy(np.concatenate([latents, one_hot], axis=1))


def load(path):
    """Load the newest checkpoint in a model's folder. Raises UserError."""
    return GANSynth(open_folder(path))
