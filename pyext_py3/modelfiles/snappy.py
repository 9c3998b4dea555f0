"""Snappy decompression (github.com/google/snappy, format_description.txt) for blocks of TensorFlow V1 checkpoints.

Runs wherever a model file is read. The bounds are the point: a small hostile block cannot claim gigabytes.
"""

from __future__ import annotations

from .errors import UserError
from .wire import Bytes, varint

MAX_EXPANSION = 22  # a three-byte copy yields at most 64 bytes


def decompress(data: Bytes) -> bytes:
    """Undo Snappy's raw (unframed) format; the result never grows beyond what the format allows for."""
    data = bytes(data)
    size, position = varint(data, 0)
    if size > MAX_EXPANSION * len(data):
        raise UserError("checkpoint", "the file is damaged: a compressed block claims an impossible size")
    out = bytearray()
    while position < len(data):
        tag = data[position]
        position += 1
        if tag & 3 == 0:
            length, position = _literal_length(tag, data, position)
            if length > len(data) - position:
                break
            out += data[position : position + length]
            position += length
        else:
            length, offset, position = _copy(tag, data, position)
            if not 0 < offset <= len(out):
                break
            start = len(out) - offset
            if length <= offset:
                out += out[start : start + length]
            else:
                pattern = out[start:]
                out += (pattern * (length // offset + 1))[:length]
        if len(out) > size:
            break
    if len(out) != size or position != len(data):
        raise UserError("checkpoint", "the file is damaged: a compressed block cannot be unpacked")
    return bytes(out)


def _literal_length(tag: int, data: bytes, position: int) -> tuple[int, int]:
    length = tag >> 2
    if length >= 60:
        extra = length - 59
        length = int.from_bytes(data[position : position + extra], "little")
        position += extra
    return length + 1, position


def _copy(tag: int, data: bytes, position: int) -> tuple[int, int, int]:
    if tag & 3 == 1:
        offset = (tag >> 5) << 8 | int.from_bytes(data[position : position + 1], "little")
        return 4 + (tag >> 2 & 7), offset, position + 1
    extra = 2 if tag & 3 == 2 else 4
    offset = int.from_bytes(data[position : position + extra], "little")
    return 1 + (tag >> 2), offset, position + extra
