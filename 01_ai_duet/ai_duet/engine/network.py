"""The layers of Melody RNN in numpy: LSTM cells, stacks of them, attention; worker process.

Arrays are float32, and their first axis counts melodies that are computed side by side. A cell's state is a list of
such arrays, which begins with c and h of each LSTM cell in it. `weights` are by role, see weights.py.

LSTM: Hochreiter and Schmidhuber 1997; attention: Bahdanau, Cho and Bengio 2015. Formulas:
magenta/models/shared/events_rnn_graph.py, magenta/contrib/rnn.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from .weights import INNER, OUTER, unplayable

State = list[np.ndarray]
Weights = Mapping[str, np.ndarray]


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return probabilities along the last axis, float64, so that they sum to one as closely as numpy's choice asks."""
    logits = np.asarray(logits, np.float64)
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-x)), without overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * x)


class Cell(Protocol):
    """A recurrent part of a network."""

    input_size: int
    output_size: int

    def zero_state(self, batch: int) -> State:
        """Return the state before the first step, for so many melodies."""

    def step(self, x: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Return the output, float32 [batch, output_size], and the new state, for input [batch, input_size]."""


class Linear:
    """x kernel + bias. Raises UserError when the weights are missing or do not fit."""

    def __init__(self, weights: Weights, role: str) -> None:
        try:
            self.kernel, self.bias = weights[f"{role}/kernel"], weights[f"{role}/bias"]
        except KeyError:
            raise unplayable(f"the weights called {role} are missing") from None
        if self.kernel.ndim != 2 or self.bias.shape != self.kernel.shape[1:]:
            raise unplayable(f"the weights called {role} have impossible shapes")

    def __call__(self, *inputs: np.ndarray) -> np.ndarray:
        return np.concatenate(inputs, axis=1) @ self.kernel + self.bias


class Lstm:
    """One LSTM cell; the forget gate's bias of 1 is not in the stored weights."""

    def __init__(self, weights: Weights, number: int) -> None:
        self._gates = Linear(weights, f"lstm {number}")
        self.units = len(self._gates.bias) // 4
        self.input_size = len(self._gates.kernel) - self.units
        self.output_size = self.units

    def zero_state(self, batch: int) -> State:
        return [np.zeros((batch, self.units), np.float32) for _ in range(2)]

    def step(self, x: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        c, h = state
        i, j, f, o = self._gates(x, h).reshape(len(x), 4, self.units).swapaxes(0, 1)
        c = c * sigmoid(f + 1) + sigmoid(i) * np.tanh(j)
        h = np.tanh(c) * sigmoid(o)
        return h, [c, h]


class Stack:
    """Cells on top of each other. Raises UserError when they do not fit."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self._cells = cells
        self._counts = [len(cell.zero_state(1)) for cell in cells]
        self.input_size, self.output_size = cells[0].input_size, cells[-1].output_size
        for below, above in zip(cells, cells[1:]):
            if above.input_size != below.output_size:
                raise unplayable("the layers do not fit on top of each other")

    def zero_state(self, batch: int) -> State:
        return [part for cell in self._cells for part in cell.zero_state(batch)]

    def step(self, x: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        after: State = []
        for cell, count in zip(self._cells, self._counts):
            x, new = cell.step(x, state[len(after) : len(after) + count])
            after += new
        return x, after


class Attention:
    """A cell with one more input: a mixture of its own last outputs, chosen by its state.

    Parameters
    ----------
    cell : Cell
        The cell around which the attention is.
    weights : mapping
        By role.
    name : str
        INNER or OUTER, which the roles begin with.
    length : int
        How many outputs are kept.

    Raises
    ------
    UserError
        When weights are missing or do not fit.
    """

    def __init__(self, cell: Cell, weights: Weights, name: str, length: int) -> None:
        self._cell = cell
        self._length = length
        self._input = Linear(weights, f"{name} input")
        self._query = Linear(weights, f"{name} query")
        self._join = Linear(weights, f"{name} output")
        try:
            self._projection = weights[f"{name}/w"].reshape(weights[f"{name}/w"].shape[-2:])
            self._score = weights[f"{name}/v"]
        except (KeyError, ValueError):
            raise unplayable(f"the weights called {name}/w are missing or have impossible shapes") from None
        self.output_size = len(self._projection)
        self.input_size = len(self._input.kernel) - self.output_size

    def zero_state(self, batch: int) -> State:
        shapes = (
            (batch, self.output_size),
            (batch, self._length, self.output_size),
            (batch, self._length, len(self._score)),
        )
        mixture, outputs, projected = (np.zeros(shape, np.float32) for shape in shapes)
        return [*self._cell.zero_state(batch), mixture, outputs, projected]

    def step(self, x: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        *inner, mixture, outputs, projected = state
        output, inner = self._cell.step(self._input(x, mixture), inner)
        scores = np.tanh(projected + self._query(*inner)[:, np.newaxis]) @ self._score
        shares = softmax(scores).astype(np.float32)
        mixture = np.einsum("bl,blu->bu", shares, outputs)
        output = self._join(output, mixture)
        # The projection of an output is kept beside it; it would be the same for the next `length` steps.
        outputs, projected = (
            np.concatenate([memory[:, 1:], new[:, np.newaxis]], axis=1)
            for memory, new in ((outputs, output), (projected, output @ self._projection))
        )
        return output, [*inner, mixture, outputs, projected]


def build_cell(weights: Weights, layers: Sequence[int], state_width: int | None) -> tuple[Cell, int]:
    """Build the recurrent part of a network.

    Parameters
    ----------
    weights : mapping
        By role.
    layers : sequence of int
        Units of each LSTM layer, from the bottom.
    state_width : int or None
        Numbers of state per melody; only needed where there is attention, whose length it determines.

    Returns
    -------
    cell : Cell
        The whole of it.
    attention_length : int
        In steps; 0 without attention.

    Raises
    ------
    UserError
        When weights are missing or do not fit.
    """
    cells: list[Cell] = [Lstm(weights, number) for number in range(len(layers))]
    if f"{OUTER}/v" in weights:
        length = _attention_length(layers, layers[-1], state_width)
        return Attention(Stack(cells), weights, OUTER, length), length
    if f"{INNER}/v" in weights:
        length = _attention_length(layers, layers[0], state_width)
        return Stack([Attention(cells[0], weights, INNER, length), *cells[1:]]), length
    return Stack(cells), 0


def _attention_length(layers: Sequence[int], size: int, state_width: int | None) -> int:
    """Return the length in steps: the state is c and h of each layer, the last mixture, and `length` outputs."""
    length, rest = divmod((state_width or 0) - 2 * sum(layers) - size, size)
    if length < 1 or rest:
        raise unplayable("the graph that holds the length of the attention is missing or of an unknown kind")
    return length
