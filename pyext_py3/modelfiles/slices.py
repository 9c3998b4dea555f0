"""Type, shape and parts of a tensor, as both kinds of TensorFlow checkpoint describe it. Runs wherever one is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import UserError
from .wire import Message

MAX_RANK = 32  # numpy's

Shape = tuple[int, ...]
Part = tuple[tuple[int, int], ...]

# tensorflow/core/framework/types.proto. Quantized types are stored, and given here, as plain integers.
# Strings become object arrays of bytes. numpy has no bfloat16: see `decode`.
STRING, BFLOAT16 = 7, 14
DTYPES = {
    1: "<f4", 2: "<f8", 3: "<i4", 4: "|u1", 5: "<i2", 6: "|i1", 8: "<c8", 9: "<i8", 10: "|b1", 11: "|i1",
    12: "|u1", 13: "<i4", 15: "<i2", 16: "<u2", 17: "<u2", 18: "<c16", 19: "<f2", 22: "<u4", 23: "<u8",
}  # fmt: skip


class Spec(NamedTuple):
    """What is stored of a tensor.

    type: TensorFlow's number of its type. parts: for each part, for each axis, (start, length); length -1 stands for a
    whole axis.
    """

    type: int
    shape: Shape
    parts: list[Part]

    @property
    def dtype(self) -> np.dtype:
        """The numpy dtype that this tensor has once it is read."""
        if self.type == STRING:
            return np.dtype(object)
        if self.type == BFLOAT16:
            return np.dtype("<f4")
        if self.type not in DTYPES:
            raise UserError("checkpoint", f"tensors of TensorFlow's type {self.type} are not read here")
        return np.dtype(DTYPES[self.type])


def shape_of(message: Message) -> Shape:
    """Tuple of sizes from a TensorShapeProto."""
    sizes = tuple(dim.integer(1) for dim in message.messages(2))
    total = prod(size or 1 for size in sizes)
    if len(sizes) > MAX_RANK or min(sizes, default=0) < 0 or total >= 1 << 48:
        raise UserError("checkpoint", f"the file is damaged: it claims a tensor of the shape {_brief(sizes)}")
    return sizes


def part_of(message: Message) -> Part:
    """A TensorSliceProto as a tuple of (start, length) for each axis; length -1 where it is not given."""
    extents = message.messages(1)
    return tuple((extent.integer(1), extent.integer(2) if 2 in extent else -1) for extent in extents)


def part_shape(shape: Shape, part: Part) -> Shape:
    """The shape of one part of a tensor of `shape`."""
    if len(part) != len(shape):
        raise UserError("checkpoint", "the file is damaged: a part of a tensor has the wrong number of axes")
    sizes = []
    for size, (start, length) in zip(shape, part):
        length = size - start if length == -1 else length
        if start < 0 or length < 0 or start + length > size:
            raise UserError("checkpoint", "the file is damaged: a part of a tensor lies outside it")
        sizes.append(length)
    return tuple(sizes)


def assemble(spec: Spec, read_part: Callable[[Part, Shape], NDArray]) -> NDArray:
    """Put a tensor together from its parts; `read_part(part, shape)` reads one of them.

    Every element must come from exactly one part. The whole is allocated only after its parts have been
    read, so a small file cannot claim a huge tensor.
    """
    shapes = [part_shape(spec.shape, part) for part in spec.parts]
    if sum(map(prod, shapes)) != prod(spec.shape):
        raise UserError("checkpoint", "the file is damaged: the parts of a tensor do not make a whole")
    pieces = [(part, read_part(part, shape)) for part, shape in zip(spec.parts, shapes)]
    if len(pieces) == 1:
        return pieces[0][1]
    whole = np.empty(spec.shape, spec.dtype)
    covered = np.zeros(spec.shape, bool)
    for part, piece in pieces:
        place = tuple(slice(start, start + size) for (start, _), size in zip(part, piece.shape))
        if covered[place].any():
            raise UserError("checkpoint", "the file is damaged: parts of a tensor overlap")
        covered[place] = True
        whole[place] = piece
    return whole


def decode(type_number: int, raw: bytes, shape: Shape) -> NDArray:
    """A new array of `shape` from little-endian bytes; bfloat16 is widened to float32, which changes no value."""
    if type_number == BFLOAT16:
        array: NDArray = (np.frombuffer(raw, "<u2").astype("<u4") << 16).view("<f4")
    else:
        array = np.frombuffer(raw, Spec(type_number, shape, []).dtype).copy()
    return array.reshape(shape)


def part_key(name: str, part: Sequence[tuple[int, int]]) -> bytes:
    """The table key of one part of a tensor: TensorFlow's EncodeTensorNameSlice, in LevelDB-ordered code.

    Byte order of such keys is the order of (name, number of axes, starts and lengths).
    """
    escaped = name.encode().replace(b"\0", b"\0\xff")  # UTF-8 has no FF, which would need escaping too
    key = [_unsigned(0), escaped, b"\0\1", _unsigned(len(part))]
    for start, length in part:
        key += [_signed(start), _signed(length)]
    return b"".join(key)


def _unsigned(value: int) -> bytes:
    size = (value.bit_length() + 7) // 8
    return bytes([size]) + value.to_bytes(size, "big")


def _signed(value: int) -> bytes:
    """The first bits count the bytes, unary, and hold the sign, so that bytes sort as numbers do."""
    magnitude = ~value if value < 0 else value
    size = magnitude.bit_length() // 7 + 1
    header = ((1 << size) - 1) << (8 * size - size)
    return ((value & ((1 << 8 * size) - 1)) ^ header).to_bytes(size, "big")


def _brief(sizes: Shape) -> str:
    text = str(sizes)
    return text if len(text) < 80 else text[:80] + "..."
