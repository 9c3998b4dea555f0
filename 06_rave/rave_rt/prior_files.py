"""Where the prior of a model is: NAME.prior.safetensors. In Pd, in the worker and in trainings."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from modelfiles.finding import find

SUFFIX = ".prior.safetensors"
NONE = "none"  # as the name of a prior: none is wanted


def find_prior(model: Path, name: str | None, folders: Iterable[str | Path]) -> Path | None:
    """Find the prior of a model.

    Parameters
    ----------
    model : Path
        The model's file: the prior MODEL.prior.safetensors stands beside it, or in one of the folders.
    name : str or None
        Name or path of another prior, or NONE.
    folders : iterable of path
        Where it is looked for.

    Returns
    -------
    Path or None
        None where there is none and none was named.

    Raises
    ------
    UserError
        There is none of this name.
    """
    if name == NONE:
        return None
    if name:
        return find(name, folders, suffixes=(SUFFIX,))
    places = [model.parent, *(Path(folder).expanduser() for folder in folders)]
    beside = (folder / f"{model.stem}{SUFFIX}" for folder in places)
    return next((path for path in beside if path.is_file()), None)
