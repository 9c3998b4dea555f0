"""GANSpaceSynth: a GANSynth with directions to move one of its layers in; in the worker process and in notebooks.

    model = load("starter", "conv0")
    audio = model.generate(model.random(1, seed=1), [60], edits=[[2.0, -1.0]])    # [1, samples], float32

Härkönen et al., "GANSpace", 2020 (https://arxiv.org/abs/2004.02546).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from gansynth.loading import load as load_gansynth
from gansynth.model import GANSynth
from modelfiles.errors import UserError
from modelfiles.finding import find
from numpy.typing import ArrayLike, NDArray

from . import SUFFIXES
from . import components as component_files
from .components import Components


class GANSpaceSynth:
    """A model and its components.

    Attributes
    ----------
    gansynth : gansynth.model.GANSynth
    components : ganspacesynth.components.Components
    """

    def __init__(self, model: GANSynth, components: Components) -> None:
        self.gansynth, self.components = model, components
        self.folder = model.folder

    def random(self, count: int, seed: int | None = None) -> NDArray[np.float32]:
        """See `gansynth.model.GANSynth.random`."""
        return self.gansynth.random(count, seed)

    def generate(
        self,
        latents: ArrayLike,
        pitches: Sequence[int],
        edits: ArrayLike | None = None,
        replace: bool = False,
    ) -> NDArray[np.float32]:
        """Make notes.

        Parameters
        ----------
        latents : array_like
            Latent vectors [notes, latent_size].
        pitches : sequence of int
            MIDI pitches, one a note.
        edits : array_like, optional
            [notes, up to the number of components]; 1 moves the layer by one standard deviation.
        replace : bool
            Put mean and edits in the place of the layer, which makes latent vectors and pitches meaningless.

        Returns
        -------
        numpy.ndarray
            Audio [notes, samples], float32.

        Raises
        ------
        UserError
            For a pitch or a size that the model does not have.
        """
        if edits is None:
            return self.gansynth.generate(latents, pitches)
        return self.gansynth.generate(latents, pitches, **self.components.change(edits, replace))


def load(
    name_or_path: str | Path = "starter", components: str | Path = "conv0", engine: str = "small"
) -> GANSpaceSynth:
    """Load a model with the components of one of its layers.

    Parameters
    ----------
    name_or_path, engine
        As `gansynth.load` takes them.
    components : str or Path, optional
        A .npz or .pickle file: a path, or a name in the model's folder.

    Returns
    -------
    GANSpaceSynth

    Raises
    ------
    UserError
        When a file is missing or damaged, or the components are another model's.
    """
    model = load_gansynth(name_or_path, engine)
    return GANSpaceSynth(model, load_components(components, [Path.cwd()], model)[1])


def load_components(
    name: str | Path, folders: Iterable[str | Path], model: GANSynth
) -> tuple[Path, Components]:
    """Load the components of a model's layer.

    Parameters
    ----------
    name : str or Path
        The file, or its name in one of the folders or in the model's folder.
    folders : iterable of path
    model : gansynth.model.GANSynth

    Returns
    -------
    (Path, ganspacesynth.components.Components)

    Raises
    ------
    UserError
        When there is no such file, it is damaged, or belongs to another model.
    """
    try:
        path = find(name, [*folders, model.folder.path], SUFFIXES)
    except UserError as error:
        raise UserError(
            "checkpoint",
            f"there are no components {name} for {model.folder.name}",
            f"compute them: setup/dlwa train ganspace {model.folder.path}",
        ) from error
    loaded = component_files.read(path)
    loaded.check(model.folder, model.layers)
    return path, loaded
