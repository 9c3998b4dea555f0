"""Files that a stranger made, opened with their sizes looked at before memory or disk is taken; in the workers."""

from __future__ import annotations

import json
import math
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from .errors import UserError
from .regular import MAX_FILE_BYTES, MAX_TEXT_BYTES, read_bytes

MAX_RATIO = 64  # of what is unpacked to the archive; weights and numbers hardly shrink
MAX_UNPACKED_BYTES = MAX_FILE_BYTES
# What zipfile raises for an archive that is damaged, encrypted, or packed in a way that it does not know.
UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)
_SMALL_BYTES = 1 << 20  # may be unpacked out of any archive
_KINDS = "biuf"
_MAX_DIMENSIONS = 8


def read_json(path: str | Path) -> dict[str, Any]:
    """Read a JSON file that holds keys and values.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    dict

    Raises
    ------
    UserError
        There is no such file, it has more than MAX_TEXT_BYTES, or it holds anything else.
    """
    path = Path(path)
    try:
        values = json.loads(read_bytes(path, MAX_TEXT_BYTES).decode())
    except OSError as error:
        raise UserError("checkpoint", f"cannot read {path.name}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise UserError("checkpoint", f"{path.name} is damaged: it is not JSON") from None
    if not isinstance(values, dict):
        raise UserError("checkpoint", f"{path.name} holds no keys and values")
    return values


def read_npy(path: str | Path) -> NDArray:
    """Read an array of numbers from a .npy file.

    Raises
    ------
    UserError
        There is no such file, or it is anything else than one array of the size that its header says.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            return _array(file, path.stat().st_size)
    except FileNotFoundError:
        raise UserError("file", f"there is no file {path}") from None
    except UserError as error:
        raise UserError("file", f"{path.name} {error.message}") from None
    except Exception as error:  # numpy's reader of headers parses Python
        raise UserError("file", f"{path.name} is damaged or no .npy file ({type(error).__name__})") from None


def read_npz(path: str | Path) -> dict[str, NDArray]:
    """Read the arrays of an .npz file by name: numbers, or one text each.

    Raises
    ------
    UserError
        There is no such file, it is damaged, or it would unpack to far more than it has.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            check_unpacked(path, members)
            arrays = {}
            for member in members:
                with archive.open(member) as file:
                    arrays[member.filename.removesuffix(".npy")] = _array(file, member.file_size, texts=True)
            return arrays
    except FileNotFoundError:
        raise UserError("checkpoint", f"there is no file {path}") from None
    except UserError as error:
        raise UserError("checkpoint", f"{path.name} {error.message}") from None
    except Exception as error:
        raise UserError(
            "checkpoint", f"{path.name} is damaged or no .npz file ({type(error).__name__})"
        ) from None


def unpack(archive: Path, target: Path, wanted: Callable[[str], object]) -> None:
    """Unpack the members of a .zip or .tar whose names are wanted; those of a .tar without their folders.

    Raises
    ------
    UserError
        The archive is damaged, or would unpack to far more than it has: then nothing was written.
    """
    if archive.suffix == ".tar":
        _unpack_tar(archive, target, wanted)
        return
    try:
        with zipfile.ZipFile(archive) as file:
            members = [member for member in file.infolist() if wanted(member.filename)]
            check_unpacked(archive, members)
            for member in members:
                file.extract(member, target)
    except UserError as error:
        raise UserError("checkpoint", f"{archive.name} {error.message}") from None
    except UNREADABLE as error:
        raise UserError("checkpoint", f"{archive} cannot be unpacked: {error}", "download it again") from None


def _unpack_tar(archive: Path, target: Path, wanted: Callable[[str], object]) -> None:
    try:
        with tarfile.open(archive, "r:") as file:  # what is not compressed cannot grow
            for member in file:
                if member.isreg() and wanted(member.name):
                    source = file.extractfile(member)
                    assert source is not None
                    with source, (target / Path(member.name).name).open("wb") as copy:
                        shutil.copyfileobj(source, copy)
    except tarfile.TarError as error:
        raise UserError("checkpoint", f"{archive} cannot be unpacked: {error}", "download it again") from None


def check_unpacked(archive: Path, members: list[zipfile.ZipInfo]) -> None:
    """Raise UserError when members of an archive would unpack to far more than it has."""
    unpacked = sum(member.file_size for member in members)
    most = min(MAX_UNPACKED_BYTES, max(_SMALL_BYTES, MAX_RATIO * archive.stat().st_size))
    if unpacked > most:
        raise UserError("checkpoint", f"would unpack to {unpacked >> 20} MB, which no model of its size does")


def _array(file: Any, size: int, texts: bool = False) -> NDArray:
    """Read an array whose file has `size` bytes; it is checked against its header before room is made."""
    shape, fortran, dtype, header = _header(file)
    kinds = _KINDS + "U" if texts else _KINDS
    if dtype.kind not in kinds or dtype.hasobject or len(shape) > _MAX_DIMENSIONS:
        raise UserError("file", "holds no numbers")
    if dtype.itemsize == 0 or math.prod(shape) * dtype.itemsize != size - header:
        raise UserError("file", "is damaged: its size does not fit its header")
    data = file.read(size - header)
    if len(data) != size - header:
        raise UserError("file", "is damaged: it ends too early")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C").copy()


def _header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype, int]:
    """Return shape, Fortran order, dtype and bytes of a .npy file's header."""
    version = np.lib.format.read_magic(file)
    readers: dict[tuple[int, int], Callable] = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    counted = _Counted(file)
    shape, fortran, dtype = readers[version](counted)
    return shape, fortran, dtype, np.lib.format.MAGIC_LEN + counted.count


class _Counted:
    """A file that counts the bytes that are read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.count = file, 0

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self.count += len(data)
        return data
