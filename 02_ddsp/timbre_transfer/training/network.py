"""The decoder's weights: drawn to begin with, and as the tensors of a checkpoint. Runs in a training."""

import numpy as np

FIRST, SECOND = "layer_with_weights-0", "layer_with_weights-1"


def drawn(size, inputs, outputs, seed):
    """Random weights as Keras begins with, by their names below `decoder/`.

    Parameters
    ----------
    size : dict
        "rnn", "width", "layers".
    inputs, outputs : int
        Input stacks; numbers of the last layer.
    seed : int

    Returns
    -------
    dict of str to numpy.ndarray
    """
    random = np.random.default_rng(seed)
    rnn, width = size["rnn"], size["width"]
    tensors = {}

    def kernel(name, *shape):
        limit = np.sqrt(6 / sum(shape))
        tensors[f"{name}/kernel"] = random.uniform(-limit, limit, shape).astype(np.float32)

    def layer(name, *shape):
        kernel(name, *shape)
        tensors[f"{name}/bias"] = np.zeros(shape[-1], np.float32)

    stacks = {f"input_stacks/{index}": 1 for index in range(inputs)} | {"out_stack": inputs * width + rnn}
    for stack, first in stacks.items():
        for index in range(size["layers"]):
            name = f"{stack}/layer_with_weights-{index}"
            layer(f"{name}/{FIRST}", width if index else first, width)
            tensors[f"{name}/{SECOND}/gamma"] = np.ones(width, np.float32)
            tensors[f"{name}/{SECOND}/beta"] = np.zeros(width, np.float32)
    cell = "rnn/rnn/cell"
    kernel(cell, inputs * width, 3 * rnn)
    square, _ = np.linalg.qr(random.standard_normal((3 * rnn, rnn)))
    tensors[f"{cell}/recurrent_kernel"] = np.ascontiguousarray(square.T, np.float32)
    tensors[f"{cell}/bias"] = np.zeros((2, 3 * rnn), np.float32)
    layer("dense_out", width, outputs)
    return tensors


def tensors_of(network):
    """The weights of an engine.decoder.Network under the names that it was made from."""
    tensors = _dense(network.dense_out, "dense_out") | _gru(network.gru, "rnn/rnn/cell")
    stacks = {f"input_stacks/{index}": stack for index, stack in enumerate(network.input_stacks)}
    for name, stack in {**stacks, "out_stack": network.out_stack}.items():
        for index, (linear, norm) in enumerate(zip(stack.linears, stack.norms)):
            layer = f"{name}/layer_with_weights-{index}"
            tensors |= _dense(linear, f"{layer}/{FIRST}")
            tensors[f"{layer}/{SECOND}/gamma"] = _array(norm.weight)
            tensors[f"{layer}/{SECOND}/beta"] = _array(norm.bias)
    return tensors


def _dense(linear, name):
    return {f"{name}/kernel": _array(linear.weight).T, f"{name}/bias": _array(linear.bias)}


def _gru(layer, name):
    """torch's gates (reset, update, new) in Keras' order (update, reset, new)."""

    def gates(parameter):
        reset, update, new = np.split(_array(parameter), 3)
        return np.concatenate([update, reset, new]).T

    return {
        f"{name}/kernel": gates(layer.weight_ih_l0),
        f"{name}/recurrent_kernel": gates(layer.weight_hh_l0),
        f"{name}/bias": np.stack([gates(layer.bias_ih_l0), gates(layer.bias_hh_l0)]),
    }


def _array(parameter):
    return parameter.detach().numpy().copy()
