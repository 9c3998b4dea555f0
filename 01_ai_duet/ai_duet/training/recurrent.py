"""Melody RNN as a module that learns, with the weights of a bundle in and out; the program `train`.

The sums are those of engine/network.py, for whole melodies at a time. Dropout is where magenta has it, on what each
layer puts out (magenta/models/shared/events_rnn_graph.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..engine.encodings import ENCODINGS
from ..engine.weights import role_of
from .graphs import ATTENTION_LENGTH

STACK = "rnn/multi_rnn_cell/cell_{}"
ATTENTION = STACK.format(0) + "/attention_cell_wrapper"
GATES = (
    0,
    2,
    1,
    3,
)  # TensorFlow's order is input, new value, forget, output; torch has the forget gate second


class Network(nn.Module):
    """The network of one configuration.

    Parameters
    ----------
    configuration : str
        A key of ENCODINGS.
    layers : sequence of int
        Units of each LSTM layer, from the bottom.
    keep : float
        Share of the outputs of each layer that dropout keeps.
    """

    def __init__(self, configuration: str, layers: Sequence[int], keep: float = 1.0) -> None:
        super().__init__()
        self.encoding = ENCODINGS[configuration]
        self.configuration, self.layers, self.keep = configuration, tuple(layers), keep
        self.attention = None
        sizes = [self.encoding.input_size, *layers]
        if configuration == "attention_rnn":
            self.attention = Attention(sizes[0], layers[0])
        self.lstms = nn.ModuleList(
            nn.LSTM(inputs, units, batch_first=True) for inputs, units in zip(sizes, layers)
        )
        self.output = nn.Linear(layers[-1], self.encoding.labels)
        self._initialise()

    def _initialise(self) -> None:
        """Glorot's uniform weights, no biases, but for the forget gates' constant 1, which no bundle stores."""
        for lstm in self.lstms:
            units = lstm.hidden_size
            joint = torch.empty(4 * units, lstm.input_size + units)
            nn.init.xavier_uniform_(joint)
            with torch.no_grad():
                lstm.weight_ih_l0.copy_(joint[:, : lstm.input_size])
                lstm.weight_hh_l0.copy_(joint[:, lstm.input_size :])
                lstm.bias_ih_l0.zero_()
                lstm.bias_hh_l0.zero_()
                lstm.bias_hh_l0[units : 2 * units] = 1
            lstm.bias_hh_l0.requires_grad_(False)
        nn.init.xavier_uniform_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits [batch, steps, labels] of inputs [batch, steps, input size], float32."""
        x = inputs
        for number, lstm in enumerate(self.lstms):
            x = self.attention(x, lstm) if self.attention and number == 0 else lstm(x)[0]
            x = functional.dropout(x, 1 - self.keep, self.training)
        return self.output(x)

    def variables(self) -> dict[str, np.ndarray]:
        """Weights by the names that magenta gives them today, float32."""
        return {name: _to_kernel(parts) for name, parts in self._by_name()}

    @torch.no_grad()
    def take(self, weights: Mapping[str, np.ndarray]) -> None:
        """Take weights by role, see engine/weights.py; one that is missing or of another shape raises ValueError."""
        for name, parts in self._by_name():
            role = str(role_of(name))
            expected = _to_kernel(parts).shape
            if role not in weights or weights[role].shape != expected:
                raise ValueError(f"there are no weights of {expected} for {role}")
            _from_kernel(torch.from_numpy(weights[role].copy()), parts)

    def gradients(self) -> dict[str, np.ndarray]:
        """Gradients by the same names."""
        return {
            name: _to_kernel([(part.grad, kind) for part, kind in parts]) for name, parts in self._by_name()
        }

    def _by_name(self) -> Iterator[tuple[str, list[tuple[Tensor, str]]]]:
        """(name, parts of the variable from top to bottom with their kind)."""
        for number, lstm in enumerate(self.lstms):
            scope = ATTENTION if self.attention and number == 0 else STACK.format(number)
            kernel = [(lstm.weight_ih_l0, "gates"), (lstm.weight_hh_l0, "gates")]
            yield f"{scope}/basic_lstm_cell/kernel", kernel
            yield f"{scope}/basic_lstm_cell/bias", [(lstm.bias_ih_l0, "gates")]
        if self.attention:
            for place, linear in self.attention.linears().items():
                yield f"{ATTENTION}{place}/kernel", [(linear.weight, "linear")]
                yield f"{ATTENTION}{place}/bias", [(linear.bias, "linear")]
            yield f"{ATTENTION}/attention/attn_w", [(self.attention.projection, "convolution")]
            yield f"{ATTENTION}/attention/attn_v", [(self.attention.score, "vector")]
        yield "fully_connected/weights", [(self.output.weight, "linear")]
        yield "fully_connected/biases", [(self.output.bias, "linear")]


class Attention(nn.Module):
    """The first layer's look back at its own last outputs; weights as in engine/network.py.

    Parameters
    ----------
    inputs : int
        Numbers in an input vector.
    units : int
        Of the layer.
    """

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.input = nn.Linear(inputs + units, inputs)
        self.query = nn.Linear(2 * units, units)
        self.join = nn.Linear(2 * units, units)
        self.projection = nn.Parameter(torch.empty(units, units))
        self.score = nn.Parameter(torch.empty(units))
        for linear in self.linears().values():
            nn.init.xavier_uniform_(linear.weight)
            nn.init.zeros_(linear.bias)
        nn.init.xavier_uniform_(self.projection)
        nn.init.uniform_(self.score, -((3 / units) ** 0.5), (3 / units) ** 0.5)

    def linears(self) -> dict[str, nn.Linear]:
        """The linear layers by where their names have them."""
        return {"": self.input, "/attention": self.query, "/attn_output_projection": self.join}

    def forward(self, inputs: Tensor, lstm: nn.LSTM) -> Tensor:
        """Outputs [batch, steps, units]; `lstm` is the layer."""
        batch, steps, size = inputs.shape
        units = lstm.hidden_size
        h = c = mixture = inputs.new_zeros(batch, units)
        memory = inputs.new_zeros(batch, ATTENTION_LENGTH, units)
        projected = memory
        gates = lstm.weight_ih_l0, lstm.weight_hh_l0, lstm.bias_ih_l0, lstm.bias_hh_l0
        direct = functional.linear(inputs, self.input.weight[:, :size], self.input.bias).unbind(1)
        outputs = []
        for step in range(steps):
            x = direct[step] + mixture @ self.input.weight[:, size:].T
            h, c = torch.lstm_cell(x, (h, c), *gates)
            query = self.query(torch.cat([c, h], 1))
            shares = (torch.tanh(projected + query[:, None]) @ self.score).softmax(1)
            mixture = (shares[:, None] @ memory)[:, 0]
            output = self.join(torch.cat([h, mixture], 1))
            memory = torch.cat([memory[:, 1:], output[:, None]], 1)
            projected = torch.cat([projected[:, 1:], (output @ self.projection)[:, None]], 1)
            outputs.append(output)
        return torch.stack(outputs, 1)


def mean_loss(logits: Tensor, labels: Tensor, lengths: Tensor) -> Tensor:
    """Magenta's loss: the mean cross-entropy in nats of all steps that are no padding.

    Parameters
    ----------
    logits : Tensor [batch, steps, labels]
    labels : Tensor [batch, steps]
    lengths : Tensor [batch]
    """
    real = torch.arange(labels.shape[1]) < lengths[:, None]
    return functional.cross_entropy(logits[real], labels[real])


def _to_kernel(parts: list[tuple[Tensor, str]]) -> np.ndarray:
    """The variable of a bundle from a module's parameters."""
    arrays = []
    for tensor, kind in parts:
        array = tensor.detach()
        if kind == "gates":
            array = array.unflatten(0, (4, -1))[list(GATES)].flatten(0, 1)
        if kind in ("gates", "linear"):
            array = array.T if array.ndim == 2 else array
        arrays.append(array[None, None] if kind == "convolution" else array)
    return np.ascontiguousarray(torch.cat(arrays).numpy())


def _from_kernel(variable: Tensor, parts: list[tuple[Tensor, str]]) -> None:
    """Copy a bundle's variable into a module's parameters."""
    start = 0
    for tensor, kind in parts:
        if kind == "convolution":
            tensor.copy_(variable[0, 0])
            continue
        rows = tensor.shape[-1] if tensor.ndim == 2 else tensor.shape[0]
        part = variable[start : start + rows]
        start += rows
        if kind in ("gates", "linear") and tensor.ndim == 2:
            part = part.T
        if kind == "gates":
            part = part.unflatten(0, (4, -1))[list(GATES)].flatten(0, 1)  # the order is its own inverse
        tensor.copy_(part)
