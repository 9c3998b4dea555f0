"""GANSynth: notes from points of its latent space. Runs in the worker process and in notebooks.

    model = load("checkpoints/starter")
    audio = model.generate(model.random(4, seed=1), [60, 62, 64, 65])    # [4, samples], float32

Reads what magenta's trainer writes, without TensorFlow. Of the hundreds of tensors in a checkpoint, generating needs
the averaged weights of the generator and the count of images that it was trained on.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from modelfiles.bending import Bending
from modelfiles.errors import UserError
from numpy.typing import ArrayLike, NDArray

from .folder import UPSTREAM, ModelFolder, generator_names, open_folder
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
    """A trained model, ready to generate.

    Attributes
    ----------
    folder : ModelFolder
        What it was loaded from, with its pitches, sizes and sample rate.
    layers : dict of str to (int, int, int)
        Height, width and channels of the layers that can be looked into and changed.
    bending : modelfiles.bending.Bending
        Of the kernels of these layers.
    """

    def __init__(self, folder: ModelFolder) -> None:
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
        self.bending = Bending(self._generator.weights())
        scale = 2 ** (flags["num_resolutions"] - 1)
        self._spectrogram = Spectrogram(
            flags["start_height"] * scale,
            flags["start_width"] * scale,
            folder.audio_length,
            folder.sample_rate,
        )
        self._shift = torch.tensor([flags["mag_normalizer_b"], flags["p_normalizer_b"]])
        self._slope = torch.tensor([flags["mag_normalizer_a"], flags["p_normalizer_a"]])

    def random(self, count: int, seed: int | None = None) -> NDArray[np.float32]:
        """Draw random points of the latent space.

        Parameters
        ----------
        count : int
        seed : int, optional
            Makes the draw repeatable.

        Returns
        -------
        ndarray of float32, shape (count, latent_size)
        """
        return self.folder.random(count, seed)

    def generate(
        self,
        latents: ArrayLike,
        pitches: Sequence[int],
        *,
        layer: str | None = None,
        offset: ArrayLike | None = None,
        replace: bool = False,
    ) -> NDArray[np.float32]:
        """Make notes.

        Parameters
        ----------
        latents : array_like, shape (notes, latent_size)
            Points of the latent space.
        pitches : sequence of int
            MIDI pitches, one a note.
        layer : str, optional
            A layer to change, one of `layers`.
        offset : array_like, shape (notes, height, width, channels), optional
            What is added to what comes out of that layer.
        replace : bool
            Put the offset in the place of what comes out, which makes latent vectors and pitches meaningless.

        Returns
        -------
        ndarray of float32, shape (notes, samples)

        Raises
        ------
        UserError
            A pitch, a size or a layer that the model does not have.
        """
        return self.audio(self.pictures(latents, pitches, layer=layer, offset=offset, replace=replace))

    def begin(self, latent: ArrayLike, pitch: int, frames: int) -> NDArray[np.float32]:
        """Make the beginning of a note, in a part of the time that the whole takes.

        Parameters
        ----------
        latent : array_like, shape (latent_size,)
            A point of the latent space.
        pitch : int
            A MIDI pitch.
        frames : int
            How many frames of its spectrogram to make.

        Returns
        -------
        ndarray of float32, shape (samples,)
            What `generate` gives, as far as these frames reach.

        Raises
        ------
        UserError
            See `generate`.
        """
        inputs = self._inputs(np.asarray(latent)[np.newaxis], [pitch])
        with torch.inference_mode():
            picture = self._generator.pictures(inputs, frames=frames)
            return self._spectrogram.begin(picture.sub_(self._shift).div_(self._slope))[0].numpy()

    def audio(self, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        """Make sound of spectrograms.

        Parameters
        ----------
        pictures : ndarray of float32, shape (notes, frames, bands, 2)
            As `pictures` gives them.

        Returns
        -------
        ndarray of float32, shape (notes, samples)
        """
        with torch.inference_mode():
            notes = [self._spectrogram.to_audio(one) for one in torch.from_numpy(pictures).split(1)]
            return torch.cat(notes).numpy()

    def pictures(
        self,
        latents: ArrayLike,
        pitches: Sequence[int],
        *,
        layer: str | None = None,
        offset: ArrayLike | None = None,
        replace: bool = False,
    ) -> NDArray[np.float32]:
        """Make the spectrograms of notes.

        Notes are made one by one, here and in `audio`: what a note needs then stays in the processor's caches, and
        eight take a third less time than together.

        Parameters
        ----------
        latents, pitches, layer, offset, replace
            See `generate`.

        Returns
        -------
        ndarray of float32, shape (notes, frames, bands, 2)
            Logarithm of mel power, and instantaneous frequency in pi a frame.

        Raises
        ------
        UserError
            See `generate`.
        """
        inputs = self._inputs(latents, pitches)
        offsets: Sequence[torch.Tensor | None] = [None] * len(inputs)
        if layer is not None:
            change = np.asarray(offset, np.float32)
            wanted = (len(inputs), *self._shape(layer))
            if change.shape != wanted:
                raise UserError("input", f"an offset of {change.shape} for {layer}, which needs {wanted}")
            offsets = torch.from_numpy(change).split(1)
        with torch.inference_mode():
            notes = zip(inputs.split(1), offsets)
            pictures = torch.cat(
                [self._generator.pictures(one, layer, change, replace) for one, change in notes]
            )
            return pictures.sub_(self._shift).div_(self._slope).numpy()

    def activations(self, latents: ArrayLike, pitches: Sequence[int], layer: str) -> NDArray[np.float32]:
        """Compute what comes out of a layer; later layers are not run.

        Parameters
        ----------
        latents, pitches
            See `generate`.
        layer : str
            One of `layers`.

        Returns
        -------
        ndarray of float32, shape (notes, height, width, channels)

        Raises
        ------
        UserError
            See `generate`.
        """
        self._shape(layer)
        inputs = self._inputs(latents, pitches)
        with torch.inference_mode():
            return self._generator.activations(inputs, layer).contiguous().numpy()

    def _shape(self, layer: str) -> tuple[int, int, int]:
        if layer not in self.layers:
            raise UserError(
                "input", f"{self.folder.name} has no layer {layer}; it has {', '.join(self.layers)}"
            )
        return self.layers[layer]

    def _inputs(self, latents: ArrayLike, pitches: Sequence[int]) -> torch.Tensor:
        points, labels = self.folder.inputs(latents, pitches)
        one_hot = np.eye(len(self.folder.pitches), dtype=np.float32)[labels]
        return torch.from_numpy(np.concatenate([points, one_hot], axis=1))


def load(path: str | Path) -> GANSynth:
    """Load the newest checkpoint in a model's folder; `gansynth.load` finds it by its name.

    Parameters
    ----------
    path : str or Path
        A model's folder, or a .zip of one.

    Returns
    -------
    GANSynth

    Raises
    ------
    UserError
        There is no model, it is damaged, or of a form that is not known here.
    """
    return GANSynth(open_folder(path))
