"""Which folders a worker has to read for a model that a person names; in Pd.

Landlock opens folders and files by what they are, not by the links that lead there: the targets of links belong to it.
"""

from __future__ import annotations

import glob
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path


def places(name: str, folders: Iterable[str | Path]) -> tuple[str, ...]:
    """Return what a worker has to read to find a model and open it.

    Parameters
    ----------
    name : str
        A name or a path, as `modelfiles.finding.find` takes it; "" for none.
    folders : iterable of path
        Where it is looked for.

    Returns
    -------
    tuple of str
        Sorted. Of folders that hold more than models, the home and what is above it, only what begins as the name does.
    """
    found: set[Path] = set()
    for folder in map(_expanded, folders):
        if not _is_broad(folder):
            found.add(folder)
        if name:
            found.update(_of_model(folder / _expanded(name)))
    return tuple(sorted(map(str, found)))


def _of_model(path: Path) -> Iterator[Path]:
    """Yield a model's folder, or the one that its file is in, and what links in it lead to."""
    parts = (
        [Path(part) for part in glob.glob(f"{glob.escape(str(path.with_suffix('')))}*")] if path.name else []
    )
    if path.is_dir():
        if _is_broad(path):
            return
        parts += path.iterdir()
        yield path
    elif parts and not _is_broad(path.parent):
        yield path.parent
    yield from (part for part in parts if _is_broad(part.parent))
    yield from (part.resolve() for part in parts if part.is_symlink())


def _is_broad(folder: Path) -> bool:
    home = Path.home().resolve()
    return folder.resolve() in {home, *home.parents, Path(tempfile.gettempdir()).resolve()}


def _expanded(path: str | Path) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:  # the home of somebody who is not there
        return Path(path)
