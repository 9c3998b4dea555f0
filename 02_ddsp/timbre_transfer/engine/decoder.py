"""The network of DDSP: pitch and loudness in, controls of the synthesisers out. Runs in the worker and in trainings.

Engel et al., "DDSP: Differentiable Digital Signal Processing", ICLR 2020; the layers are those of
`ddsp.training.decoders.RnnFcDecoder` (ddsp 3.7).
"""

import numpy as np
import torch
from torch.nn import functional

LAYER_NORM_EPSILON = 1e-3
LEAKY_SLOPE = 0.2
SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"


class Network(torch.nn.Module):
    """Dense stacks for each input, a GRU over time, a dense stack, and a last dense layer.

    tensors: name to array, as the checkpoint has them under `model/decoder/` (without prefix and suffix).
    Sizes follow from the shapes. KeyError names a tensor that is missing.
    """

    def __init__(self, tensors, n_inputs):
        super().__init__()
        self.input_stacks = torch.nn.ModuleList(
            Stack(tensors, f"input_stacks/{index}") for index in range(n_inputs)
        )
        self.out_stack = Stack(tensors, "out_stack")
        self.dense_out = dense(tensors, "dense_out")
        self.gru = gru(tensors, "rnn/rnn/cell")

    def forward(self, inputs, state=None):
        """(outputs [batch, frames, n_out], state) of inputs [batch, frames, size], one for each stack."""
        stacks = [stack(values) for stack, values in zip(self.input_stacks, inputs)]
        hidden, state = self.gru(torch.cat(stacks, -1), state)
        return self.dense_out(self.out_stack(torch.cat([*stacks, hidden], -1))), state


class Decoder:
    """A `Network` that plays: stretch by stretch, from arrays to arrays."""

    def __init__(self, tensors, n_inputs):
        self._network = Network(tensors, n_inputs).requires_grad_(False)

    def weights(self):
        """{name: array} of the network's weights; what is changed in them is heard."""
        for weights in self._network.parameters():
            weights.data = weights.data.clone()  # else they may be the file's own memory
        return {name: weights.numpy() for name, weights in self._network.named_parameters()}

    @torch.inference_mode()
    def __call__(self, *inputs, state=None):
        """Controls for a stretch of frames.

        inputs: one float32 array [frames, size] for each stack, in the order of the configuration's input_keys.
        state: what the call for the stretch before returned, None at the beginning.
        Returns (outputs [frames, n_out] float32, state).
        """
        outputs, state = self._network([torch.from_numpy(values)[None] for values in inputs], state)
        return outputs[0].numpy(), state


class Stack(torch.nn.Module):
    """Dense, layer normalisation and leaky ReLU, as many times as the checkpoint has them (none is allowed)."""

    def __init__(self, tensors, name):
        super().__init__()
        self.linears, self.norms = torch.nn.ModuleList(), torch.nn.ModuleList()
        while f"{name}/layer_with_weights-{len(self.norms)}/layer_with_weights-0/kernel" in tensors:
            layer = f"{name}/layer_with_weights-{len(self.norms)}"
            self.linears.append(dense(tensors, f"{layer}/layer_with_weights-0"))
            gamma, beta = (tensors[f"{layer}/layer_with_weights-1/{part}"] for part in ("gamma", "beta"))
            norm = torch.nn.LayerNorm(gamma.shape, LAYER_NORM_EPSILON)
            norm.weight.data, norm.bias.data = torch.from_numpy(gamma), torch.from_numpy(beta)
            self.norms.append(norm)

    def forward(self, values):
        """[..., inputs] to [..., width]."""
        for linear, norm in zip(self.linears, self.norms):
            values = functional.leaky_relu(norm(linear(values)), LEAKY_SLOPE)
        return values


def dense(tensors, name):
    """A Keras dense layer as torch's."""
    kernel, bias = tensors[f"{name}/kernel"], tensors[f"{name}/bias"]
    layer = torch.nn.Linear(*kernel.shape)
    layer.weight.data = torch.from_numpy(np.ascontiguousarray(kernel.T))
    layer.bias.data = torch.from_numpy(bias)
    return layer


def gru(tensors, name):
    """A Keras GRU (reset_after; gates update, reset, new) as torch's (gates reset, update, new)."""
    kernel, recurrent, bias = (tensors[f"{name}/{part}"] for part in ("kernel", "recurrent_kernel", "bias"))
    size = recurrent.shape[0]

    def gates(array):
        update, reset, new = np.split(array, 3, axis=-1)
        return torch.from_numpy(np.ascontiguousarray(np.concatenate([reset, update, new], -1).T))

    layer = torch.nn.GRU(kernel.shape[0], size, batch_first=True)
    layer.weight_ih_l0.data, layer.weight_hh_l0.data = gates(kernel), gates(recurrent)
    layer.bias_ih_l0.data, layer.bias_hh_l0.data = gates(bias[0]), gates(bias[1])
    layer.flatten_parameters()
    return layer
