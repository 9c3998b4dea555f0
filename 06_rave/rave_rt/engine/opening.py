"""Which engine plays a TorchScript file: our own layers, or its program in the interpreter. Runs in the worker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from .known import Unknown
from .reading import read_own
from .torchscript import load_module, runs_when_loaded

OWN, PROGRAM = "own", "program"


def open_model(
    path: str | Path, try_first: Callable[[Path], object] = lambda path: None
) -> tuple[torch.nn.Module, str]:
    """Open a model.

    Parameters
    ----------
    path : str or Path
        A TorchScript file.
    try_first : callable
        Called with the path before a program is loaded that has a part which runs at that.

    Returns
    -------
    module : torch.nn.Module
        As `torchscript.Model` takes it.
    reason : str
        Why the file's own program plays, not our layers; "" where these do, and nothing of the program was run.

    Raises
    ------
    UserError
        There is no TorchScript file, or it is damaged.
    """
    path = Path(path)
    try:
        return read_own(path), ""
    except Unknown as unknown:
        reason = str(unknown)
    if runs_when_loaded(path):
        try_first(path)
    return load_module(path), reason
