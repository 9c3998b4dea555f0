"""Sorted string tables, the container of both kinds of TensorFlow checkpoint. Runs wherever one is read.

The format is LevelDB's (github.com/google/leveldb, doc/table_format.md): blocks of key and value pairs with
shared key prefixes, an index block that gives the last key and place of each block, a footer that gives the
place of the index.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

import google_crc32c

from .errors import UserError
from .snappy import decompress
from .wire import Bytes, varint

FOOTER = 48
MAGIC = 0xDB4775248B80FB57.to_bytes(8, "little")
MASK_DELTA = 0xA282EAD8
TRAILER = 5  # bytes after a block: compression, checksum
MAX_KEY_BYTES = 1 << 26  # of a block's keys together: by prefix sharing a small file can claim enormous ones


def masked_crc32c(data: Bytes) -> int:
    """The CRC-32C of bytes as it is stored: rotated and shifted, so that data may hold such a number itself.

    leveldb/util/crc32c.h
    """
    crc = int(google_crc32c.value(bytes(data)))
    return ((crc >> 15 | crc << 17) + MASK_DELTA) & 0xFFFFFFFF


class Table:
    """Read-only view of a table held in memory."""

    def __init__(self, data: Bytes) -> None:
        self._data = memoryview(data)
        if len(data) < FOOTER or self._data[-8:] != MAGIC:
            raise UserError(
                "checkpoint", "this is not a TensorFlow checkpoint, or the end of the file is missing"
            )
        self._last_keys: list[bytes] = []
        self._places: list[tuple[int, int]] = []
        end = 0
        for key, value in self._block(*self._index_place()):
            offset, position = varint(value, 0)
            size, _ = varint(value, position)
            if offset < end or (self._last_keys and key < self._last_keys[-1]):
                raise UserError("checkpoint", "the file is damaged: its blocks are out of order")
            end = offset + size
            self._last_keys.append(key)
            self._places.append((offset, size))

    def get(self, key: bytes) -> memoryview | None:
        """The value of a key, or None."""
        number = bisect_left(self._last_keys, key)
        if number == len(self._places):
            return None
        return next((value for k, value in self._block(*self._places[number]) if k == key), None)

    def items(self) -> Iterator[tuple[bytes, memoryview]]:
        """Yield (key, value) in the order of the keys."""
        previous = None
        for place in self._places:
            for key, value in self._block(*place):
                if previous is not None and key <= previous:
                    raise UserError("checkpoint", "the file is damaged: its names are out of order")
                previous = key
                yield key, value

    def _index_place(self) -> tuple[int, int]:
        footer = self._data[-FOOTER:-8]
        _, position = varint(footer, 0)
        _, position = varint(footer, position)
        offset, position = varint(footer, position)
        size, _ = varint(footer, position)
        return offset, size

    def _block(self, offset: int, size: int) -> list[tuple[bytes, memoryview]]:
        """The (key, value) pairs of one block, checked and unpacked."""
        stored = self._data[offset : offset + size + TRAILER]
        if len(stored) != size + TRAILER:
            raise UserError("checkpoint", "the file is damaged or incomplete: a block lies outside it")
        if masked_crc32c(stored[: size + 1]) != int.from_bytes(stored[size + 1 :], "little"):
            raise UserError("checkpoint", "the file is damaged: a checksum is wrong")
        compression = stored[size]
        if compression > 1:
            raise UserError("checkpoint", f"the file uses the unknown compression {compression}")
        return list(_entries(decompress(stored[:size]) if compression else stored[:size]))


def _entries(data: Bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Yield (key, value) of an unpacked block: shared prefix, own rest of the key, value."""
    block = memoryview(data)
    restarts = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 * (restarts + 1)
    if end < 0:
        raise UserError("checkpoint", "the file is damaged: a block without an end")
    key, position, key_bytes = b"", 0, 0
    while position < end:
        shared, position = varint(block, position)
        own, position = varint(block, position)
        size, position = varint(block, position)
        key_bytes += shared + own
        if shared > len(key) or own + size > end - position or key_bytes > MAX_KEY_BYTES:
            raise UserError("checkpoint", "the file is damaged: an entry does not fit its block")
        key = key[:shared] + bytes(block[position : position + own])
        position += own
        yield key, block[position : position + size]
        position += size
