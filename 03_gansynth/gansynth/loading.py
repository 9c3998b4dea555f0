"""Loading a model by name or path with one of two engines; in the worker process and in notebooks."""

import importlib

from modelfiles.errors import UserError
from modelfiles.finding import find
from modelfiles.places import checkpoint_folders

ENGINES = {"small": "gansynth.model", "upstream": "gansynth.upstream"}


def load(name_or_path="starter", engine="small"):
    """Load a model; see `gansynth.load`."""
    return load_path(find(name_or_path, checkpoint_folders(__file__), suffixes=(".zip",)), engine)


def load_path(path, engine="small"):
    """Load the model in a folder or .zip with one of ENGINES. Raises UserError."""
    if engine not in ENGINES:
        raise UserError("input", f"there is no engine {engine!r}", f"there are: {', '.join(ENGINES)}")
    return importlib.import_module(ENGINES[engine]).load(path)
