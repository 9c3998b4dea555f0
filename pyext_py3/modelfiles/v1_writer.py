"""TensorFlow's V1 checkpoints written without TensorFlow; the inverse of what `checkpoint` reads. Runs in a training.

Layout: one sorted string table of a directory and, by name, each tensor whole (tensorflow/core/util/saved_tensor_slice
.proto).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from .slices import part_key
from .tensor_bundle_writer import table
from .wire_writer import bytes_field, integer_field

FLOAT = 1  # TensorFlow's number of the type float32


def checkpoint(tensors: Mapping[str, ArrayLike]) -> bytes:
    """The bytes of a V1 checkpoint.

    Parameters
    ----------
    tensors : dict of str to array_like
        Written as float32.
    """
    return table(sorted(entries(tensors)))


def entries(tensors: Mapping[str, ArrayLike]) -> list[tuple[bytes, bytes]]:
    """Keys and values of the table, the directory first."""
    directory, parts = b"", []
    for name, value in tensors.items():
        array = np.asarray(value, "<f4")
        whole = b"".join(bytes_field(1, b"") for _ in array.shape)
        directory += bytes_field(
            1,
            bytes_field(1, name.encode())
            + bytes_field(2, shape_message(array.shape))
            + integer_field(3, FLOAT)
            + bytes_field(4, whole),
        )
        data = integer_field(1, FLOAT) + bytes_field(5, array.tobytes())
        saved = bytes_field(1, name.encode()) + bytes_field(2, whole) + bytes_field(3, data)
        parts.append((part_key(name, [(0, -1)] * array.ndim), bytes_field(2, saved)))
    return [(b"", bytes_field(1, directory)), *parts]


def shape_message(shape: tuple[int, ...]) -> bytes:
    """A TensorShapeProto."""
    return b"".join(bytes_field(2, integer_field(1, size)) for size in shape)
