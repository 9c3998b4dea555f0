"""Frames, the messages between Pd and a worker, at both ends: in a thread of Pd's process, and in the worker process.

PROTOCOL.md is the authority for their layout. Both ends use the same two classes. `FrameReader` and `FrameWriter` do
one system call per `poll`, so that they serve a blocking pipe (the worker) and a non-blocking one (Pd) alike, and a
large array is moved in pieces between which other Python threads have their turn.
"""

from __future__ import annotations

import json
import math
import struct
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from reprlib import repr as short  # what a stranger sent may be long
from typing import Any, Protocol

import numpy as np

VERSION = 2
MAGIC = b"pdwk"
MAX_HEADER = 256 * 1024  # bytes of JSON: a few milliseconds to parse
MAX_PAYLOAD = 1 << 30  # bytes of all arrays of a frame
MAX_ARRAYS = 256
MAX_DIMENSIONS = 8
DTYPES = frozenset(
    [
        "|u1",
        "|i1",
        *(order + kind for order in "<>" for kind in ("i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8")),
    ]
)

_LEFT_OUT = type(...)  # the field may be left out

# What each kind of frame must carry besides its arrays; other fields are ignored.
FIELDS: dict[str, dict[str, tuple[type, ...]]] = {
    "hello": {"version": (int,), "name": (str,)},
    "call": {"id": (int,), "name": (str,), "arguments": (dict,), "files": (list, _LEFT_OUT)},
    "result": {"id": (int,), "values": (dict,)},
    "progress": {"id": (int,), "fraction": (int, float), "text": (str,), "values": (dict, _LEFT_OUT)},
    "event": {"name": (str,), "values": (dict,)},
    "log": {"text": (str,)},
    "error": {"id": (int, type(None)), "error": (str,), "message": (str,), "hint": (str,)},
    "cancel": {"id": (int,)},
}

_SIZES = struct.Struct("<IQ")  # bytes of header, bytes of payload
_PIECE_BYTES = 64 * 1024  # what a pipe takes at once

Description = tuple[np.dtype, list[int], int]  # dtype, shape and bytes of an array


class RawReader(Protocol):
    """A raw stream to read from, such as an unbuffered file."""

    def readinto(self, buffer: Any, /) -> int | None:
        """Read into a buffer; return how many bytes, None when there are none yet."""


class RawWriter(Protocol):
    """A raw stream to write to, such as an unbuffered file."""

    def write(self, data: Any, /) -> int | None:
        """Write from a buffer; return how many bytes, None when it takes none yet."""


class FrameError(Exception):
    """The stream holds, or was asked to carry, something that is not a frame within the limits."""


class TruncatedFrame(FrameError):
    """The stream ended in the middle of a frame."""


class StreamClosed(EOFError):
    """The stream ended between two frames: the other end has closed it."""


@dataclass
class Frame:
    """One message.

    Attributes
    ----------
    header : dict
        The JSON object, without the descriptions of the arrays.
    arrays : list of numpy.ndarray
        The arrays that came with it.
    size : int
        Bytes of header and arrays on the wire.
    """

    header: dict
    arrays: list = field(default_factory=list)
    size: int = 0

    @property
    def kind(self) -> str:
        """One of `FIELDS`."""
        return self.header["kind"]


def encode(header: Mapping[str, Any], arrays: Sequence[Any] = ()) -> list[Any]:
    """Return the bytes-like pieces of a frame.

    Parameters
    ----------
    header : mapping
        A `kind` and that kind's fields; numpy scalars in it become numbers.
    arrays : sequence of numpy.ndarray
        Or what `np.asarray` takes, of the allowed dtypes; contiguous ones are not copied.

    Raises
    ------
    FrameError
        When they do not fit in a frame.
    """
    try:
        arrays = [np.asarray(array) for array in arrays]
        header = dict(header, arrays=[{"dtype": a.dtype.str, "shape": list(a.shape)} for a in arrays])
        text = json.dumps(header, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)
        encoded = text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise FrameError(f"not expressible in a frame: {error}") from error
    size = sum(a.nbytes for a in arrays)
    _check(header)
    _described_arrays(header["arrays"])
    _check_sizes(len(encoded), size)
    flat = [np.ascontiguousarray(a).reshape(-1).view(np.uint8) for a in arrays if a.nbytes]
    return [MAGIC + _SIZES.pack(len(encoded), size) + encoded, *flat]


class FrameReader:
    """Frames from a raw stream."""

    def __init__(self, stream: RawReader) -> None:
        self._stream = stream
        self._stages = _read_stages()
        self._missing = self._next_missing()
        self._between_frames = True

    def poll(self) -> Frame | None:
        """Read once.

        Returns
        -------
        Frame or None
            The frame that this completes.

        Raises
        ------
        StreamClosed
            At the end of the stream.
        TruncatedFrame
            When that is inside a frame.
        FrameError
            For anything that is not a frame. The reader is of no further use after that.
        """
        count = self._stream.readinto(self._missing[:_PIECE_BYTES])
        if count is None:  # a non-blocking stream with nothing to read
            return None
        if count == 0:
            raise StreamClosed if self._between_frames else TruncatedFrame("the stream ended inside a frame")
        self._between_frames = False
        self._missing = self._missing[count:]
        if self._missing:
            return None
        stage = next(self._stages)
        if isinstance(stage, memoryview):
            self._missing = stage
            return None
        self._missing = self._next_missing()
        self._between_frames = True
        return stage

    def read(self) -> Frame:
        """Return the next Frame of a blocking stream; raises as `poll`."""
        while True:
            frame = self.poll()
            if frame is not None:
                return frame

    def _next_missing(self) -> memoryview:
        missing = next(self._stages)
        assert isinstance(missing, memoryview)  # after a frame comes the magic of the next one
        return missing


class FrameWriter:
    """Frames to a raw stream."""

    def __init__(self, stream: RawWriter) -> None:
        self._stream = stream
        self._pieces: deque[memoryview] = deque()

    def add(self, header: Mapping[str, Any], arrays: Sequence[Any] = ()) -> None:
        """Queue a frame for `poll`, see `encode`. Raises FrameError, and queues nothing, if it cannot be encoded."""
        self._pieces.extend(memoryview(piece) for piece in encode(header, arrays))

    @property
    def pending(self) -> bool:
        """Whether something is left to write."""
        return bool(self._pieces)

    def poll(self) -> None:
        """Write once, if something is pending. Raises OSError when the other end is gone."""
        if not self._pieces:
            return
        piece = self._pieces.popleft()
        written = self._stream.write(piece[:_PIECE_BYTES]) or 0  # None: a non-blocking stream that is full
        if written < len(piece):
            self._pieces.appendleft(piece[written:])

    def write(self, header: Mapping[str, Any], arrays: Sequence[Any] = ()) -> None:
        """Write a frame to a blocking stream, all of it; raises as `add` and `poll`."""
        self.add(header, arrays)
        while self.pending:
            self.poll()


def _read_stages() -> Iterator[memoryview | Frame]:
    """Yield, by turns, the memoryviews that the stream must fill and the Frames made of them."""
    while True:
        magic = bytearray(len(MAGIC))
        yield memoryview(magic)
        if magic != MAGIC:
            raise FrameError(f"expected a frame, got {bytes(magic)!r}")
        sizes = bytearray(_SIZES.size)
        yield memoryview(sizes)
        header_size, payload_size = _SIZES.unpack(sizes)
        _check_sizes(header_size, payload_size)
        encoded = bytearray(header_size)
        yield memoryview(encoded)
        header = _parse(encoded)
        _check(header)
        descriptions = _described_arrays(header.pop("arrays", []))
        if sum(size for _, _, size in descriptions) != payload_size:
            raise FrameError(f"the arrays do not add up to the payload of {payload_size} bytes")
        arrays = []
        for dtype, shape, size in descriptions:
            raw = _allocate(size)
            if size:
                yield raw.data
            arrays.append(_shaped(raw.view(dtype), shape))
        yield Frame(header, arrays, header_size + payload_size)


def _parse(encoded: bytearray) -> dict[str, Any]:
    try:
        header = json.loads(encoded.decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise FrameError(f"the header is not JSON: {error}") from error
    if not isinstance(header, dict):
        raise FrameError("the header is not a JSON object")
    return header


def _check(header: Mapping[str, Any]) -> None:
    kind = header.get("kind")
    if not isinstance(kind, str) or kind not in FIELDS:
        raise FrameError(f"unknown kind of frame: {short(kind)}")
    for name, types in FIELDS[kind].items():
        if type(header.get(name, ...)) not in types:  # not isinstance: True is no number here
            raise FrameError(f"a {kind} frame with {name} = {short(header.get(name))}")


def _check_sizes(header_size: int, payload_size: int) -> None:
    if not 0 < header_size <= MAX_HEADER:
        raise FrameError(f"a header of {header_size} bytes, at most {MAX_HEADER} go; use arrays")
    if payload_size > MAX_PAYLOAD:
        raise FrameError(f"a payload of {payload_size} bytes, at most {MAX_PAYLOAD} go")


def _described_arrays(descriptions: Any) -> list[Description]:
    """Return (dtype, shape, bytes) of each array that a header announces."""
    if not isinstance(descriptions, list) or len(descriptions) > MAX_ARRAYS:
        raise FrameError(f"arrays must be a list of at most {MAX_ARRAYS}")
    return [_described_array(description) for description in descriptions]


def _described_array(description: Any) -> Description:
    if not isinstance(description, dict):
        raise FrameError("an array must be described by dtype and shape")
    dtype, shape = description.get("dtype"), description.get("shape")
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise FrameError(f"an array of dtype {short(dtype)}")
    if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS:
        raise FrameError(f"an array of shape {short(shape)}")
    if any(type(length) is not int or not 0 <= length <= MAX_PAYLOAD for length in shape):
        raise FrameError(f"an array of shape {short(shape)}")
    dtype = np.dtype(dtype)
    return dtype, shape, math.prod(shape) * dtype.itemsize


def _allocate(size: int) -> np.ndarray:
    try:
        return np.empty(size, np.uint8)
    except MemoryError as error:
        raise FrameError(f"no memory for an array of {size} bytes") from error


def _shaped(array: np.ndarray, shape: list[int]) -> np.ndarray:
    try:
        return array.reshape(shape)
    except ValueError as error:  # no samples, but lengths whose product is beyond numpy
        raise FrameError(f"an array of shape {short(shape)}") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is neither a number, a text, a list nor a dictionary")
