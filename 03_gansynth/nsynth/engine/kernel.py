"""The loops that decode, with weights of few bits, for several sounds; compiled by numba; engine threads.

They run in the threads of a KernelEngine. Every thread runs `generate` over the same samples, and takes a share of the
rows of each layer, piece by piece, so that a thread whose processor is busy with something else computes fewer; they
wait for each other where one needs what the others computed. A layer needs what it saw `dilation` and 2 * `dilation`
samples ago: that is kept, so that nothing is computed twice (Paine et al. 2016, "Fast WaveNet Generation Algorithm").

numba caches the compiled loops by the date of this file alone: when only `modelfiles.loops` changes, old ones would
run, so change something here as well.
"""

import numpy as np
from modelfiles.loops import drawing, products
from modelfiles.loops.lowlevel import ROWS
from numba import njit

from .config import BEFORE, LEVELS

SILENCE = 128  # codes below 0


@njit(nogil=True, fastmath=True)
def begin_sample(decoder, state, codes, t, team):
    """The signal before the first layer, and what it gives the skips, from the samples before sample t."""
    block = products.next_piece(team, state.signal.shape[1] // ROWS)
    while block >= 0:
        rows = slice(block * ROWS, (block + 1) * ROWS)
        for b in range(len(codes)):
            out = state.signal[b, rows]
            out[:] = decoder.start_bias[rows]
            for tap in range(BEFORE):
                value = np.float32(codes[b, t + tap]) / np.float32(SILENCE)
                weights = decoder.start[tap, rows]
                for j in range(ROWS):
                    out[j] += value * weights[j]
        block = products.next_piece(team, state.signal.shape[1] // ROWS)
    products.wait_for_all(team)


@njit(nogil=True, fastmath=True)
def round_signal(state, now, scales):
    """The signal as int16 `now` [B, P] and their scales [B]; every thread has its own."""
    for b in range(len(now)):
        scales[b] = products.quantise(state.signal[b], now[b])


@njit(nogil=True, fastmath=True)
def add_enter(decoder, state, now, scales, team):
    """Begin the skips with the signal before the first layer."""
    blocks = len(decoder.enter)
    block = products.next_piece(team, blocks)
    while block >= 0:
        products.fill(decoder.enter_bias, state.skips, block, block + 1)
        products.add_product(decoder.enter, decoder.enter_scale, now, scales, state.skips, block, block + 1)
        block = products.next_piece(team, blocks)


@njit(nogil=True, fastmath=True)
def open_gates(decoder, state, conditions, layer, t, now, scales, team):
    """state.inner: what comes through the gates of a layer."""
    dilation, place = decoder.dilations[layer], decoder.places[layer]
    oldest, old = place + t % (2 * dilation), place + (t + dilation) % (2 * dilation)
    weights, weight_scales = decoder.taps[layer], decoder.taps_scale[layer]
    scale = np.float32(products.largest(state.inner.shape[1]))
    block = products.next_piece(team, state.inner.shape[1] // ROWS)
    while block >= 0:
        first, last = 2 * block, 2 * block + 2
        for b in range(len(now)):
            for row in range(first * ROWS, last * ROWS):
                state.gates[b, row] = conditions.gates[b, layer, row]
        moments, moment_scales = state.moments, state.moment_scales
        products.add_product(
            weights[0], weight_scales[0], moments[oldest], moment_scales[oldest], state.gates, first, last
        )
        products.add_product(
            weights[1], weight_scales[1], moments[old], moment_scales[old], state.gates, first, last
        )
        products.add_product(weights[2], weight_scales[2], now, scales, state.gates, first, last)
        for b in range(len(now)):
            gates, out = state.gates[b, first * ROWS : last * ROWS], state.inner[b, block * ROWS :]
            for j in range(ROWS):
                out[j] = np.int16(
                    np.rint(products.sigmoid(gates[j]) * products.tanh(gates[ROWS + j]) * scale)
                )
        block = products.next_piece(team, state.inner.shape[1] // ROWS)
    products.wait_for_all(team)


@njit(nogil=True, fastmath=True)
def add_outputs(decoder, state, layer, t, now, scales, inner_scales, team):
    """Add what came through the gates to the signal and the skips, and keep what the layer saw."""
    own = state.signal.shape[1] // ROWS
    pieces = own + state.skips.shape[1] // ROWS
    slot = decoder.places[layer] + t % (2 * decoder.dilations[layer])
    piece = products.next_piece(team, pieces)
    while piece >= 0:
        if piece < own:
            weights, weight_scales = decoder.residual[layer], decoder.residual_scale[layer]
            out, biases, block = state.signal, decoder.residual_bias[layer], piece
        else:
            weights, weight_scales = decoder.skip[layer], decoder.skip_scale[layer]
            out, biases, block = state.skips, decoder.skip_bias[layer], piece - own
        for b in range(len(now)):
            for row in range(block * ROWS, (block + 1) * ROWS):
                out[b, row] += biases[row]
        products.add_product(weights, weight_scales, state.inner, inner_scales, out, block, block + 1)
        if piece == 0:
            state.moments[slot] = now
            state.moment_scales[slot] = scales
        piece = products.next_piece(team, pieces)
    products.wait_for_all(team)


@njit(nogil=True, fastmath=True)
def logits_of(decoder, skips, condition, hidden, vectors, out):
    """Logits `out` [1, 256] of one sound; hidden [1, S] float32 and vectors [1, S] int16 are room to compute in."""
    scales = np.empty(1, np.float32)
    for j in range(len(skips)):
        hidden[0, j] = max(skips[j], np.float32(0))
    scales[0] = products.quantise(hidden[0], vectors[0])
    products.fill(condition, hidden, 0, len(decoder.hidden))
    products.add_product(
        decoder.hidden, decoder.hidden_scale, vectors, scales, hidden, 0, len(decoder.hidden)
    )
    for j in range(len(skips)):
        hidden[0, j] = max(hidden[0, j], np.float32(0))
    scales[0] = products.quantise(hidden[0], vectors[0])
    products.fill(decoder.outputs_bias, out, 0, len(decoder.outputs))
    products.add_product(
        decoder.outputs, decoder.outputs_scale, vectors, scales, out, 0, len(decoder.outputs)
    )


@njit(nogil=True, fastmath=True)
def end_sample(decoder, state, conditions, codes, t, known, draws, logits, team):
    """Draw sample t of each sound, where it is not among the first `known`, which are given."""
    width = state.skips.shape[1]
    hidden, vectors = np.empty((1, width), np.float32), np.empty((1, width), np.int16)
    outputs = np.empty((1, LEVELS), np.float32)
    weights, powers = np.empty(LEVELS, np.float32), np.empty(LEVELS, np.int32)
    b = products.next_piece(team, len(codes))
    while b >= 0:
        logits_of(decoder, state.skips[b], conditions.hidden[b], hidden, vectors, outputs)
        if t < logits.shape[1]:
            logits[b, t] = outputs[0]
        if t >= known:
            drawing.softmax_weights(outputs[0], draws.temperature[b, t], powers, weights)
            codes[b, BEFORE + t] = drawing.draw(weights, drawing.uniform(draws.random, b)) - SILENCE
        b = products.next_piece(team, len(codes))
    products.wait_for_all(team)


@njit(nogil=True, cache=True)
def generate(decoder, state, conditions, codes, begin, end, known, draws, logits, counters, threads):
    """Compute the samples begin <= t < end of every sound, which lie in one hop.

    codes [B, BEFORE + n] int32: sample t stands at BEFORE + t; the first `known` samples are given, the others are
    drawn. logits [B, m, 256] float32 receives the logits of the first m samples. counters: see ThreadTeam; each of the
    `threads` threads calls once.
    """
    team = products.ThreadTeam(counters, np.zeros(1, np.int64), threads)
    now, scales = np.empty(state.inner.shape, np.int16), np.empty(len(codes), np.float32)
    inner_scales = np.full(len(codes), np.float32(1) / np.float32(products.largest(state.inner.shape[1])))
    for t in range(begin, end):
        begin_sample(decoder, state, codes, t, team)
        round_signal(state, now, scales)
        add_enter(decoder, state, now, scales, team)
        products.wait_for_all(team)
        for layer in range(len(decoder.dilations)):
            open_gates(decoder, state, conditions, layer, t, now, scales, team)
            add_outputs(decoder, state, layer, t, now, scales, inner_scales, team)
            round_signal(state, now, scales)
        end_sample(decoder, state, conditions, codes, t, known, draws, logits, team)
