"""Which engine plays a TorchScript file: our own layers, or its program in the interpreter. Runs in the worker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from modelfiles.errors import UserError

from .known import Unknown
from .reading import read_own
from .torchscript import load_module, runs_when_loaded

OWN, PROGRAM = "own", "program"


def open_model(
    path: str | Path, try_first: Callable[[Path], object] = lambda path: None, program: bool = True
) -> tuple[torch.nn.Module, str]:
    """Open a model.

    Parameters
    ----------
    path : str or Path
        A TorchScript file.
    try_first : callable
        Called with the path before a program is loaded that has a part which runs at that.
    program : bool
        Whether the file's own program may play.

    Returns
    -------
    module : torch.nn.Module
        As `torchscript.Model` takes it.
    reason : str
        Why the file's own program plays, not our layers; "" where these do, and nothing of the program was run.

    Raises
    ------
    UserError
        There is no TorchScript file, or it is damaged, or its own program would have to play and may not.
    """
    path = Path(path)
    try:
        return read_own(path), ""
    except Unknown as unknown:
        reason = str(unknown)
    if not program:
        raise UserError("checkpoint", f"{path.name} would be played by its own program: {reason}")
    if runs_when_loaded(path):
        try_first(path)
    return load_module(path), reason
