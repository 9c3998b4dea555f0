"""Products of weights of few bits with vectors, activations, and threads that share the work; compiled by numba.

Runs in the threads of an engine. A matrix is [blocks of ROWS rows, pairs of columns, bytes], as `lowlevel` describes
it, with a scale [rows]: the value of one step of each row.
"""

from collections import namedtuple

import numpy as np
from numba import njit

from .lowlevel import ROWS, barrier, dot, fetch_and_add

dot4_1, dot4_2, dot8_1, dot8_2 = (dot(bits, vectors) for bits in (4, 8) for vectors in (1, 2))

REACH = 6.3


@njit(nogil=True, fastmath=True, inline="always")
def tanh(x):
    """Hyperbolic tangent to 7e-6: nine terms of Lambert's continued fraction as one quotient, flat beyond REACH."""
    x = min(max(x, np.float32(-REACH)), np.float32(REACH))
    s = x * x
    over = np.float32(34459425) + s * (
        np.float32(4729725) + s * (np.float32(135135) + s * (np.float32(990) + s))
    )
    under = np.float32(34459425) + s * (
        np.float32(16216200) + s * (np.float32(945945) + s * (np.float32(13860) + s * np.float32(45)))
    )
    return x * over / under


@njit(nogil=True, fastmath=True, inline="always")
def sigmoid(x):
    return np.float32(0.5) + np.float32(0.5) * tanh(np.float32(0.5) * x)


@njit(nogil=True)
def largest(count):
    """The largest int16 with which `count` products with int8 weights still add up to less than 2**31."""
    return min(32767, (2**31 - 1) // (127 * count))


@njit(nogil=True, fastmath=True)
def quantise(values, out):
    """Round `values` to int16 `out` over the range they need; returns their scale, the value of one step of `out`."""
    peak = np.float32(1e-20)
    for index in range(len(values)):
        peak = max(peak, abs(values[index]))
    factor = np.float32(largest(len(values))) / peak
    for index in range(len(values)):
        out[index] = np.int16(np.rint(values[index] * factor))
    return np.float32(1) / factor


@njit(nogil=True, fastmath=True)
def add_product(weights, scale, vectors, vector_scales, out, first, last):
    """Add weights[r] . vectors[b] * scale[r] * vector_scales[b] to out[b, r] for the rows r of some blocks.

    The blocks are first <= block < last.

    vectors [B, P] int16, two at a time, so that both share the reading of the weights.
    """
    sums = np.empty((2, ROWS), np.int32)
    pairs, bytes_per_pair = weights.shape[1], weights.shape[2]
    four_bits = bytes_per_pair == ROWS
    stride = 2 * vectors.shape[1]
    for block in range(first, last):
        place = weights.ctypes.data + block * pairs * bytes_per_pair
        for b in range(0, len(vectors), 2):
            both, vector = b + 1 < len(vectors), vectors.ctypes.data + b * stride
            if four_bits and both:
                dot4_2(place, vector, stride, pairs, sums.ctypes.data)
            elif four_bits:
                dot4_1(place, vector, stride, pairs, sums.ctypes.data)
            elif both:
                dot8_2(place, vector, stride, pairs, sums.ctypes.data)
            else:
                dot8_1(place, vector, stride, pairs, sums.ctypes.data)
            for v in range(2 if both else 1):
                for r in range(ROWS):
                    row = block * ROWS + r
                    out[b + v, row] += np.float32(sums[v, r]) * (scale[row] * vector_scales[b + v])


@njit(nogil=True)
def fill(values, out, first, last):
    """out[b, r] = values[r] for the rows r of the blocks first <= block < last."""
    for b in range(len(out)):
        for row in range(first * ROWS, last * ROWS):
            out[b, row] = values[row]


# The threads that compute together: counters, the address of two int64 COUNTERS_APART bytes apart that began at 0 (how
# often threads have waited; how often they have asked for a piece), base [1] int64 (a thread's own: the second counter
# before this work), threads: how many they are.
ThreadTeam = namedtuple("ThreadTeam", "counters base threads")
COUNTERS_APART = 64  # each in a cache line of its own


@njit(nogil=True)
def next_piece(team, pieces):
    """The next of `pieces` that no thread has, -1 when none is left; every thread has to ask until then."""
    piece = fetch_and_add(team.counters + COUNTERS_APART) - team.base[0]
    if piece < pieces:
        return piece
    team.base[0] += pieces + team.threads
    return -1


@njit(nogil=True)
def wait_for_all(team):
    """Wait until all threads have called this."""
    barrier(team.counters, team.threads)
