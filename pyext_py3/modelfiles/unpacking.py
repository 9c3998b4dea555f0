"""Archives of models, unpacked the first time they are needed. Runs in the workers, in trainers and in notebooks."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from .bounded import unpack
from .errors import UserError
from .places import cache_folder


def unpacked(archive: Path, wanted: Callable[[str], object]) -> Path:
    """Return the folder that holds an archive's members: beside it, or in the cache where nothing may be written there.

    Parameters
    ----------
    archive : Path
        A .zip or .tar.
    wanted : callable
        Whether a member of this name is needed.

    Returns
    -------
    Path

    Raises
    ------
    UserError
        It is damaged, or there is no room.
    """
    target = archive.with_suffix("")
    try:
        if not target.exists():
            _unpack(archive, target, wanted)
    except OSError:  # a worker may not write there
        facts = archive.stat()
        target = cache_folder() / "unpacked" / f"{archive.stem}-{facts.st_size}-{facts.st_mtime_ns}"
        try:
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                _unpack(archive, target, wanted)
        except OSError as error:
            raise UserError("checkpoint", f"{archive} cannot be unpacked: {error.strerror}") from None
    return target


def _unpack(archive: Path, target: Path, wanted: Callable[[str], object]) -> None:
    begun = target.with_name(f"{target.name}.unpacking")
    shutil.rmtree(begun, ignore_errors=True)
    begun.mkdir()
    unpack(archive, begun, wanted)
    begun.rename(target)
