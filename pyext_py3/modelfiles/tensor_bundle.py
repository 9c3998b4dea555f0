"""TensorFlow's V2 checkpoints. Runs wherever one is read.

`NAME.index` is a table of names and places, `NAME.data-00000-of-00001` and on hold the values.

Field numbers: tensorflow/core/protobuf/tensor_bundle.proto; the layout of strings: core/util/tensor_bundle.
"""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import UserError
from .regular import read_bytes
from .slices import BFLOAT16, STRING, Part, Shape, Spec, assemble, decode, part_key, part_of, shape_of
from .table import Table, masked_crc32c
from .wire import Message, varint


class Entry(NamedTuple):
    """Where one tensor, or one part of one, lies: data file, first byte, bytes, checksum."""

    spec: Spec
    shard: int
    offset: int
    size: int
    checksum: int


MAX_INDEX_BYTES = 64 << 20  # some hundred bytes a tensor


class TensorBundle:
    """The tensors of a V2 checkpoint; `prefix` is the path without `.index`."""

    def __init__(self, prefix: Path) -> None:
        self._prefix = Path(prefix)
        entries: dict[bytes, Entry] = {}
        header: Message | None = None
        index = self._prefix.with_name(self._prefix.name + ".index")
        for key, value in Table(read_bytes(index, MAX_INDEX_BYTES)).items():
            if key == b"":
                header = Message(value)
            else:
                entries[key] = _entry(Message(value))
        if header is None:
            raise UserError("checkpoint", "this is not a V2 checkpoint: its index has no header")
        if header.integer(2) != 0:
            raise UserError("checkpoint", "checkpoints from big-endian machines are not read here")
        self._shards = header.integer(1)
        self._entries: dict[str, Entry] = {}
        for key, entry in entries.items():
            if not key.startswith(b"\0"):  # which part keys do
                try:
                    self._entries[key.decode()] = entry
                except UnicodeDecodeError:
                    raise UserError("checkpoint", "the file is damaged: a name in it is not text") from None
        self._parts = {key: entry for key, entry in entries.items() if key.startswith(b"\0")}
        self.specs = {name: entry.spec for name, entry in self._entries.items()}

    def read(self, name: str) -> NDArray:
        """The array of this name."""
        entry = self._entries[name]
        if not entry.spec.parts:
            return self._read(entry)
        self._check_total(entry.spec)
        return assemble(entry.spec, lambda part, shape: self._read_part(name, entry.spec, part, shape))

    def _check_total(self, spec: Spec) -> None:
        """Refuse parts that claim more than the data files hold, for they may all point at the same bytes."""
        total = sum(self._shard(number).stat().st_size for number in range(self._shards))
        if prod(spec.shape) * (1 if spec.type == STRING else spec.dtype.itemsize) > total:
            raise UserError(
                "checkpoint", "the checkpoint is damaged or incomplete: its data files are too short"
            )

    def _read_part(self, name: str, spec: Spec, part: Part, shape: Shape) -> NDArray:
        entry = self._parts.get(part_key(name, part))
        if entry is None or (entry.spec.type, entry.spec.shape) != (spec.type, shape):
            raise UserError("checkpoint", "the checkpoint is damaged: a part of a tensor is missing")
        return self._read(entry)

    def _read(self, entry: Entry) -> NDArray:
        raw = self._bytes(entry)
        if entry.spec.type == STRING:
            return _strings(raw, entry)
        item = 2 if entry.spec.type == BFLOAT16 else entry.spec.dtype.itemsize
        if entry.size != prod(entry.spec.shape) * item:
            raise UserError("checkpoint", "the checkpoint is damaged: a tensor's size does not fit its shape")
        _check(raw, entry)
        return decode(entry.spec.type, raw, entry.spec.shape)

    def _bytes(self, entry: Entry) -> bytes:
        shard = self._shard(entry.shard)
        with shard.open("rb") as file:
            length = file.seek(0, 2)
            if entry.offset < 0 or entry.size < 0 or entry.offset + entry.size > length:
                raise UserError("checkpoint", f"the checkpoint is incomplete: {shard.name} ends too early")
            file.seek(entry.offset)
            return file.read(entry.size)

    def _shard(self, number: int) -> Path:
        if not 0 <= number < self._shards < 100_000:
            raise UserError(
                "checkpoint", "the checkpoint is damaged: it names a data file that it does not have"
            )
        path = self._prefix.with_name(f"{self._prefix.name}.data-{number:05d}-of-{self._shards:05d}")
        if not path.is_file():
            raise UserError(
                "checkpoint",
                f"the checkpoint is incomplete: {path.name} is missing beside {self._prefix.name}.index",
                "copy all files of the checkpoint, not the .index file alone",
            )
        return path


def _entry(message: Message) -> Entry:
    parts = [part_of(part) for part in message.messages(7)]
    spec = Spec(message.integer(1), shape_of(message.message(2)), parts)
    return Entry(spec, message.integer(3), message.integer(4), message.integer(5), message.fixed32(6))


def _check(data: bytes, entry: Entry) -> None:
    if masked_crc32c(data) != entry.checksum:
        raise UserError("checkpoint", "the checkpoint is damaged: the checksum of a tensor is wrong")


def _strings(raw: bytes, entry: Entry) -> NDArray:
    """Lengths as varints, the masked checksum of the lengths, then all strings one after the other."""
    count = prod(entry.spec.shape)
    if count > len(raw):
        raise UserError("checkpoint", "the checkpoint is damaged: a list of strings is too short")
    lengths, position = [], 0
    for _ in range(count):
        length, position = varint(raw, position)
        lengths.append(length)
    start = position + 4
    if start + sum(lengths) != len(raw):
        raise UserError("checkpoint", "the checkpoint is damaged: a list of strings has the wrong size")
    counted = b"".join(length.to_bytes(4 if length < 1 << 32 else 8, "little") for length in lengths)
    if masked_crc32c(counted) != int.from_bytes(raw[position:start], "little"):
        raise UserError("checkpoint", "the checkpoint is damaged: the checksum of a tensor is wrong")
    _check(counted + raw[position:], entry)
    array = np.empty(count, object)
    for number, length in enumerate(lengths):
        array[number] = raw[start : start + length]
        start += length
    return array.reshape(entry.spec.shape)
