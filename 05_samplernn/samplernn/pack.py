"""A trained model's weights as the generator's loops want them: folded, filled up and rounded to eight bits.

Between some layers nothing bends the signal, so their weights multiply out beforehand:
- embedding, first layer and hidden1 become a table of what each code adds in each place;
- the middle tier's upsampling goes straight into hidden1, the top tier's straight into the middle tier's first gates;
- a skip-connected first layer sees its input twice: once with the sum of both halves' weights is the same.
"""

import numpy as np

from .kernel import Samples, State, Tier
from .lowlevel import LANES


def filled(length):
    """A length rounded up to whole vectors."""
    return -(-length // LANES) * LANES


def pad(array, *shape):
    """An array filled up with zeros to a larger shape."""
    return np.pad(array, [(0, new - old) for old, new in zip(array.shape, shape)])


def eight_bits(rows):
    """float rows [..., n] to int8 rows and what one step of each row is worth, [...] float32."""
    scale = np.maximum(np.abs(rows).max(axis=-1, initial=0), 1e-20).astype(np.float32) / 127
    return np.rint(rows / scale[..., None]).astype(np.int8), scale


class Weights:
    """The weights of a SampleRNN as float32 arrays by name, with the folding."""

    def __init__(self, model):
        self.config = model.config
        self.values = {
            name: value.detach().cpu().float().numpy() for name, value in model.state_dict().items()
        }

    def layer(self, tier, index):
        """(into, over, bias, over_bias) of a recurrent layer, torch's gate order, rows gate by gate."""
        prefix = f"{tier}.layers.{index}."
        into, over, bias, over_bias = (
            self.values[prefix + name]
            for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        )
        if index == 0 and self.config.skip_conn:
            into = into[:, : self.config.dim] + into[:, self.config.dim :]
        return into, over, bias, over_bias


def pack_tier(weights, name, below):
    """One tier for the loops; `below` [rows, dim] is what its upsampled output meets first in the tier below."""
    config = weights.config
    dim, width, layers = config.dim, filled(config.dim), config.num_rnn_layers
    gates = 4 if config.rnn_type == "lstm" else 3

    def by_gate(vector):
        return pad(vector.reshape(gates, dim), gates, width)

    def by_unit(matrix):
        return pad(matrix.reshape(gates, dim, dim).transpose(1, 0, 2), width, gates, width)

    parts = [weights.layer(name, index) for index in range(layers)]
    enter, enter_bias = weights.values[f"{name}.inputs.weight"], weights.values[f"{name}.inputs.bias"]
    first = (parts[0][0] @ enter).reshape(gates, dim, -1)
    first_bias = parts[0][0] @ enter_bias + parts[0][2]
    into = [by_unit(part[0]) for part in parts[1:]]
    into, into_scale = eight_bits(np.reshape(into, (layers - 1, width, gates, width)).astype(np.float32))
    over, over_scale = eight_bits(np.stack([by_unit(part[1]) for part in parts]))
    skips = layers if config.skip_conn else 0
    mix = [pad(weights.values[f"{name}.skips.{index}.weight"], width, width) for index in range(skips)]
    mix, mix_scale = eight_bits(np.reshape(mix, (skips, width, width)).astype(np.float32))
    mix_bias = weights.values[f"{name}.skips.0.bias"] if skips else np.zeros(dim, np.float32)
    up = np.stack([pad(below @ step, len(below), width) for step in weights.values[f"{name}.upsample"]])
    up, up_scale = eight_bits(up)
    return Tier(
        first=np.ascontiguousarray(pad(first, gates, width, first.shape[2]).reshape(gates * width, -1)),
        first_bias=by_gate(first_bias).ravel(),
        into=into,
        into_scale=into_scale,
        over=over,
        over_scale=over_scale,
        bias=np.stack([by_gate(part[2]) for part in parts]),
        over_bias=np.stack([by_gate(part[3]) for part in parts]),
        mix=mix,
        mix_scale=mix_scale,
        mix_bias=pad(mix_bias, width),
        up=up,
        up_scale=up_scale,
    )


def pack_samples(weights):
    """The sample network for the loops."""
    values, width = weights.values, filled(weights.config.dim)
    hidden1 = pad(values["sample_tier.hidden1.weight"], width, weights.config.dim)
    table = values["sample_tier.embedding"] @ (values["sample_tier.inputs"] @ hidden1.T)
    table[0] += pad(values["sample_tier.hidden1.bias"], width)
    hidden, hidden_scale = eight_bits(pad(values["sample_tier.hidden2.weight"], width, width))
    levels = -(-weights.config.q_levels // 4) * 4
    outputs, outputs_scale = eight_bits(pad(values["sample_tier.outputs.weight"], levels, width))
    return Samples(
        table=np.ascontiguousarray(table),
        hidden=hidden,
        hidden_scale=hidden_scale,
        hidden_bias=pad(values["sample_tier.hidden2.bias"], width),
        outputs=outputs,
        outputs_scale=outputs_scale,
        outputs_bias=pad(values["sample_tier.outputs.bias"], levels),
    )


def pack(model):
    """(top tier, middle tier, sample network) of a SampleRNN for `kernel.generate`."""
    weights = Weights(model)
    dim, width = model.config.dim, filled(model.config.dim)
    gates = weights.layer("frame_tier", 0)[0].reshape(-1, dim, dim)
    gates = pad(gates, len(gates), width, dim).reshape(-1, dim)
    hidden1 = pad(weights.values["sample_tier.hidden1.weight"], width, dim)
    return (
        pack_tier(weights, "big_frame_tier", gates),
        pack_tier(weights, "frame_tier", hidden1),
        pack_samples(weights),
    )


def silent_state(tier, sequences):
    """The state of a tier that has heard nothing yet."""
    layers, units, gates, _ = tier.over.shape
    ratio, rows, _ = tier.up.shape
    return State(
        output=np.zeros((2, layers, sequences, units), np.int16),
        cell=np.zeros((layers, sequences, units), np.float32),
        below=np.zeros((sequences, gates, units), np.float32),
        before=np.zeros((sequences, gates, units), np.float32),
        total=np.zeros((sequences, units), np.float32),
        advice=np.zeros((sequences, ratio, rows), np.float32),
    )
