"""Packs matrices for `products`: padded, rounded to eight or four bits, in the order of reading; worker process."""

import mmap

import numpy as np

from .lowlevel import LANES, QUARTERS, ROWS

# Parts of a row's largest weight that four bits may end at.
CLIPS = np.array([0.55, 0.7, 0.85, 1], np.float32)


def round_up(length):
    """A length rounded up to whole blocks."""
    return -(-length // ROWS) * ROWS


def pad(array, *shape):
    """An array round_up up with zeros to a larger shape."""
    return np.pad(array, [(0, new - old) for old, new in zip(array.shape, shape)])


def quantise_8(rows):
    """float rows [n, m] to int8 rows and their scales [n] float32, the value of one step of each row."""
    scale = np.maximum(np.abs(rows).max(axis=1), 1e-20).astype(np.float32) / 127
    return np.rint(rows / scale[:, None]).astype(np.int8), scale


def quantise_4(rows):
    """As quantise_8, with numbers from -8 to 7; of some scales each row gets the one with the least squared error."""
    scales = np.maximum(np.abs(rows).max(axis=1), 1e-20).astype(np.float32) / 7.5 * CLIPS[:, None]
    numbers = [np.clip(np.rint(rows / scale[:, None]), -8, 7) for scale in scales]
    errors = [np.square(one * scale[:, None] - rows).sum(axis=1) for one, scale in zip(numbers, scales)]
    best = np.argmin(errors, axis=0), np.arange(len(rows))
    return np.asarray(numbers)[best].astype(np.int8), scales[best]


def matrices(many, bits):
    """(weights, scales) of float arrays [n, rows, columns], as `lowlevel` describes them."""
    count, rows, columns = many.shape
    weights = allocate((count, rows // ROWS, columns // 2, 2 * ROWS * bits // 8))
    scales = np.empty((count, rows), np.float32)
    for index in np.ndindex(weights.shape[:2]):
        place = index[0], slice(index[1] * ROWS, (index[1] + 1) * ROWS)
        numbers, scales[place] = quantise_4(many[place]) if bits == 4 else quantise_8(many[place])
        pairs = numbers.reshape(ROWS, -1, 2).swapaxes(0, 1)
        if bits == 4:
            quarters = pairs.reshape(-1, QUARTERS, LANES).astype(np.uint16) & 15
            pairs = sum(quarters[:, quarter] << np.uint16(4 * quarter) for quarter in range(QUARTERS))
        weights[index] = np.ascontiguousarray(pairs).view(np.uint8).reshape(len(pairs), -1)
    return weights, scales


def allocate(shape):
    """A new uint8 array at the start of a page, on large pages where the system has them: they are found faster."""
    size = int(np.prod(shape))
    memory = mmap.mmap(-1, max(size, 1))
    if hasattr(mmap, "MADV_HUGEPAGE"):
        memory.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(memory, np.uint8, size).reshape(shape)
