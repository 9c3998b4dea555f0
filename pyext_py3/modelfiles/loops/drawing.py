"""Draws sample values from logits with a temperature; compiled by numba within the loops of a model; engine threads."""

import numpy as np
from numba import njit

LOG2_E = 1.4426950408889634
COLDEST = 1e-3  # temperatures below this count as this


@njit(nogil=True, fastmath=True)
def softmax_weights(logits, temperature, powers, out):
    """out[c] = exp((logits[c] - max) / temperature); `powers` [Q] int32 is room to compute in.

    2**x is taken apart into a whole power, written straight into the float's exponent, and a polynomial for the rest.
    """
    top = logits[0]
    for c in range(len(logits)):
        top = max(top, logits[c])
    factor = np.float32(LOG2_E) / max(temperature, np.float32(COLDEST))
    for c in range(len(logits)):
        x = max((logits[c] - top) * factor, np.float32(-120))
        whole = np.floor(x)
        powers[c] = (np.int32(whole) + 127) << 23
        f = (x - whole) * np.float32(0.6931471805599453)
        out[c] = np.float32(1) + f * (
            np.float32(1)
            + f
            * (
                np.float32(1 / 2)
                + f * (np.float32(1 / 6) + f * (np.float32(1 / 24) + f * (np.float32(1 / 120) + f / 720)))
            )
        )
    scale = powers.view(np.float32)
    for c in range(len(logits)):
        out[c] *= scale[c]


@njit(nogil=True)
def keep_likeliest(weights, top_k, top_p):
    """Set all to zero but the `top_k` largest weights, and of those the fewest that make up the part `top_p`."""
    total = np.float64(0)
    for weight in weights:
        total += weight
    kept = np.zeros_like(weights)
    reached, count = np.float64(0), 0
    while reached < top_p * total and (top_k == 0 or count < top_k) and count < len(weights):
        best = 0
        for c in range(len(weights)):
            if weights[c] > weights[best]:
                best = c
        if weights[best] <= 0:
            break
        kept[best] = weights[best]
        reached += weights[best]
        weights[best] = 0
        count += 1
    for c in range(len(weights)):
        weights[c] = kept[c]


@njit(nogil=True)
def uniform(random, b):
    """A number in [0, 1) from the generator random[b] (SplitMix64: Steele, Lea and Flood 2014)."""
    random[b] += np.uint64(0x9E3779B97F4A7C15)
    z = random[b]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return np.float64(z >> np.uint64(11)) * 2.0**-53


@njit(nogil=True)
def draw(weights, chance):
    """The code c that `chance` in [0, 1) picks, each with the probability weights[c] / sum(weights)."""
    total = np.float64(0)
    for weight in weights:
        total += weight
    goal = chance * total
    last = 0
    for c in range(len(weights)):
        if weights[c] > 0:
            last = c
            goal -= weights[c]
            if goal < 0:
                break
    return last
