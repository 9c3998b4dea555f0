"""Protocol-buffer messages read without generated code. Runs wherever a model file is read.

Only the wire format is known here: https://protobuf.dev/programming-guides/encoding. Which field number
means what is the business of the caller. Checkpoints come from strangers, so every length is checked before
it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar, Union

from .errors import UserError

Bytes = Union[bytes, bytearray, memoryview]
Value = TypeVar("Value", int, memoryview)


def varint(data: Bytes, position: int) -> tuple[int, int]:
    """Read a base-128 integer of at most 64 bits at `position`; return (value, position after it)."""
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            break
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, position
    raise UserError("checkpoint", "the file is damaged: a number in it has no end")


def signed(value: int) -> int:
    """The 64-bit two's complement reading of an unsigned varint (int32, int64, enum)."""
    return value - (1 << 64) if value >= 1 << 63 else value


def fields(data: Bytes) -> Iterator[tuple[int, int | memoryview]]:
    """Yield (field number, value) in file order.

    A value is an int for a varint field, and a memoryview of the raw bytes for every other field: 4 or 8
    bytes (little endian) for fixed-size numbers, the payload for strings, messages and packed lists.
    """
    data = memoryview(data)
    position = 0
    while position < len(data):
        key, position = varint(data, position)
        number, wire_type = key >> 3, key & 7
        if number == 0:
            raise UserError("checkpoint", "the file is damaged: a field without a number")
        if wire_type == 0:
            number_value, position = varint(data, position)
            yield number, number_value
        else:
            if wire_type == 2:
                size, position = varint(data, position)
            elif wire_type in (1, 5):
                size = 8 if wire_type == 1 else 4
            else:
                raise UserError("checkpoint", f"the file is damaged: a field of the unknown kind {wire_type}")
            if size > len(data) - position:
                raise UserError("checkpoint", "the file is damaged: a field reaches past the end")
            yield number, data[position : position + size]
            position += size


class Message:
    """The fields of one message, asked for by number and by what they should hold.

    As in protocol buffers, an absent field has its default, and the last one counts where one is expected.
    """

    def __init__(self, data: Bytes) -> None:
        self._fields: dict[int, list[int | memoryview]] = {}
        for number, value in fields(data):
            self._fields.setdefault(number, []).append(value)

    def __contains__(self, number: int) -> bool:
        return number in self._fields

    def raw(self, number: int) -> list[int | memoryview]:
        """Every value of a field as `fields` gives it: the packed and unpacked numbers of a list."""
        return self._fields.get(number, [])

    def blobs(self, number: int) -> list[memoryview]:
        """Every value of a bytes, string or message field, as memoryviews."""
        return [self._expect(memoryview, value) for value in self.raw(number)]

    def blob(self, number: int) -> memoryview:
        """The value of a bytes, string or message field; empty if absent."""
        return (self.blobs(number) or [memoryview(b"")])[-1]

    def texts(self, number: int) -> list[str]:
        """Every value of a string field."""
        try:
            return [str(value, "utf-8") for value in self.blobs(number)]
        except UnicodeDecodeError:
            raise UserError("checkpoint", "the file is damaged: a name in it is not text") from None

    def text(self, number: int) -> str:
        """The value of a string field; empty if absent."""
        return (self.texts(number) or [""])[-1]

    def messages(self, number: int) -> list[Message]:
        """Every value of a repeated message field."""
        return [Message(value) for value in self.blobs(number)]

    def message(self, number: int) -> Message:
        """The value of a message field; an empty message if absent."""
        return Message(self.blob(number))

    def integer(self, number: int) -> int:
        """The value of an int32, int64 or enum field; 0 if absent."""
        return signed(self._expect(int, (self.raw(number) or [0])[-1]))

    def fixed32(self, number: int) -> int:
        """The value of a fixed32 field; 0 if absent."""
        value = self.blob(number)
        if len(value) not in (0, 4):
            raise UserError("checkpoint", "the file is damaged: a field of the wrong size")
        return int.from_bytes(value, "little")

    @staticmethod
    def _expect(kind: type[Value], value: int | memoryview) -> Value:
        if not isinstance(value, kind):
            raise UserError("checkpoint", "the file is damaged: a field of the wrong kind")
        return value
