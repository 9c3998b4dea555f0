"""Files read as a whole, if they are files and not larger than such ones are; anywhere. The standard library alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .errors import UserError

MAX_TEXT_BYTES = 16 << 20
MAX_FILE_BYTES = 4 << 30


def read_bytes(path: str | Path, most: int = MAX_FILE_BYTES) -> bytes:
    """Read a regular file: what a pipe or a device sends may never end.

    Parameters
    ----------
    path : str or Path
    most : int
        Bytes that it may have.

    Returns
    -------
    bytes

    Raises
    ------
    UserError
        It has more, or it is something else than a file.
    OSError
        It cannot be opened.
    """
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise UserError("file", f"{Path(path).name} is no file, but a folder, a pipe or a device")
        if facts.st_size > most:
            size = facts.st_size >> 20
            raise UserError("file", f"{Path(path).name} has {size} MB, more than any such file")
        return file.read(facts.st_size)


def read_text(path: str | Path) -> str:
    """Read a text of at most MAX_TEXT_BYTES, whatever its letters; raises what `read_bytes` does."""
    return read_bytes(path, MAX_TEXT_BYTES).decode(errors="replace")
