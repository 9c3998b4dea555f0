"""Loading a model by name or path with one of two engines; in the worker process and in notebooks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from modelfiles.engines import upstream_module
from modelfiles.finding import find
from modelfiles.places import checkpoint_folders

if TYPE_CHECKING:
    from .model import NSynth


def load(
    name_or_path: str | Path = "starter_notes",
    engine: str = "small",
    *,
    folders: Iterable[str | Path] | None = None,
) -> NSynth:
    """Load a model; see `nsynth.load`."""
    where = checkpoint_folders(__file__) if folders is None else folders
    path = find(str(name_or_path), where, suffixes=(".index", ".tar"))
    return load_path(path, engine)


def load_path(path: Path, engine: str = "small") -> NSynth:
    """Load the model in a folder or .tar, or of a prefix. Raises UserError."""
    upstream = upstream_module(__package__ or "", engine)
    if upstream is not None:
        loaded: NSynth = upstream.load(path)
        return loaded
    from . import model

    return model.load(path)
