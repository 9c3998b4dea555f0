"""The arrays that the loops in `kernel` compute with, as tuples that numba knows; worker process."""

from collections import namedtuple

# A matrix of whole weights is [blocks of ROWS rows, pairs of columns, bytes], as `lowlevel` describes it, with a scale
# [rows]: the value of one step of each row.

# One recurrent tier. P: dim filled up to whole blocks; G: gates (3 GRU, 4 LSTM); L: layers. The gates' rows stand in
# blocks: the first gate of the first ROWS units, their second gate, ..., the first gate of the next ROWS units, ...
#   frame [size, G*P] float32, frame_bias [G*P]: a frame to the first layer's gates
#   input [L-1] matrices [G*P, P], input_scale: a layer's output to the next layer's gates
#   recurrent [L] matrices [G*P, P], recurrent_scale: a layer's last output to its own gates
#   bias, recurrent_bias [L, G*P]: added to the sums of inputs and to those of last outputs
#   skip [L] matrices [P, P], skip_scale, skip_bias [P]: the skip connections; L is 0 where there are none
#   upsample, a matrix [ratio * rows, P], upsample_scale: the tier's output to the tier below, for each of its `ratio`
#   steps
Tier = namedtuple(
    "Tier",
    "frame frame_bias input input_scale recurrent recurrent_scale bias recurrent_bias "
    "skip skip_scale skip_bias upsample upsample_scale",
)

# The sample network: table [frame_size, Q, P] float32, then two layers as matrices, their scales and biases.
Samples = namedtuple("Samples", "table hidden hidden_scale hidden_bias outputs outputs_scale outputs_bias")

# What B sequences remember in one tier: two generations of outputs, old and new in turn,
#   output [2, L, B, P] int16, cell [L, B, P] (an LSTM's cell, a GRU's output),
# and room to compute in: input_sums, recurrent_sums [B, G*P], skip_sums [B, P], conditioning [B, ratio * rows] for the
# tier below; all float32.
State = namedtuple("State", "output cell input_sums recurrent_sums skip_sums conditioning")

# How to draw: temperature [B, n] float32, top_k (0: all), top_p (1: all), random [B] uint64 (changed in place).
Drawing = namedtuple("Drawing", "temperature top_k top_p random")
