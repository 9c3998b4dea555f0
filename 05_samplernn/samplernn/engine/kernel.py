"""The loops that generate: weights of few bits, all tiers, several sequences, no Python in between.

Every thread runs `generate` over the same blocks. Inside a tier the threads take rows, below the tiers sequences, as
long as there are any, so that one whose processor is busy with something else takes fewer; and they meet where one
needs what the others computed.
Once per block (big_frame_size samples) comes the top tier, once per frame the middle tier, and for every sample the
sample network, whose embedding and first layer have become one table of sums to look up (see `pack`).
"""

from collections import namedtuple

import numpy as np
from numba import njit

from .lowlevel import ROWS, add_one, dot, meet

# A matrix of whole weights is [blocks of ROWS rows, pairs of columns, bytes], as `lowlevel` describes it, with what one
# step of each row is worth, its scale [rows].

# One recurrent tier. P: dim filled up to whole blocks; G: gates (3 GRU, 4 LSTM); L: layers. The gates' rows stand in
# blocks: the first gate of the first ROWS units, their second gate, ..., the first gate of the next ROWS units, ...
#   first [size, G*P] float32, first_bias [G*P]: a frame to the first layer's gates
#   into [L-1] matrices [G*P, P], into_scale: a layer's output to the next layer's gates
#   over [L] matrices [G*P, P], over_scale: a layer's last output to its own gates
#   bias, over_bias [L, G*P]: added to what comes from below and from before
#   mix [L] matrices [P, P], mix_scale, mix_bias [P]: the skip connections; L is 0 where there are none
#   up, a matrix [ratio * rows, P], up_scale: the tier's output to the tier below, for each of its `ratio` steps
Tier = namedtuple(
    "Tier",
    "first first_bias into into_scale over over_scale bias over_bias mix mix_scale mix_bias up up_scale",
)

# The sample network: table [frame_size, Q, P] float32, then two layers as matrices, their scales and biases.
Samples = namedtuple("Samples", "table hidden hidden_scale hidden_bias outputs outputs_scale outputs_bias")

# What is remembered of B sequences in one tier: two generations of outputs, old and new in turn,
#   output [2, L, B, P] int16, cell [L, B, P] (an LSTM's cell, a GRU's output),
# and room to compute in: below, before [B, G*P], total [B, P], advice [B, ratio * rows]; all float32.
State = namedtuple("State", "output cell below before total advice")

# How to draw: temperature [B, n] float32, top_k (0: all), top_p (1: all), random [B] uint64 (changed in place).
Drawing = namedtuple("Drawing", "temperature top_k top_p random")

# Who computes together: counters, the address of two int64 COUNTERS_APART bytes apart that began at 0 (how often
# threads have met; how often they have asked for work), base [1] int64 (a thread's own: how often before this work).
Crew = namedtuple("Crew", "counters base threads")
COUNTERS_APART = 64  # each in a cache line of its own

BLOCKS_AT_ONCE = 4

dot4_1, dot4_2, dot8_1, dot8_2 = (dot(bits, vectors) for bits in (4, 8) for vectors in (1, 2))

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
def add_product(weights, scale, vectors, worths, out, first, last):
    """out[b, r] += weights[r] . vectors[b] * scale[r] * worths[b] for the rows r of the blocks first <= block < last.

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
                    out[b + v, row] += np.float32(sums[v, r]) * (scale[row] * worths[b + v])


@njit(nogil=True)
def put(values, out, first, last):
    """out[b, r] = values[r] for the rows r of the blocks first <= block < last."""
    for b in range(len(out)):
        for row in range(first * ROWS, last * ROWS):
            out[b, row] = values[row]


@njit(nogil=True, fastmath=True)
def add_frames(weights, codes, half, out, first, last):
    """out[b, r] += weights[i, r] * frame[i]: what the frames codes [B, size] give the blocks first <= block < last."""
    for b in range(len(codes)):
        for i in range(codes.shape[1]):
            number = (np.float32(codes[b, i]) / half - np.float32(1)) * np.float32(2)
            for row in range(first * ROWS, last * ROWS):
                out[b, row] += number * weights[i, row]


@njit(nogil=True, fastmath=True)
def update(below, before, cell, out, gates, first, last):
    """New outputs (int16) of the units in the blocks first <= block < last of one layer, from their gate sums.

    `cell` is changed. LSTM: gates input, forget, candidate, output. GRU: gates reset, update, candidate (reset after
    the product).
    """
    scale = np.float32(largest(len(out)))
    for unit in range(first * ROWS, last * ROWS, ROWS):
        place = unit * gates
        for j in range(ROWS):
            one, two, three = place + j, place + ROWS + j, place + 2 * ROWS + j
            if gates == 4:
                four = place + 3 * ROWS + j
                take = sigmoid(below[one] + before[one])
                keep = sigmoid(below[two] + before[two])
                cell[unit + j] = keep * cell[unit + j] + take * tanh(below[three] + before[three])
                value = sigmoid(below[four] + before[four]) * tanh(cell[unit + j])
            else:
                reset = sigmoid(below[one] + before[one])
                keep = sigmoid(below[two] + before[two])
                candidate = tanh(below[three] + reset * before[three])
                value = cell[unit + j] = keep * cell[unit + j] + (np.float32(1) - keep) * candidate
            out[unit + j] = np.int16(np.rint(value * scale))


@njit(nogil=True)
def take(crew, pieces):
    """The next of `pieces` that no thread has taken, -1 when none is left; every thread asks until it hears that."""
    piece = add_one(crew.counters + COUNTERS_APART) - crew.base[0]
    if piece < pieces:
        return piece
    crew.base[0] += pieces + crew.threads
    return -1


@njit(nogil=True)
def together(crew):
    """Wait until all threads have come here."""
    meet(crew.counters, crew.threads)


@njit(nogil=True, fastmath=True)
def run_tier(tier, state, codes, half, advice, turn, crew):
    """One step of a tier: the frames codes [B, size] and the advice [B, G*P] from above become state.advice.

    turn: 0 and 1 in turn, which generation of state.output is the old one.
    """
    layers, sequences, units = state.cell.shape
    gates = tier.over.shape[1] * ROWS // units
    old, new = state.output[turn], state.output[1 - turn]
    worths = np.full(sequences, np.float32(1) / np.float32(largest(units)))
    for layer in range(layers):
        block = take(crew, units // ROWS)
        while block >= 0:
            begin, end = block * gates, (block + 1) * gates
            put(tier.over_bias[layer], state.before, begin, end)
            add_product(
                tier.over[layer], tier.over_scale[layer], old[layer], worths, state.before, begin, end
            )
            if layer == 0:
                put(tier.first_bias, state.below, begin, end)
                add_frames(tier.first, codes, half, state.below, begin, end)
                for b in range(sequences):
                    for row in range(begin * ROWS, end * ROWS):
                        state.below[b, row] += advice[b, row]
            else:
                put(tier.bias[layer], state.below, begin, end)
                into, into_scale = tier.into[layer - 1], tier.into_scale[layer - 1]
                add_product(into, into_scale, new[layer - 1], worths, state.below, begin, end)
            for b in range(sequences):
                before, cell = state.before[b], state.cell[layer, b]
                update(state.below[b], before, cell, new[layer, b], gates, block, block + 1)
            block = take(crew, units // ROWS)
        together(crew)
    vectors = new[layers - 1]
    if len(tier.mix):
        block = take(crew, units // ROWS)
        while block >= 0:
            put(tier.mix_bias, state.total, block, block + 1)
            for layer in range(layers):
                weights, scale = tier.mix[layer], tier.mix_scale[layer]
                add_product(weights, scale, new[layer], worths, state.total, block, block + 1)
            block = take(crew, units // ROWS)
        together(crew)
        vectors = np.empty((sequences, units), np.int16)
        for b in range(sequences):
            worths[b] = quantise(state.total[b], vectors[b])
    pieces = -(-len(tier.up) // BLOCKS_AT_ONCE)
    piece = take(crew, pieces)
    while piece >= 0:
        first = piece * BLOCKS_AT_ONCE
        last = min(first + BLOCKS_AT_ONCE, len(tier.up))
        state.advice[:, first * ROWS : last * ROWS] = 0
        add_product(tier.up, tier.up_scale, vectors, worths, state.advice, first, last)
        piece = take(crew, pieces)
    together(crew)


@njit(nogil=True, fastmath=True)
def look_up(table, codes, advice, out):
    """out[0, j] = advice[j] + the sum of table[place, codes[place], j] over all places, and not below 0."""
    for j in range(len(advice)):
        out[0, j] = advice[j]
    for place in range(len(codes)):
        row = table[place, codes[place]]
        for j in range(len(row)):
            out[0, j] += row[j]
    keep_positive(out)


@njit(nogil=True, fastmath=True)
def keep_positive(values):
    """Set what is below 0 in values [1, n] to 0."""
    for j in range(values.shape[1]):
        values[0, j] = max(values[0, j], np.float32(0))


@njit(nogil=True, fastmath=True)
def guess(samples, before, advice, hidden, vectors, out):
    """Logits `out` [1, Q] of the sample that follows the codes `before` [frame_size], given the middle tier's advice.

    hidden [1, P] float32 and vectors [1, P] int16 are room to compute in.
    """
    worths = np.empty(1, np.float32)
    look_up(samples.table, before, advice, hidden)
    worths[0] = quantise(hidden[0], vectors[0])
    put(samples.hidden_bias, hidden, 0, len(samples.hidden))
    add_product(samples.hidden, samples.hidden_scale, vectors, worths, hidden, 0, len(samples.hidden))
    keep_positive(hidden)
    worths[0] = quantise(hidden[0], vectors[0])
    put(samples.outputs_bias, out, 0, len(samples.outputs))
    add_product(samples.outputs, samples.outputs_scale, vectors, worths, out, 0, len(samples.outputs))


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


@njit(nogil=True, fastmath=True)
def add_samples(samples, codes, advice, begin, end, known, drawing, b, logits):
    """The samples begin <= t < end of sequence `b`, given the middle tier's advice [(end - begin) * P]."""
    frame, levels, units = samples.table.shape
    size = codes.shape[1] - drawing.temperature.shape[1]
    hidden, vectors = np.empty((1, units), np.float32), np.empty((1, units), np.int16)
    guessed = np.empty((1, len(samples.outputs_bias)), np.float32)
    weights, powers = np.empty(levels, np.float32), np.empty(levels, np.int32)
    for t in range(begin, end):
        wanted = t < logits.shape[1]
        if t < known and not wanted:
            continue
        before = codes[b, size + t - frame : size + t]
        place = (t - begin) * units
        guess(samples, before, advice[place : place + units], hidden, vectors, guessed)
        if wanted:
            for c in range(levels):
                logits[b, t, c] = guessed[0, c]
        if t >= known:
            weigh(guessed[0, :levels], drawing.temperature[b, t], powers, weights)
            if drawing.top_k > 0 or drawing.top_p < 1:
                restrict(weights, drawing.top_k, drawing.top_p)
            codes[b, size + t] = draw(weights, uniform(drawing.random, b))


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
    counters,
    threads,
):
    """Compute the samples begin <= t < end of every sequence; both are multiples of big_frame_size.

    codes [B, big_frame_size + n] int32: sample t stands at big_frame_size + t; the first `known` samples are given,
    the others are drawn. logits [B, m, Q] float32 receives the logits of the first m samples.
    counters: see Crew; each of the `threads` threads calls once.
    """
    size, frame = len(big.first), len(middle.first)
    half = np.float32(samples.table.shape[1] / 2)
    rows = len(middle.first_bias)
    nothing = np.zeros((len(codes), 2 * len(big.first_bias)), np.float32)[:, : len(big.first_bias)]
    crew = Crew(counters, np.zeros(1, np.int64), threads)
    for start in range(begin, end, size):
        window = codes[:, start : start + size]
        run_tier(big, big_state, window, half, nothing, start // size % 2, crew)
        for step in range(size // frame):
            t = start + step * frame
            window = codes[:, size + t - frame : size + t]
            advice = big_state.advice[:, step * rows : (step + 1) * rows]
            run_tier(middle, middle_state, window, half, advice, t // frame % 2, crew)
            b = take(crew, len(codes))
            while b >= 0:
                add_samples(samples, codes, middle_state.advice[b], t, t + frame, known, drawing, b, logits)
                b = take(crew, len(codes))
            together(crew)
