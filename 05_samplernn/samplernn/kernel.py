"""The loops that generate: eight-bit weights, all tiers, several sequences, no Python in between.

Every thread runs `generate` over the same blocks. Inside a tier each thread computes a slice of the rows, below the
tiers each thread draws the samples of its own sequences, and they meet where one needs what the others computed.
Once per block (big_frame_size samples) comes the top tier, once per frame the middle tier, and for every sample the
sample network, whose embedding and first layer have become one table of sums to look up (see `pack`).
"""

from collections import namedtuple

import numpy as np
from numba import njit

from .lowlevel import dot3, dot4, meet

# One recurrent tier. P: dim filled up to whole vectors; G: gates (3 GRU, 4 LSTM); L: layers.
#   first [G*P, size] float32, first_bias [G*P]: a frame to the first layer's gates
#   into [L-1, P, G, P] int8, into_scale [L-1, P, G]: a layer's output to the next layer's gates
#   over [L, P, G, P] int8, over_scale [L, P, G]: a layer's last output to its own gates
#   bias, over_bias [L, G, P]: added to what comes from below and from before
#   mix [L, P, P] int8, mix_scale [L, P], mix_bias [P]: the skip connections; L is 0 where there are none
#   up [ratio, rows, P] int8, up_scale [ratio, rows]: the tier's output to the tier below
Tier = namedtuple(
    "Tier",
    "first first_bias into into_scale over over_scale bias over_bias mix mix_scale mix_bias up up_scale",
)

# The sample network: table [frame_size, Q, P] float32, then two layers of int8 rows, their scales and biases.
Samples = namedtuple("Samples", "table hidden hidden_scale hidden_bias outputs outputs_scale outputs_bias")

# What is remembered of B sequences in one tier: two generations of outputs, old and new in turn,
#   output [2, L, B, P] int16, cell [L, B, P] (an LSTM's cell, a GRU's output),
# and room to compute in: below, before [B, G, P], total [B, P], advice [B, ratio, rows]; all float32.
State = namedtuple("State", "output cell below before total advice")

# How to draw: temperature [B, n] float32, top_k (0: all), top_p (1: all), random [B] uint64 (changed in place).
Drawing = namedtuple("Drawing", "temperature top_k top_p random")

REACH = 6.3
LOG2_E = 1.4426950408889634
COLDEST = 1e-3


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
    """Round `values` to int16 `out` over the range they need; returns what one step of `out` is worth."""
    peak = np.float32(1e-20)
    for index in range(len(values)):
        peak = max(peak, abs(values[index]))
    factor = np.float32(largest(len(values))) / peak
    for index in range(len(values)):
        out[index] = np.int16(np.rint(values[index] * factor))
    return np.float32(1) / factor


@njit(nogil=True, fastmath=True)
def add_rows(weights, scale, vectors, worths, out, first, last):
    """out[b, r] += weights[r] . vectors[b] * scale[r] * worths[b] for the rows first <= r < last, four at a time."""
    sums = np.empty(4, np.int32)
    width = weights.shape[1]
    for row in range(first, last, 4):
        for b in range(len(vectors)):
            dot4(weights.ctypes.data + row * width, vectors[b].ctypes.data, width, sums.ctypes.data)
            for k in range(4):
                out[b, row + k] += np.float32(sums[k]) * scale[row + k] * worths[b]


@njit(nogil=True, fastmath=True)
def gate_sums(weights, scale, bias, vectors, worth, out, first, last):
    """out[b, g, j] = weights[j, g] . vectors[b] * scale[j, g] * worth + bias[g, j] for the units first <= j < last."""
    sums = np.empty(4, np.int32)
    gates, width = weights.shape[1], weights.shape[2]
    for unit in range(first, last):
        place = weights.ctypes.data + unit * gates * width
        for b in range(len(vectors)):
            if gates == 4:
                dot4(place, vectors[b].ctypes.data, width, sums.ctypes.data)
            else:
                dot3(place, vectors[b].ctypes.data, width, sums.ctypes.data)
            for g in range(gates):
                out[b, g, unit] = np.float32(sums[g]) * scale[unit, g] * worth + bias[g, unit]


@njit(nogil=True, fastmath=True)
def frame_sums(tier, codes, half, advice, out, first, last):
    """out[b, g, j]: what the frames codes [B, size] and the advice [B, G*P] from above give the first layer's gates."""
    sequences, size = codes.shape
    units = out.shape[2]
    frame = np.empty(size, np.float32)
    for b in range(sequences):
        for i in range(size):
            frame[i] = (np.float32(codes[b, i]) / half - np.float32(1)) * np.float32(2)
        for g in range(out.shape[1]):
            for j in range(first, last):
                row = g * units + j
                total = tier.first_bias[row] + advice[b, row]
                for i in range(size):
                    total += frame[i] * tier.first[row, i]
                out[b, g, j] = total


@njit(nogil=True, fastmath=True)
def update(below, before, cell, out, first, last):
    """New outputs (int16) of the units first <= j < last of one layer, from their gate sums; `cell` is changed.

    LSTM: gates input, forget, candidate, output. GRU: gates reset, update, candidate (reset after the product).
    """
    scale = np.float32(largest(len(out)))
    if len(below) == 4:
        for j in range(first, last):
            take = sigmoid(below[0, j] + before[0, j])
            keep = sigmoid(below[1, j] + before[1, j])
            cell[j] = keep * cell[j] + take * tanh(below[2, j] + before[2, j])
            out[j] = np.int16(np.rint(sigmoid(below[3, j] + before[3, j]) * tanh(cell[j]) * scale))
    else:
        for j in range(first, last):
            reset = sigmoid(below[0, j] + before[0, j])
            keep = sigmoid(below[1, j] + before[1, j])
            cell[j] = keep * cell[j] + (np.float32(1) - keep) * tanh(below[2, j] + reset * before[2, j])
            out[j] = np.int16(np.rint(cell[j] * scale))


@njit(nogil=True)
def share(rows, thread, threads):
    """Which rows one thread computes, in whole fours."""
    return rows // 4 * thread // threads * 4, rows // 4 * (thread + 1) // threads * 4


@njit(nogil=True, fastmath=True)
def run_tier(tier, state, codes, half, advice, turn, counter, thread, threads):
    """One step of a tier: the frames codes [B, size] and the advice [B, G*P] from above become state.advice.

    turn: 0 and 1 in turn, which generation of state.output is the old one.
    """
    layers, units = tier.over.shape[0], tier.over.shape[1]
    sequences = len(codes)
    old, new = state.output[turn], state.output[1 - turn]
    worth = np.float32(1) / np.float32(largest(units))
    first, last = share(units, thread, threads)
    for layer in range(layers):
        gate_sums(
            tier.over[layer],
            tier.over_scale[layer],
            tier.over_bias[layer],
            old[layer],
            worth,
            state.before,
            first,
            last,
        )
        if layer == 0:
            frame_sums(tier, codes, half, advice, state.below, first, last)
        else:
            meet(counter, threads)
            gate_sums(
                tier.into[layer - 1],
                tier.into_scale[layer - 1],
                tier.bias[layer],
                new[layer - 1],
                worth,
                state.below,
                first,
                last,
            )
        for b in range(sequences):
            update(state.below[b], state.before[b], state.cell[layer, b], new[layer, b], first, last)
    meet(counter, threads)
    worths = np.empty(sequences, np.float32)
    for b in range(sequences):
        worths[b] = worth
    vectors = new[layers - 1]
    if len(tier.mix):
        for b in range(sequences):
            for j in range(first, last):
                state.total[b, j] = tier.mix_bias[j]
        for layer in range(layers):
            add_rows(tier.mix[layer], tier.mix_scale[layer], new[layer], worths, state.total, first, last)
        meet(counter, threads)
        vectors = np.empty((sequences, units), np.int16)
        for b in range(sequences):
            worths[b] = quantise(state.total[b], vectors[b])
    ratio, rows = tier.up.shape[0], tier.up.shape[1]
    first, last = share(rows, thread, threads)
    for step in range(ratio):
        for b in range(sequences):
            for row in range(first, last):
                state.advice[b, step, row] = 0
        add_rows(tier.up[step], tier.up_scale[step], vectors, worths, state.advice[:, step], first, last)
    meet(counter, threads)


@njit(nogil=True, fastmath=True)
def guess(samples, before, advice, hidden, vectors, out):
    """Logits `out` [1, Q] of the sample that follows the codes `before` [frame_size], given the middle tier's advice.

    hidden [2, 1, P] float32 and vectors [1, P] int16 are room to compute in.
    """
    entered, deeper = hidden[0], hidden[1]
    width = len(advice)
    for j in range(width):
        entered[0, j] = advice[j]
    for place in range(len(before)):
        row = samples.table[place, before[place]]
        for j in range(width):
            entered[0, j] += row[j]
    worths = np.empty(1, np.float32)
    for j in range(width):
        entered[0, j] = max(entered[0, j], np.float32(0))
        deeper[0, j] = samples.hidden_bias[j]
    worths[0] = quantise(entered[0], vectors[0])
    add_rows(samples.hidden, samples.hidden_scale, vectors, worths, deeper, 0, width)
    for j in range(width):
        deeper[0, j] = max(deeper[0, j], np.float32(0))
    worths[0] = quantise(deeper[0], vectors[0])
    for c in range(out.shape[1]):
        out[0, c] = samples.outputs_bias[c]
    add_rows(samples.outputs, samples.outputs_scale, vectors, worths, out, 0, out.shape[1])


@njit(nogil=True, fastmath=True)
def weigh(logits, temperature, powers, out):
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
def restrict(weights, top_k, top_p):
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
    """A number in [0, 1) from the stream random[b] (SplitMix64: Steele, Lea and Flood 2014)."""
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


@njit(nogil=True, cache=True)
def generate(
    big,
    middle,
    samples,
    big_state,
    middle_state,
    codes,
    begin,
    end,
    known,
    drawing,
    logits,
    counter,
    thread,
    threads,
):
    """Compute the samples begin <= t < end of every sequence; both are multiples of big_frame_size.

    codes [B, big_frame_size + n] int32: sample t stands at big_frame_size + t; the first `known` samples are given,
    the others are drawn. logits [B, m, Q] float32 receives the logits of the first m samples.
    counter: address of an int64 that began at 0, where the `threads` threads meet; each calls with its own `thread`.
    """
    size, ratio, levels = big.first.shape[1], big.up.shape[0], samples.table.shape[1]
    frame = middle.first.shape[1]
    half = np.float32(levels / 2)
    units = samples.table.shape[2]
    hidden, vectors = np.empty((2, 1, units), np.float32), np.empty((1, units), np.int16)
    guessed = np.empty((1, len(samples.outputs_bias)), np.float32)
    weights, powers = np.empty(levels, np.float32), np.empty(levels, np.int32)
    nothing = np.zeros((len(codes), 1, len(big.first_bias)), np.float32)[:, 0]
    for start in range(begin, end, size):
        window = codes[:, start : start + size]
        run_tier(big, big_state, window, half, nothing, start // size % 2, counter, thread, threads)
        for step in range(ratio):
            t = start + step * frame
            window = codes[:, size + t - frame : size + t]
            advice = big_state.advice[:, step]
            run_tier(middle, middle_state, window, half, advice, t // frame % 2, counter, thread, threads)
            for b in range(thread, len(codes), threads):
                for k in range(frame):
                    wanted = t + k < logits.shape[1]
                    if t + k < known and not wanted:
                        continue
                    place = size + t + k
                    guess(
                        samples,
                        codes[b, place - frame : place],
                        middle_state.advice[b, k],
                        hidden,
                        vectors,
                        guessed,
                    )
                    if wanted:
                        for c in range(levels):
                            logits[b, t + k, c] = guessed[0, c]
                    if t + k >= known:
                        weigh(guessed[0, :levels], drawing.temperature[b, t + k], powers, weights)
                        if drawing.top_k > 0 or drawing.top_p < 1:
                            restrict(weights, drawing.top_k, drawing.top_p)
                        codes[b, place] = draw(weights, uniform(drawing.random, b))
            meet(counter, threads)
