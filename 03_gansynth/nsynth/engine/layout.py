"""The arrays that the loops in `kernel` compute with, as tuples that numba knows; worker process."""

from collections import namedtuple

# A decoder. P, S: width and skip_width filled up to whole blocks of rows; L: layers. Matrices are those of
# modelfiles.loops.products, each with its scale. The rows that make a layer's gates stand in blocks: the sigmoid's
# of the first ROWS channels, their tanh's, the sigmoid's of the next ROWS channels, ...
#   start [3, P], start_bias [P] float32: the last three samples to the signal, the oldest first
#   enter, a matrix [S, P], enter_bias [S]: the signal to the skips
#   taps [L, 3] matrices [2P, P]: three moments of the signal, the oldest first, to the gates
#   residual [L] matrices [P, P], residual_bias [L, P]; skip [L] matrices [S, P], skip_bias [L, S]
#   hidden, a matrix [S, S]; outputs, a matrix [256, S], outputs_bias [256]
#   places [L], dilations [L] int64: where each layer's moments begin among State.moments, how far they are apart
Decoder = namedtuple(
    "Decoder",
    "start start_bias enter enter_scale enter_bias taps taps_scale residual residual_scale residual_bias "
    "skip skip_scale skip_bias hidden hidden_scale outputs outputs_scale outputs_bias places dilations",
)

# What the encoding of a hop gives all its samples: gates [B, L, 2P], hidden [B, S] float32, biases included.
Conditions = namedtuple("Conditions", "gates hidden")

# What B sounds remember: moments [n, B, P] int16, the signal before each layer, for 2 * dilation samples in turn, and
# moment_scales [n, B]; and room to compute in: signal [B, P], gates [B, 2P], skips [B, S] float32, inner [B, P] int16.
State = namedtuple("State", "moments moment_scales signal gates inner skips")

# How to draw: temperature [B, n] float32, random [B] uint64 (changed in place).
Drawing = namedtuple("Drawing", "temperature random")
