"""Day 3, GANSynth: notes from points of a latent space. Imported in Pd and in the worker, so it loads nothing heavy."""

import importlib

from modelfiles.errors import UserError
from modelfiles.finding import find
from modelfiles.places import checkpoint_folders

ENGINES = {"small": "gansynth.model", "upstream": "gansynth.upstream"}


def load(name_or_path="starter", engine="small"):
    """Load a model.

    Parameters
    ----------
    name_or_path : str or Path, optional
        A model's folder or .zip: a path, or a name in the day's `checkpoints` or among the downloads.
    engine : str, optional
        "small" (torch), or "upstream" (magenta, in the environment `tensorflow`).

    Returns
    -------
    gansynth.model.GANSynth
        Or the same calls through magenta.

    Raises
    ------
    UserError
        When there is no such model, or it is damaged.
    """
    return load_path(find(name_or_path, checkpoint_folders(__file__), suffixes=(".zip",)), engine)


def load_path(path, engine="small"):
    """Load the model in a folder or .zip with one of ENGINES. Raises UserError."""
    if engine not in ENGINES:
        raise UserError("input", f"there is no engine {engine!r}", f"there are: {', '.join(ENGINES)}")
    return importlib.import_module(ENGINES[engine]).load(path)
