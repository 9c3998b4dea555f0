"""Protocol-buffer messages written without generated code; the inverse of `wire`. Runs in a training."""

from __future__ import annotations


def varint(value: int) -> bytes:
    """Base-128 bytes of an unsigned number."""
    head = b""
    while value > 0x7F:
        head += bytes([value & 0x7F | 0x80])
        value >>= 7
    return head + bytes([value])


def integer_field(number: int, value: int) -> bytes:
    """A field that holds an unsigned number."""
    return varint(number << 3) + varint(value)


def bytes_field(number: int, value: bytes) -> bytes:
    """A field that holds bytes, text in UTF-8, or a message."""
    return varint(number << 3 | 2) + varint(len(value)) + value
