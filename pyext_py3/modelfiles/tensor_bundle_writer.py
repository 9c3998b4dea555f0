"""TensorFlow's V2 checkpoints written without TensorFlow; the inverse of `tensor_bundle`. Runs in a training.

Layout: one data file with the tensors' bytes one after the other, and an index, a sorted string table
(github.com/google/leveldb, doc/table_format.md) of names and places, beside the small text file `checkpoint` by
which the newest checkpoint of a folder is found. Field numbers: tensorflow/core/protobuf/tensor_bundle.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import ArrayLike

from .table import MAGIC, masked_crc32c
from .wire_writer import bytes_field, integer_field, varint

STRING = 7
TYPES = {"float32": 1, "float64": 2, "int32": 3, "uint8": 4, "int64": 9, "bool": 10, "float16": 19}
Entries = list[tuple[bytes, bytes]]

BLOCK_BYTES = 4096  # of an index block, after which a new one begins
FOOTER_BYTES = 40  # without the magic number


def write_checkpoint(prefix: Path, tensors: Mapping[str, ArrayLike | bytes]) -> None:
    """Write a checkpoint and make it its folder's newest. Each file is written whole or not at all.

    Parameters
    ----------
    prefix : Path
        Path of the files without their endings, such as `model.ckpt-100`; the folder must exist.
    tensors : dict of str to numpy.ndarray or bytes
        Numbers and truth values of the types that numpy and TensorFlow share; bytes are one string.

    Raises
    ------
    ValueError
        For an array of a type that is not written here.
    """
    prefix = Path(prefix)
    data = prefix.with_name(f"{prefix.name}.data-00000-of-00001")
    entries, offset = [(b"", integer_field(1, 1) + bytes_field(3, integer_field(1, 1)))], 0
    with _whole(data) as file:
        for name in sorted(tensors, key=str.encode):
            entry, raw = _stored(name, tensors[name], offset)
            file.write(raw)
            entries.append((name.encode(), entry))
            offset += len(raw)
    with _whole(prefix.with_name(prefix.name + ".index")) as file:
        file.write(table(entries))
    with _whole(prefix.with_name("checkpoint")) as file:
        file.write(f'model_checkpoint_path: "{prefix.name}"\n'.encode())
        file.write(f'all_model_checkpoint_paths: "{prefix.name}"\n'.encode())


def table(entries: Entries) -> bytes:
    """The bytes of a sorted string table.

    Parameters
    ----------
    entries : list of (bytes, bytes)
        Keys and values, ascending by key.
    """
    out, index = b"", []
    for block in _blocks(entries):
        body = _block(block)
        index.append((block[-1][0], varint(len(out)) + varint(len(body))))
        out += _sealed(body)
    nothing, places = _block([]), _block(index)
    footer = varint(len(out)) + varint(len(nothing))
    out += _sealed(nothing)
    footer += varint(len(out)) + varint(len(places))
    return out + _sealed(places) + footer.ljust(FOOTER_BYTES, b"\0") + MAGIC


def _blocks(entries: Entries) -> Iterator[Entries]:
    """Yield lists of entries of about BLOCK_BYTES."""
    block: Entries = []
    size = 0
    for key, value in entries:
        block.append((key, value))
        size += len(key) + len(value)
        if size >= BLOCK_BYTES:
            yield block
            block, size = [], 0
    if block:
        yield block


def _block(entries: Entries) -> bytes:
    """A block with every key in full; each is a restart point, so that readers can search it."""
    body = b""
    restarts: list[int] = []
    for key, value in entries:
        restarts.append(len(body))
        body += varint(0) + varint(len(key)) + varint(len(value)) + key + value
    restarts = restarts or [0]
    return body + struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))


def _sealed(body: bytes) -> bytes:
    """A block with its trailer: no compression, masked checksum."""
    stored = body + b"\0"
    return stored + struct.pack("<I", masked_crc32c(stored))


def _stored(name: str, value: ArrayLike | bytes, offset: int) -> tuple[bytes, bytes]:
    """(BundleEntryProto, bytes in the data file) of a tensor."""
    if isinstance(value, bytes):
        counted = varint(len(value))
        length = struct.pack("<I", len(value))
        sealed = struct.pack("<I", masked_crc32c(length))
        return (
            _entry(STRING, (), offset, len(counted) + 4 + len(value), length + sealed + value),
            counted + sealed + value,
        )
    array = np.asarray(value)
    if array.dtype.name not in TYPES:
        raise ValueError(f"{name}: arrays of {array.dtype.name} are not written into checkpoints")
    raw = array.astype(array.dtype.newbyteorder("<")).tobytes()
    return _entry(TYPES[array.dtype.name], array.shape, offset, len(raw), raw), raw


def _entry(kind: int, shape: tuple[int, ...], offset: int, size: int, checked: bytes) -> bytes:
    """A BundleEntryProto. Fields of value 0 are left out, as protocol buffers do."""
    sizes = b"".join(bytes_field(2, integer_field(1, length)) for length in shape)
    place = (integer_field(4, offset) if offset else b"") + (integer_field(5, size) if size else b"")
    checksum = varint(6 << 3 | 5) + struct.pack("<I", masked_crc32c(checked))
    return integer_field(1, kind) + bytes_field(2, sizes) + place + checksum


class _whole:
    """A file that is written under another name and renamed when it is complete."""

    def __init__(self, path: Path) -> None:
        self._path, self._part = path, path.with_name(f".{path.name}.part")

    def __enter__(self) -> BinaryIO:
        self._file = self._part.open("wb")
        return self._file

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._file.close()
        if error is None:
            self._part.replace(self._path)
        else:
            self._part.unlink(missing_ok=True)
