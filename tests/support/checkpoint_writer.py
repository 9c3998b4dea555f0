"""Writes small TensorFlow checkpoints without TensorFlow, so that tests of the reader run anywhere.

Only what the tests need: float32 and strings, whole tensors. That real checkpoints are laid out like this is
shown by tests/fidelity/test_checkpoints.py, which has TensorFlow write them.
"""

import struct
from pathlib import Path

import numpy as np
from modelfiles.table import masked_crc32c
from modelfiles.v1_writer import entries as v1_entries
from modelfiles.v1_writer import shape_message as shape_proto
from modelfiles.wire_writer import bytes_field, integer_field, varint

FLOAT, STRING = 1, 7


def field(number, value):
    """One protocol-buffer field: an int as a varint, bytes with their length."""
    return (integer_field if isinstance(value, int) else bytes_field)(number, value)


def fixed32(number, value):
    """One field of four bytes."""
    return varint(number << 3 | 5) + struct.pack("<I", value)


def block(entries):
    """A table block; keys are written in full, as after each restart."""
    body = b"".join(varint(0) + varint(len(k)) + varint(len(v)) + k + v for k, v in entries)
    return body + struct.pack("<II", 0, 1)


def seal(body, compression=0):
    """A block with its trailer: compression, masked checksum."""
    body += bytes([compression])
    return body + struct.pack("<I", masked_crc32c(body))


def table(entries, compress=None):
    """A whole table file of sorted (key, value) pairs, one pair a block, as for values of some size."""
    data, index = b"", []
    for key, value in sorted(entries):
        body = block([(key, value)])
        stored = compress(body) if compress else body
        index.append((key, varint(len(data)) + varint(len(stored))))
        data += seal(stored, 1 if compress else 0)
    meta_place = varint(len(data)) + varint(len(block([])))
    data += seal(block([]))
    body = block(index)
    footer = meta_place + varint(len(data)) + varint(len(body))
    return data + seal(body) + footer.ljust(40, b"\0") + 0xDB4775248B80FB57.to_bytes(8, "little")


def literal(body):
    """Snappy's simplest output: one literal."""
    return varint(len(body)) + bytes([63 << 2]) + struct.pack("<I", len(body) - 1) + body


def write_v1(path, tensors, compress=None):
    """Write a V1 checkpoint of float32 arrays to one file."""
    Path(path).write_bytes(table(v1_entries(tensors), compress))


def v2_entries(tensors):
    """((key, value) pairs, data) of a V2 checkpoint: float32 arrays, or lists of bytes for strings."""
    entries, data = [(b"", field(1, 1) + field(3, field(1, 1)))], b""
    for name, value in tensors.items():
        if isinstance(value, list):
            lengths = b"".join(struct.pack("<I", len(text)) for text in value)
            sealed = struct.pack("<I", masked_crc32c(lengths)) + b"".join(value)
            raw, checked = b"".join(varint(len(text)) for text in value) + sealed, lengths + sealed
            kind, shape = STRING, (len(value),)
        else:
            raw = checked = np.asarray(value, "<f4").tobytes()
            kind, shape = FLOAT, value.shape
        place = field(4, len(data)) + field(5, len(raw)) + fixed32(6, masked_crc32c(checked))
        entries.append((name.encode(), field(1, kind) + field(2, shape_proto(shape)) + place))
        data += raw
    return entries, data


def write_v2(prefix, tensors):
    """Write a V2 checkpoint of float32 arrays and lists of bytes: PREFIX.index and its one data file."""
    entries, data = v2_entries(tensors)
    Path(f"{prefix}.index").write_bytes(table(entries))
    Path(f"{prefix}.data-00000-of-00001").write_bytes(data)
