"""Where numba keeps compiled loops when the folder of their source cannot be changed: in workers and trainings.

numba finds the class by its name in the variable NUMBA_CACHE_LOCATOR_CLASSES.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba.core.caching import InTreeCacheLocator, UserWideCacheLocator


class BesideOrOwn(UserWideCacheLocator):
    """The folder beside the source where it can be changed; else one in the cache, with what was compiled beside it."""

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> Any:
        """Return a locator for a function of a source file, or None."""
        beside = InTreeCacheLocator.from_function(py_func, py_file)
        if beside is not None:
            return beside
        own = super().from_function(py_func, py_file)
        if own is not None:
            _copy_missing(Path(py_file), Path(own.get_cache_path()))
        return own


def _copy_missing(source: Path, folder: Path) -> None:
    """Copy what was compiled of a source file; its index last, and not over an index that is there."""
    for data in sorted((source.parent / "__pycache__").glob(f"*{source.stem}.*.nb[ci]")):
        with contextlib.suppress(OSError):
            if not (folder / data.name).exists():
                shutil.copyfile(data, folder / data.name)
