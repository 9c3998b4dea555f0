"""Where files are on this machine: data, logs, and the folders in which a model is looked for.

Used in Pd, in the workers and on the command line; needs the standard library alone.
"""

import os
from pathlib import Path


def data_folder() -> Path:
    """Return the folder for checkpoints and records: $XDG_DATA_HOME/dlwa, else ~/.local/share/dlwa."""
    return _folder("XDG_DATA_HOME", ".local/share")


def state_folder() -> Path:
    """Return the folder for logs: $XDG_STATE_HOME/dlwa, else ~/.local/state/dlwa."""
    return _folder("XDG_STATE_HOME", ".local/state")


def cache_folder() -> Path:
    """Return the folder for what can be made anew: $XDG_CACHE_HOME/dlwa, else ~/.cache/dlwa."""
    return _folder("XDG_CACHE_HOME", ".cache")


def store_folder() -> Path:
    """Return the folder of downloaded checkpoints and of the user's own."""
    return data_folder() / "checkpoints"


def checkpoint_folders(module_file: str) -> list[Path]:
    """Return where a day's Python package looks for a model, in this order.

    Parameters
    ----------
    module_file : str
        `__file__` of a module anywhere in the package, which stands in the day's folder.

    Returns
    -------
    list of Path
        The current folder, the day's `checkpoints`, and the store.
    """
    package = Path(module_file).resolve().parent
    while (package.parent / "__init__.py").exists():
        package = package.parent
    return [Path.cwd(), package.parent / "checkpoints", store_folder()]


def _folder(variable: str, default: str) -> Path:
    base = Path(os.environ.get(variable, ""))
    if not base.is_absolute():  # the XDG specification asks to ignore relative paths
        base = Path.home() / default
    return base / "dlwa"
