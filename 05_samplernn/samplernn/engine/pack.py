"""Packs a model's weights for the loops in `kernel`: multiplied out, padded, quantised; worker process.

Between some layers there is no nonlinearity, so their weights are multiplied beforehand:
- embedding, first layer and hidden1 become a table of what each code adds in each place;
- the middle tier's upsampling goes straight into hidden1, the top tier's straight into the middle tier's first gates;
- a skip-connected first layer sees its input twice: once with the sum of both halves' weights is the same.

The tiers' weights have eight or four bits, as the caller wants; the sample network's, which every single sample goes
through and which lose more when they are rounded, always have eight.
"""

import numpy as np
from modelfiles.loops.lowlevel import ROWS
from modelfiles.loops.packing import matrices, pad, round_up

from .layout import Samples, State, Tier


class Weights:
    """The weights of a SampleRNN as float32 arrays by name."""

    def __init__(self, model):
        self.config = model.config
        self.values = {
            name: value.detach().cpu().float().numpy() for name, value in model.state_dict().items()
        }

    def layer(self, tier, index):
        """(input, recurrent, bias, recurrent bias) of a recurrent layer, torch's gate order, rows gate by gate."""
        prefix = f"{tier}.layers.{index}."
        names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        rows, recurrent, bias, recurrent_bias = (self.values[prefix + name] for name in names)
        if index == 0 and self.config.skip_conn:
            rows = rows[:, : self.config.dim] + rows[:, self.config.dim :]
        return rows, recurrent, bias, recurrent_bias


def order_gates(rows, gates, dim):
    """Rows [gates*dim, ...], gate by gate, in the order of the loops: [gates*P, ...]."""
    width = round_up(dim)
    rows = rows.reshape(gates, dim, -1)
    rows = pad(rows, gates, width, rows.shape[2]).reshape(gates, width // ROWS, ROWS, -1)
    return rows.transpose(1, 0, 2, 3).reshape(gates * width, -1)


def pack_tier(weights, name, below, bits):
    """One tier for the loops; `below` [rows, dim] is what its upsampled output meets first in the tier below."""
    config = weights.config
    dim, width, layers = config.dim, round_up(config.dim), config.num_rnn_layers
    gates = 4 if config.rnn_type == "lstm" else 3

    def by_unit(rows):
        return order_gates(rows, gates, dim)

    def square(rows):
        return pad(by_unit(rows), gates * width, width)

    parts = [weights.layer(name, index) for index in range(layers)]
    frame, frame_bias = weights.values[f"{name}.inputs.weight"], weights.values[f"{name}.inputs.bias"]
    rows, input_scale = matrices(
        np.reshape([square(part[0]) for part in parts[1:]], (-1, gates * width, width)), bits
    )
    recurrent, recurrent_scale = matrices(np.stack([square(part[1]) for part in parts]), bits)
    skip, skip_scale, skip_bias = pack_skips(weights, name, bits)
    upsample = [pad(below @ step, len(below), width) for step in weights.values[f"{name}.upsample"]]
    upsample, upsample_scale = matrices(np.stack(upsample), bits)
    return Tier(
        frame=np.ascontiguousarray(by_unit(parts[0][0] @ frame).T),
        frame_bias=by_unit(parts[0][0] @ frame_bias + parts[0][2]).ravel(),
        input=rows,
        input_scale=input_scale,
        recurrent=recurrent,
        recurrent_scale=recurrent_scale,
        bias=np.stack([by_unit(part[2]).ravel() for part in parts]),
        recurrent_bias=np.stack([by_unit(part[3]).ravel() for part in parts]),
        skip=skip,
        skip_scale=skip_scale,
        skip_bias=skip_bias,
        upsample=upsample.reshape(-1, *upsample.shape[2:]),
        upsample_scale=upsample_scale.ravel(),
    )


def pack_skips(weights, name, bits):
    """(matrices, scales, bias) of a tier's skip connections; no matrices where there are none."""
    config, width = weights.config, round_up(weights.config.dim)
    skips = range(config.num_rnn_layers if config.skip_conn else 0)
    rows = [pad(weights.values[f"{name}.skips.{index}.weight"], width, width) for index in skips]
    bias = weights.values[f"{name}.skips.0.bias"] if skips else np.zeros(config.dim, np.float32)
    return *matrices(np.reshape(rows, (-1, width, width)), bits), pad(bias, width)


def pack_samples(weights):
    """The sample network for the loops."""
    values, width = weights.values, round_up(weights.config.dim)
    hidden1 = pad(values["sample_tier.hidden1.weight"], width, weights.config.dim)
    table = values["sample_tier.embedding"] @ (values["sample_tier.inputs"] @ hidden1.T)
    table[0] += pad(values["sample_tier.hidden1.bias"], width)
    levels = round_up(weights.config.q_levels)
    hidden, hidden_scale = matrices(pad(values["sample_tier.hidden2.weight"], width, width)[None], 8)
    outputs, outputs_scale = matrices(pad(values["sample_tier.outputs.weight"], levels, width)[None], 8)
    return Samples(
        table=np.ascontiguousarray(table),
        hidden=hidden[0],
        hidden_scale=hidden_scale[0],
        hidden_bias=pad(values["sample_tier.hidden2.bias"], width),
        outputs=outputs[0],
        outputs_scale=outputs_scale[0],
        outputs_bias=pad(values["sample_tier.outputs.bias"], levels),
    )


def pack(model, bits):
    """(top tier, middle tier, sample network) of a SampleRNN for `kernel.generate`, its tiers' weights in `bits`."""
    weights = Weights(model)
    dim, width = model.config.dim, round_up(model.config.dim)
    enter = weights.layer("frame_tier", 0)[0]
    gates = order_gates(enter, len(enter) // dim, dim)
    hidden1 = pad(weights.values["sample_tier.hidden1.weight"], width, dim)
    return (
        pack_tier(weights, "big_frame_tier", gates, bits),
        pack_tier(weights, "frame_tier", hidden1, bits),
        pack_samples(weights),
    )


def initial_state(tier, sequences):
    """The state of a tier before its first frame."""
    layers, units = len(tier.recurrent), len(tier.skip_bias)
    gates, rows = len(tier.frame_bias), len(tier.upsample_scale)
    return State(
        output=np.zeros((2, layers, sequences, units), np.int16),
        cell=np.zeros((layers, sequences, units), np.float32),
        input_sums=np.zeros((sequences, gates), np.float32),
        recurrent_sums=np.zeros((sequences, gates), np.float32),
        skip_sums=np.zeros((sequences, units), np.float32),
        conditioning=np.zeros((sequences, rows), np.float32),
    )
