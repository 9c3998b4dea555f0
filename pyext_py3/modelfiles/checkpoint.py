"""TensorFlow checkpoints of either version, read without TensorFlow and without running a stranger's code.

Runs in the workers, in trainers and in notebooks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .errors import UserError
from .finding import latest
from .regular import read_bytes
from .slices import Spec
from .tensor_bundle import TensorBundle
from .tensor_slices import TensorSlices
from .wire import Bytes


class Reader(Protocol):
    """What reads the tensors of one version."""

    specs: dict[str, Spec]

    def read(self, name: str) -> NDArray: ...


class Checkpoint(Mapping[str, NDArray]):
    """The tensors of a checkpoint by name; each is read anew when it is asked for.

    Values are what `tf.train.load_checkpoint(...).get_tensor` gives, always as numpy arrays: strings as
    object arrays of bytes, a single number as an array of shape (). bfloat16 comes widened to float32.
    """

    def __init__(self, reader: Reader, source: object) -> None:
        self._reader = reader
        self._source = source

    def __getitem__(self, name: str) -> NDArray:
        if name not in self._reader.specs:
            raise KeyError(name)
        with _naming(f"{self._source}, tensor {name}"):
            return self._reader.read(name)

    def __contains__(self, name: object) -> bool:
        return name in self._reader.specs

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._reader.specs))

    def __len__(self) -> int:
        return len(self._reader.specs)

    def names(self) -> list[str]:
        """All names, sorted."""
        return list(self)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape by name, without reading any values."""
        return {name: self._reader.specs[name].shape for name in self}

    @property
    def dtypes(self) -> dict[str, np.dtype]:
        """numpy dtype by name, without reading any values."""
        return {name: self._reader.specs[name].dtype for name in self}


def load_checkpoint(source: str | Path | Bytes) -> Checkpoint:
    """Open a TensorFlow checkpoint of either version.

    Parameters
    ----------
    source : str, Path, bytes, bytearray or memoryview
        A path: the common prefix of a V2 checkpoint's files ("run/ckpt-100"), one of its files, a V1 file, the prefix
        of a V1 checkpoint's shards, or a training folder, whose newest V2 checkpoint counts. Or bytes: a whole V1
        checkpoint, as it lies in a .mag bundle.

    Returns
    -------
    Checkpoint

    Raises
    ------
    UserError
        There is no such checkpoint, or it is damaged. Damage in the values shows when a tensor is read.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        with _naming("the checkpoint in the bundle"):
            return Checkpoint(TensorSlices([source]), "the checkpoint in the bundle")
    path = Path(source).expanduser()
    if path.is_dir():
        path = latest(path)
    prefix = path.with_name(re.sub(r"\.(index|meta|data-\d{5}-of-\d{5})$", "", path.name))
    with _naming(prefix):
        if prefix.with_name(prefix.name + ".index").is_file():
            return Checkpoint(TensorBundle(prefix), prefix)
        return Checkpoint(TensorSlices(read_bytes(file) for file in _v1_files(prefix)), prefix)


def _v1_files(prefix: Path) -> list[Path]:
    if prefix.is_file():
        return [prefix]
    shards = [
        (file, match)
        for file in sorted(prefix.parent.glob("*"))
        if (match := re.fullmatch(re.escape(prefix.name) + r"-(\d{5})-of-(\d{5})", file.name))
    ]
    if not shards:
        raise UserError("checkpoint", "there is no such checkpoint")
    if len(shards) != int(shards[0][1][2]):
        raise UserError(
            "checkpoint",
            f"the checkpoint is incomplete: {len(shards)} of {int(shards[0][1][2])} files are there",
        )
    return [file for file, _ in shards]


class _naming:
    """Put the name of what is being read before the message of an error, and turn file errors into ours."""

    def __init__(self, name: object) -> None:
        self._name = name

    def __enter__(self) -> _naming:
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        if isinstance(error, UserError):
            raise UserError(error.kind, f"{self._name}: {error.message}", error.hint) from None
        if isinstance(error, OSError):
            raise UserError("checkpoint", f"{self._name}: {error.strerror or error}") from None
