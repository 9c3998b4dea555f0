"""The wire: what goes in comes out, and what is not a frame is refused with an error of its own."""

import io
import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pdworker import protocol
from pdworker.protocol import (
    MAX_HEADER,
    MAX_PAYLOAD,
    FrameError,
    FrameReader,
    FrameWriter,
    StreamClosed,
    TruncatedFrame,
    encode,
)

HELLO = {"kind": "hello", "version": protocol.VERSION, "name": "someone"}
LOG = {"kind": "log", "text": "a line"}


def frame_bytes(header, arrays=()):
    return b"".join(bytes(piece) for piece in encode(header, arrays))


def raw(header, payload=b"", **sizes):
    """A frame of any JSON text, well-formed or not."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    size, payload_size = sizes.get("header_size", len(text)), sizes.get("payload_size", len(payload))
    return struct.pack("<4sIQ", b"pdwk", size, payload_size) + text + payload


def read_one(data):
    return FrameReader(io.BytesIO(data)).read()


class Trickle(io.RawIOBase):
    """A stream that gives or takes 1 byte, then nothing, then 2, and so on, as a non-blocking pipe may."""

    def __init__(self, data=b""):
        self.data, self.count = bytearray(data), 0

    def _portion(self, limit):
        self.count += 1
        return None if self.count % 2 else min(limit, self.count)

    def readinto(self, buffer):
        size = self._portion(len(buffer))
        if size is None:
            return None
        piece = self.data[:size]
        del self.data[:size]
        buffer[: len(piece)] = piece
        return len(piece)

    def write(self, piece):
        size = self._portion(len(piece))
        if size is not None:
            self.data += piece[:size]
        return size


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "kind", "é"]), inner),
    max_leaves=10,
)
arrays = hnp.arrays(
    st.sampled_from(sorted(protocol.DTYPES)).map(np.dtype),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0),
)


@given(
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), json_values),
    st.lists(arrays, max_size=3),
)
def test_what_goes_in_comes_out(values, sent):
    frame = read_one(frame_bytes({"kind": "result", "id": 7, "values": values}, sent))
    assert frame.kind == "result"
    assert frame.header == {"kind": "result", "id": 7, "values": values}
    assert len(frame.arrays) == len(sent)
    for ours, theirs in zip(frame.arrays, sent):
        assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
        assert ours.tobytes() == theirs.tobytes()


def test_frames_survive_a_stream_that_takes_and_gives_a_little_at_a_time():
    pipe = Trickle()
    writer = FrameWriter(pipe)
    sent = np.arange(300, dtype=np.int32)
    writer.add(HELLO)
    writer.add({"kind": "call", "id": 1, "name": "f", "arguments": {}}, [sent, sent[::-1]])
    while writer.pending:
        writer.poll()
    pipe.count = 0
    reader = FrameReader(pipe)
    assert reader.read().header == HELLO
    first, second = reader.read().arrays
    np.testing.assert_array_equal(first, sent)
    np.testing.assert_array_equal(second, sent[::-1])
    with pytest.raises(StreamClosed):
        reader.read()


def test_large_arrays_move_in_pieces():
    class Watched(io.BytesIO):
        pieces = ()

        def readinto(self, buffer):
            self.pieces += (len(buffer),)
            return super().readinto(buffer)

        def write(self, piece):
            self.pieces += (len(piece),)
            return super().write(piece)

    stream = Watched()
    FrameWriter(stream).write(LOG, [np.zeros(1_000_000)])
    stream.seek(0)
    FrameReader(stream).read()
    assert max(stream.pieces) <= 64 * 1024


def test_every_way_of_cutting_a_frame_short_is_told_apart_from_its_end():
    data = frame_bytes(LOG, [np.arange(3.0)])
    for length in range(1, len(data)):
        with pytest.raises(TruncatedFrame):
            read_one(data[:length])
    with pytest.raises(StreamClosed):
        read_one(b"")


F4 = {"dtype": "<f4", "shape": [2]}
REFUSED = {
    "not a frame": b"Loading weights... done, have a nice day\n",
    "no header": raw(b""),
    "long header": raw(LOG, header_size=MAX_HEADER + 1),
    "large payload": raw(LOG, payload_size=MAX_PAYLOAD + 1),
    "no JSON": raw(b"kind: log"),
    "not UTF-8": raw(b'{"kind": "log", "text": "\xff"}'),
    "no object": raw([1, 2]),
    "NaN": raw(b'{"kind": "progress", "id": 1, "fraction": NaN, "text": ""}'),
    "deep": raw(b"[" * 100_000 + b"]" * 100_000),
    "long integer": raw(b'{"kind": "cancel", "id": ' + b"9" * 200_000 + b"}"),
    "no kind": raw({"text": "a"}),
    "unknown kind": raw({"kind": "dance"}),
    "kind of another type": raw({"kind": ["log"]}),
    "missing field": raw({"kind": "log"}),
    "event without a name": raw({"kind": "event", "values": {}}),
    "event with values of another type": raw({"kind": "event", "name": "a", "values": []}),
    "progress with values of another type": raw(
        {"kind": "progress", "id": 1, "fraction": 0, "text": "", "values": None}
    ),
    "field of another type": raw({"kind": "log", "text": 3}),
    "true is no id": raw({"kind": "cancel", "id": True}),
    "arrays no list": raw(dict(LOG, arrays={})),
    "too many arrays": raw(dict(LOG, arrays=[{"dtype": "|u1", "shape": [0]}] * 257)),
    "array no object": raw(dict(LOG, arrays=[3])),
    "object dtype": raw(dict(LOG, arrays=[{"dtype": "|O", "shape": [1]}]), bytes(8)),
    "structured dtype": raw(dict(LOG, arrays=[{"dtype": [["a", "<f4"]], "shape": [1]}]), bytes(4)),
    "native dtype": raw(dict(LOG, arrays=[{"dtype": "f4", "shape": [1]}]), bytes(4)),
    "no shape": raw(dict(LOG, arrays=[{"dtype": "<f4"}]), bytes(4)),
    "negative length": raw(dict(LOG, arrays=[{"dtype": "<f4", "shape": [-1]}])),
    "float length": raw(dict(LOG, arrays=[{"dtype": "<f4", "shape": [2.0]}]), bytes(8)),
    "true length": raw(dict(LOG, arrays=[{"dtype": "<f4", "shape": [True]}]), bytes(4)),
    "many dimensions": raw(dict(LOG, arrays=[{"dtype": "|u1", "shape": [1] * 9}]), bytes(1)),
    "overflowing shape": raw(dict(LOG, arrays=[{"dtype": "<f8", "shape": [0] + [2**30] * 7}])),
    "huge shape": raw(dict(LOG, arrays=[{"dtype": "<f8", "shape": [2**30] * 8}]), bytes(8)),
    "payload too short": raw(dict(LOG, arrays=[F4]), bytes(4)),
    "payload too long": raw(dict(LOG, arrays=[F4]), bytes(12)),
    "payload without arrays": raw(LOG, bytes(4)),
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_what_is_not_a_frame_is_refused_in_one_short_line(data):
    with pytest.raises(FrameError) as caught:
        read_one(data)
    assert not isinstance(caught.value, TruncatedFrame)
    assert 0 < len(str(caught.value)) < 200 and "\n" not in str(caught.value)


def test_a_payload_that_memory_cannot_hold_is_refused(monkeypatch):
    def full(*_):
        raise MemoryError

    data = frame_bytes(LOG, [np.zeros(4)])
    monkeypatch.setattr(protocol.np, "empty", full)
    with pytest.raises(FrameError, match="no memory for an array of 32 bytes"):
        read_one(data)


@pytest.mark.parametrize(
    "header, sent",
    [
        ({"kind": "log"}, []),
        ({"kind": "result", "id": 1, "values": {"a": float("inf")}}, []),
        ({"kind": "result", "id": 1, "values": {"a": {1, 2}}}, []),
        ({"kind": "result", "id": 1, "values": {"a": np.zeros(2)}}, []),
        ({"kind": "result", "id": 1, "values": {"a": "\ud800"}}, []),
        ({"kind": "log", "text": "x" * MAX_HEADER}, []),
        (LOG, [np.zeros(2, bool)]),
        (LOG, [np.array([None])]),
        (LOG, [np.zeros((1,) * 9)]),
        (LOG, [[[1, 2], [3]]]),
        (LOG, [np.broadcast_to(np.float64(0), (MAX_PAYLOAD,))]),
        (LOG, [np.zeros(1)] * 257),
    ],
)
def test_what_does_not_fit_in_a_frame_is_refused_before_anything_is_written(header, sent):
    stream = io.BytesIO()
    writer = FrameWriter(stream)
    with pytest.raises(FrameError):
        writer.write(header, sent)
    assert not writer.pending and stream.getvalue() == b""
