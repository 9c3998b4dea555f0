"""The loops that generate, with weights of few bits, for several sequences; compiled by numba; engine threads.

They run in the threads of a KernelEngine. Every thread runs `generate` over the same blocks. Inside a tier the threads
share the rows, below the tiers the sequences, piece by piece, so that a thread whose processor is busy with something
else computes fewer; they wait for each other where one needs what the others computed.
Once per block (big_frame_size samples) comes the top tier, once per frame the middle tier, and for every sample the
sample network, whose embedding and first layer have become one table of sums to look up (see `pack`).

numba caches the compiled loops by the date of this file alone: when only `modelfiles.loops` changes, old ones would
run, so change something here as well.
"""

import numpy as np
from modelfiles.loops.drawing import draw, keep_likeliest, softmax_weights, uniform
from modelfiles.loops.lowlevel import ROWS
from modelfiles.loops.products import (
    ThreadTeam,
    add_product,
    fill,
    largest,
    next_piece,
    quantise,
    sigmoid,
    tanh,
    wait_for_all,
)
from numba import njit

BLOCKS_AT_ONCE = 4


@njit(nogil=True, fastmath=True)
def add_frames(weights, codes, half, out, first, last):
    """out[b, r] += weights[i, r] * frame[i]: what the frames codes [B, size] give the blocks first <= block < last."""
    for b in range(len(codes)):
        for i in range(codes.shape[1]):
            number = (np.float32(codes[b, i]) / half - np.float32(1)) * np.float32(2)
            for row in range(first * ROWS, last * ROWS):
                out[b, row] += number * weights[i, row]


@njit(nogil=True, fastmath=True)
def update(input_sums, recurrent_sums, cell, out, gates, first, last):
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
                add = sigmoid(input_sums[one] + recurrent_sums[one])
                keep = sigmoid(input_sums[two] + recurrent_sums[two])
                cell[unit + j] = keep * cell[unit + j] + add * tanh(input_sums[three] + recurrent_sums[three])
                value = sigmoid(input_sums[four] + recurrent_sums[four]) * tanh(cell[unit + j])
            else:
                reset = sigmoid(input_sums[one] + recurrent_sums[one])
                keep = sigmoid(input_sums[two] + recurrent_sums[two])
                candidate = tanh(input_sums[three] + reset * recurrent_sums[three])
                value = cell[unit + j] = keep * cell[unit + j] + (np.float32(1) - keep) * candidate
            out[unit + j] = np.int16(np.rint(value * scale))


@njit(nogil=True, fastmath=True)
def run_tier(tier, state, codes, half, conditioning, turn, team):
    """One step of a tier, from the frames codes [B, size] and the conditioning [B, G*P] to state.conditioning.

    turn: 0 and 1 in turn, which generation of state.output is the old one.
    """
    layers, sequences, units = state.cell.shape
    old, new = state.output[turn], state.output[1 - turn]
    scales = np.full(sequences, np.float32(1) / np.float32(largest(units)))
    for layer in range(layers):
        run_layer(tier, state, layer, codes, half, conditioning, old, new, scales, team)
    vectors = add_skips(tier, state, new, scales, team) if len(tier.skip) else new[layers - 1]
    pieces = -(-len(tier.upsample) // BLOCKS_AT_ONCE)
    piece = next_piece(team, pieces)
    while piece >= 0:
        first = piece * BLOCKS_AT_ONCE
        last = min(first + BLOCKS_AT_ONCE, len(tier.upsample))
        state.conditioning[:, first * ROWS : last * ROWS] = 0
        add_product(tier.upsample, tier.upsample_scale, vectors, scales, state.conditioning, first, last)
        piece = next_piece(team, pieces)
    wait_for_all(team)


@njit(nogil=True, fastmath=True)
def run_layer(tier, state, layer, codes, half, conditioning, old, new, scales, team):
    """One step of a recurrent layer: its old outputs and what is below it become its new outputs."""
    units = state.cell.shape[2]
    gates = tier.recurrent.shape[1] * ROWS // units
    block = next_piece(team, units // ROWS)
    while block >= 0:
        begin, end = block * gates, (block + 1) * gates
        weights, scale = tier.recurrent[layer], tier.recurrent_scale[layer]
        fill(tier.recurrent_bias[layer], state.recurrent_sums, begin, end)
        add_product(weights, scale, old[layer], scales, state.recurrent_sums, begin, end)
        if layer == 0:
            fill(tier.frame_bias, state.input_sums, begin, end)
            add_frames(tier.frame, codes, half, state.input_sums, begin, end)
            for b in range(len(codes)):
                for row in range(begin * ROWS, end * ROWS):
                    state.input_sums[b, row] += conditioning[b, row]
        else:
            weights, scale = tier.input[layer - 1], tier.input_scale[layer - 1]
            fill(tier.bias[layer], state.input_sums, begin, end)
            add_product(weights, scale, new[layer - 1], scales, state.input_sums, begin, end)
        for b in range(len(codes)):
            sums, cell = state.recurrent_sums[b], state.cell[layer, b]
            update(state.input_sums[b], sums, cell, new[layer, b], gates, block, block + 1)
        block = next_piece(team, units // ROWS)
    wait_for_all(team)


@njit(nogil=True, fastmath=True)
def add_skips(tier, state, new, scales, team):
    """The outputs of all layers through the skip connections, [B, P] int16; `scales` becomes what their steps are."""
    layers, sequences, units = state.cell.shape
    block = next_piece(team, units // ROWS)
    while block >= 0:
        fill(tier.skip_bias, state.skip_sums, block, block + 1)
        for layer in range(layers):
            weights, scale = tier.skip[layer], tier.skip_scale[layer]
            add_product(weights, scale, new[layer], scales, state.skip_sums, block, block + 1)
        block = next_piece(team, units // ROWS)
    wait_for_all(team)
    vectors = np.empty((sequences, units), np.int16)
    for b in range(sequences):
        scales[b] = quantise(state.skip_sums[b], vectors[b])
    return vectors


@njit(nogil=True, fastmath=True)
def look_up(table, codes, conditioning, out):
    """out[0, j] = conditioning[j] + the sum of table[place, codes[place], j] over all places, and not below 0."""
    for j in range(len(conditioning)):
        out[0, j] = conditioning[j]
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
def logits_of(samples, before, conditioning, hidden, vectors, out):
    """Logits `out` [1, Q] of the sample that follows the codes `before` [frame_size].

    conditioning [P] is the middle tier's; hidden [1, P] float32 and vectors [1, P] int16 are room to compute in.
    """
    vector_scales = np.empty(1, np.float32)
    look_up(samples.table, before, conditioning, hidden)
    vector_scales[0] = quantise(hidden[0], vectors[0])
    fill(samples.hidden_bias, hidden, 0, len(samples.hidden))
    add_product(samples.hidden, samples.hidden_scale, vectors, vector_scales, hidden, 0, len(samples.hidden))
    keep_positive(hidden)
    vector_scales[0] = quantise(hidden[0], vectors[0])
    fill(samples.outputs_bias, out, 0, len(samples.outputs))
    add_product(samples.outputs, samples.outputs_scale, vectors, vector_scales, out, 0, len(samples.outputs))


@njit(nogil=True, fastmath=True)
def add_samples(samples, codes, conditioning, begin, end, known, drawing, b, logits):
    """The samples begin <= t < end of sequence `b`, given the middle tier's conditioning [(end - begin) * P]."""
    frame, levels, units = samples.table.shape
    size = codes.shape[1] - drawing.temperature.shape[1]
    hidden, vectors = np.empty((1, units), np.float32), np.empty((1, units), np.int16)
    outputs = np.empty((1, len(samples.outputs_bias)), np.float32)
    weights, powers = np.empty(levels, np.float32), np.empty(levels, np.int32)
    for t in range(begin, end):
        wanted = t < logits.shape[1]
        if t < known and not wanted:
            continue
        before = codes[b, size + t - frame : size + t]
        place = (t - begin) * units
        logits_of(samples, before, conditioning[place : place + units], hidden, vectors, outputs)
        if wanted:
            for c in range(levels):
                logits[b, t, c] = outputs[0, c]
        if t >= known:
            softmax_weights(outputs[0, :levels], drawing.temperature[b, t], powers, weights)
            if drawing.top_k > 0 or drawing.top_p < 1:
                keep_likeliest(weights, drawing.top_k, drawing.top_p)
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
    counters: see ThreadTeam; each of the `threads` threads calls once.
    """
    size, frame = len(big.frame), len(middle.frame)
    half = np.float32(samples.table.shape[1] / 2)
    rows = len(middle.frame_bias)
    nothing = np.zeros((len(codes), 2 * len(big.frame_bias)), np.float32)[:, : len(big.frame_bias)]
    team = ThreadTeam(counters, np.zeros(1, np.int64), threads)
    for start in range(begin, end, size):
        window = codes[:, start : start + size]
        run_tier(big, big_state, window, half, nothing, start // size % 2, team)
        for step in range(size // frame):
            t = start + step * frame
            window = codes[:, size + t - frame : size + t]
            conditioning = big_state.conditioning[:, step * rows : (step + 1) * rows]
            run_tier(middle, middle_state, window, half, conditioning, t // frame % 2, team)
            b = next_piece(team, len(codes))
            while b >= 0:
                add_samples(
                    samples, codes, middle_state.conditioning[b], t, t + frame, known, drawing, b, logits
                )
                b = next_piece(team, len(codes))
            wait_for_all(team)
