"""Melody RNN bundles of random weights, made without Magenta."""

from pathlib import Path

import numpy as np
from ai_duet.engine.encodings import ENCODINGS

from support.checkpoint_writer import field, shape_proto, table, v1_entries


def random_weights(name, sizes=(6, 5), attention_length=4, outside=False, seed=1):
    """(variables, width of the state) as today's Magenta names and shapes them; attention if `name` has it."""
    rng = np.random.RandomState(seed)
    encoding = ENCODINGS[name]
    width = 2 * sum(sizes)
    variables = {}

    def linear(scope, inputs, outputs, names=("kernel", "bias")):
        variables[f"{scope}/{names[0]}"] = rng.uniform(-1, 1, (inputs, outputs)).astype("f4")
        variables[f"{scope}/{names[1]}"] = rng.uniform(-1, 1, outputs).astype("f4")

    stack = "rnn/attention_cell_wrapper/multi_rnn_cell" if outside else "rnn/multi_rnn_cell"
    inputs = encoding.input_size
    for number, units in enumerate(sizes):
        scope = f"{stack}/cell_{number}"
        if name == "attention_rnn" and number == 0 and not outside:
            scope += "/attention_cell_wrapper"
        linear(f"{scope}/basic_lstm_cell", inputs + units, 4 * units)
        inputs = units
    if name == "attention_rnn":
        scope = "rnn/attention_cell_wrapper" if outside else f"{stack}/cell_0/attention_cell_wrapper"
        units, query = (sizes[-1], width) if outside else (sizes[0], 2 * sizes[0])
        linear(scope, encoding.input_size + units, encoding.input_size)
        linear(f"{scope}/attention", query, units)
        variables[f"{scope}/attention/attn_w"] = rng.uniform(-1, 1, (1, 1, units, units)).astype("f4")
        variables[f"{scope}/attention/attn_v"] = rng.uniform(-1, 1, units).astype("f4")
        linear(f"{scope}/attn_output_projection", 2 * units, units)
        width += units + attention_length * units
    linear("fully_connected", sizes[-1], encoding.labels, ("weights", "biases"))
    return variables, width


def write_bundle(path, name, variables, state_width):
    """Write a `.mag` file: configuration, V1 checkpoint, and a graph that has a state of this width."""
    shapes = field(2, field(1, field(7, shape_proto((1, state_width)))))
    node = field(1, b"zeros") + field(2, b"Fill") + field(5, field(1, b"_output_shapes") + shapes)
    collection = field(1, b"initial_state") + field(2, field(1, field(1, b"zeros:0")))
    metagraph = field(2, field(1, node)) + field(4, collection)
    details = field(1, name.encode()) + field(2, b"random weights")
    checkpoint = table(v1_entries(variables))
    Path(path).write_bytes(field(1, details) + field(2, checkpoint) + field(3, metagraph))
