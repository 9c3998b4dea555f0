"""TensorFlow's V1 checkpoints: one table of names, shapes and values. Runs wherever one is read.

Magenta's .mag bundles carry one.

Field numbers: tensorflow/core/util/saved_tensor_slice.proto and core/framework/{tensor,types}.proto.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

import numpy as np
from numpy.typing import NDArray

from .errors import UserError
from .slices import STRING, Part, Shape, Spec, assemble, decode, part_key, part_of, shape_of
from .table import Table
from .wire import Bytes, Message, varint

# TensorProto's list of values for each type: its field number, and how numbers are written there.
FIXED = {1: 5, 2: 6, 8: 9, 18: 12}
VARINT = {3: 7, 4: 7, 5: 7, 6: 7, 9: 10, 10: 11, 11: 7, 12: 7, 13: 7, 15: 7, 16: 7, 17: 7, 22: 16, 23: 17}
HALF = {14: 13, 19: 13}  # the 16 bits as an integer
STRINGS = 8


class TensorSlices:
    """The tensors of a V1 checkpoint; `tables` are its shards' bytes, each a whole file."""

    def __init__(self, tables: Iterable[Bytes]) -> None:
        self._tables = [Table(data) for data in tables]
        self.specs: dict[str, Spec] = {}
        for table in self._tables:
            header = table.get(b"")
            if header is None:
                raise UserError("checkpoint", "this is not a V1 checkpoint: it has no list of tensors")
            for entry in Message(header).message(1).messages(1):
                self._add(entry.text(1), entry)

    def _add(self, name: str, entry: Message) -> None:
        parts = [part_of(part) for part in entry.messages(4)]
        spec = Spec(entry.integer(3), shape_of(entry.message(2)), parts)
        known = self.specs.setdefault(name, Spec(spec.type, spec.shape, []))
        if (known.type, known.shape) != (spec.type, spec.shape):
            raise UserError("checkpoint", f"the file is damaged: two tensors are called {name!r}")
        known.parts.extend(parts)

    def read(self, name: str) -> NDArray:
        """The array of this name."""
        spec = self.specs[name]
        return assemble(spec, lambda part, shape: self._read_part(name, spec, part, shape))

    def _read_part(self, name: str, spec: Spec, part: Part, shape: Shape) -> NDArray:
        key = part_key(name, part)
        found = [value for table in self._tables if (value := table.get(key)) is not None]
        if not found:
            raise UserError("checkpoint", "the file is incomplete: a tensor has no values")
        values = _values(spec, Message(found[0]).message(2).message(3))
        if values.size != prod(shape):
            raise UserError("checkpoint", "the file is damaged: a tensor has too few or too many values")
        return values.reshape(shape)


def _values(spec: Spec, tensor: Message) -> NDArray:
    """The flat array of values in a TensorProto; a list of numbers may be packed, or one field each."""
    if spec.type == STRING:
        return np.fromiter((bytes(value) for value in tensor.blobs(STRINGS)), object)
    if spec.type in FIXED:
        raw = b"".join(tensor.blobs(FIXED[spec.type]))
        if len(raw) % spec.dtype.itemsize:
            raise UserError("checkpoint", "the file is damaged: a number is cut off")
        return decode(spec.type, raw, (-1,))
    if spec.type in HALF:
        raw = _varints(tensor.raw(HALF[spec.type])).astype("<u2").tobytes()
        return decode(spec.type, raw, (-1,))
    if spec.type in VARINT:
        return _varints(tensor.raw(VARINT[spec.type])).astype(spec.dtype)
    raise UserError("checkpoint", f"tensors of TensorFlow's type {spec.type} are not read here")


def _varints(values: Iterable[int | memoryview]) -> NDArray:
    """uint64 of a list of varint fields and of packed varints."""
    numbers = []
    for value in values:
        if isinstance(value, int):
            numbers.append(value)
            continue
        position = 0
        while position < len(value):
            number, position = varint(value, position)
            numbers.append(number)
    return np.array(numbers, np.uint64)
