"""Reads .safetensors files that a stranger made, their size looked at before memory is taken; in the workers."""

from __future__ import annotations

from pathlib import Path

from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from .errors import UserError


def read_safetensors(path: str | Path, most_bytes: int) -> tuple[dict[str, str], dict[str, NDArray]]:
    """Read a .safetensors file.

    Parameters
    ----------
    path : str or Path
    most_bytes : int
        That the file may have.

    Returns
    -------
    header : dict of str to str
        What its header says besides the tensors.
    tensors : dict of str to ndarray

    Raises
    ------
    UserError
        There is no such file, it is larger, or it is damaged.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if size > most_bytes:
            raise UserError("checkpoint", f"{path.name} has {size >> 20} MB, too many for what it should be")
        with safe_open(path, "numpy") as file:
            names = list(file.keys())
            return dict(file.metadata() or {}), {name: file.get_tensor(name) for name in names}
    except FileNotFoundError:
        raise UserError("file", f"there is no file {path}") from None
    except OSError as error:
        raise UserError("checkpoint", f"cannot read {path.name}: {error.strerror or error}") from None
    except (SafetensorError, TypeError, KeyError, ValueError) as error:
        raise UserError("checkpoint", f"{path.name} is not a whole safetensors file: {error}") from None
