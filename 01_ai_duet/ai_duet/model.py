"""Melody RNN on numpy: plays what Magenta trained, without TensorFlow.

    from ai_duet.bundle import read_bundle
    from ai_duet.model import MelodyRnn

    network = MelodyRnn.from_bundle(read_bundle("attention_rnn.mag"))
    events, _ = network.continue_melody([60, -2, 62, -2, 64, -2, 65, -2], steps=32)
    network.probabilities([60, -2, 62])[-1].round(2)   # what may come after the third event

Events are explained in melody.py. A network is a stack of LSTM cells (Hochreiter and Schmidhuber 1997); that of
attention_rnn also looks back at its own last outputs (Bahdanau, Cho and Bengio 2015). Formulas:
magenta/models/shared/events_rnn_graph.py, magenta/contrib/rnn.py.
"""

import re

import numpy as np
from modelfiles.errors import UserError

from .encodings import ENCODINGS
from .melody import squash, transpose

HINT = "setup/dlwa checkpoints list shows what there is"


def _unplayable(message):
    return UserError("checkpoint", message, HINT)


class MelodyRnn:
    """A trained network.

    Args:
      name: its configuration: basic_rnn, mono_rnn, lookback_rnn or attention_rnn.
      variables: weights by name, of any age and any layer sizes.
      state_width: numbers of state per melody; needed with attention, whose length it tells.

    Attributes:
      name, encoding (see encodings.py), layers: units of each LSTM layer, attention_length: steps, 0 without.

    Raises UserError for weights that do not make a network that can be played here.
    """

    def __init__(self, name, variables, state_width=None):
        if name not in ENCODINGS:
            raise _unplayable(f"{name!r} is no Melody RNN; there are {', '.join(ENCODINGS)}")
        self.name = name
        self.encoding = ENCODINGS[name]
        weights = name_by_role(variables)
        self.layers = layer_sizes(weights)
        self._cell, self.attention_length = _build(weights, self.layers, state_width)
        self._output = Linear(weights, "output")
        self._check_sizes()

    @classmethod
    def from_bundle(cls, bundle):
        """The network of a bundle (see bundle.py)."""
        return cls(bundle.name, bundle.variables, bundle.state_width)

    def continue_melody(self, primer, steps, *, temperature=1.0, candidates=1, rng=None, progress=None):
        """Go on from a melody.

        Args:
          primer: its events, at least one.
          steps: how many events to add.
          temperature: above 0. The logits are divided by it: above 1 more is possible, below 1 less.
          candidates: so many continuations are drawn side by side, and the likeliest is given.
          rng: numpy RandomState. Each step draws one number for each candidate, in their order, as Magenta does.
          progress: called with the fraction done before each step.

        Returns: (the new events, the natural logarithm of their probability).
        """
        check_request(primer, steps, temperature, candidates)
        rng = rng or np.random.RandomState()
        squashed, amount = squash(primer, self.encoding.low, self.encoding.high, self.encoding.key)
        melodies = [list(squashed) for _ in range(candidates)]
        likelihoods = np.zeros(candidates)
        state = self._cell.zero_state(1)
        for vector in self.encoding.inputs(squashed):
            output, state = self._cell.step(vector[np.newaxis], state)
        output, state = np.repeat(output, candidates, 0), [np.repeat(part, candidates, 0) for part in state]
        for step in range(steps):
            if progress:
                progress(step / steps)
            if step:
                heard = [self.encoding.input_at(melody, len(melody) - 1) for melody in melodies]
                output, state = self._cell.step(np.stack(heard), state)
            chances = softmax(self._output(output) / temperature)
            for number, melody in enumerate(melodies):
                label = int(rng.choice(len(chances[number]), p=chances[number]))
                likelihoods[number] += np.log(chances[number][label])
                melody.append(self.encoding.event_of(label, melody))
        best = int(np.argmax(likelihoods))
        return transpose(melodies[best][len(primer) :], -amount), float(likelihoods[best])

    def probabilities(self, events, temperature=1.0):
        """float64 [len(events), labels]: after each event, the probability of each label to come next."""
        check_request(events, 1, temperature, 1)
        squashed, _ = squash(events, self.encoding.low, self.encoding.high, self.encoding.key)
        state = self._cell.zero_state(1)
        outputs = []
        for vector in self.encoding.inputs(squashed):
            output, state = self._cell.step(vector[np.newaxis], state)
            outputs.append(output[0])
        return softmax(self._output(np.stack(outputs)) / temperature)

    def log_likelihood(self, events):
        """The natural logarithm of the probability of a melody, given its first event."""
        return log_likelihood(self.encoding, events, self.probabilities(events))

    def _check_sizes(self):
        expected, found = self.encoding.input_size, self._cell.input_size
        if found != expected:
            raise _unplayable(f"{self.name} hears {expected} numbers a step, these weights {found}")
        expected, found = self.encoding.labels, len(self._output.bias)
        if found != expected:
            raise _unplayable(f"{self.name} chooses among {expected} labels, these weights among {found}")


def check_request(primer, steps, temperature, candidates):
    """Raise ValueError, with the reason, for what cannot be generated."""
    if not len(primer):
        raise UserError("input", "there is no event to go on from")
    if steps < 1:
        raise UserError("input", f"cannot generate {steps} steps")
    if not 0 < temperature < float("inf"):
        raise UserError("input", f"the temperature must be above 0, not {temperature}")
    if candidates < 1:
        raise UserError("input", f"cannot choose among {candidates} candidates")


def log_likelihood(encoding, events, probabilities):
    """Sum of the logarithms of the probabilities that were given to the events that came."""
    squashed, _ = squash(events, encoding.low, encoding.high, encoding.key)
    labels = [encoding.label_at(squashed, position) for position in range(1, len(events))]
    return float(np.log(probabilities[np.arange(len(labels)), labels]).sum())


def softmax(logits):
    """Probabilities along the last axis, in float64, so that they sum to one as closely as numpy's choice asks."""
    logits = np.asarray(logits, np.float64)
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


# The network. Arrays are float32, the first axis counts melodies. A cell's state is a list of such arrays, which
# begins with c and h of each LSTM cell in it.


def sigmoid(x):
    return 0.5 + 0.5 * np.tanh(0.5 * x)


class Linear:
    """x kernel + bias."""

    def __init__(self, weights, role):
        try:
            self.kernel, self.bias = weights[f"{role}/kernel"], weights[f"{role}/bias"]
        except KeyError:
            raise _unplayable(f"the weights called {role} are missing") from None
        if self.kernel.ndim != 2 or self.bias.shape != self.kernel.shape[1:]:
            raise _unplayable(f"the weights called {role} have impossible shapes")

    def __call__(self, *inputs):
        return np.concatenate(inputs, axis=1) @ self.kernel + self.bias


class Lstm:
    """One LSTM cell; the forget gate's bias of 1 is not in the stored weights."""

    def __init__(self, weights, number):
        self._gates = Linear(weights, f"lstm {number}")
        self.units = len(self._gates.bias) // 4
        self.input_size = len(self._gates.kernel) - self.units
        self.output_size = self.units

    def zero_state(self, batch):
        return [np.zeros((batch, self.units), np.float32) for _ in range(2)]

    def step(self, x, state):
        c, h = state
        i, j, f, o = self._gates(x, h).reshape(len(x), 4, self.units).swapaxes(0, 1)
        c = c * sigmoid(f + 1) + sigmoid(i) * np.tanh(j)
        h = np.tanh(c) * sigmoid(o)
        return h, [c, h]


class Stack:
    """Cells on top of each other."""

    def __init__(self, cells):
        self._cells = cells
        self._counts = [len(cell.zero_state(1)) for cell in cells]
        self.input_size, self.output_size = cells[0].input_size, cells[-1].output_size
        for below, above in zip(cells, cells[1:]):
            if above.input_size != below.output_size:
                raise _unplayable("the layers do not fit on top of each other")

    def zero_state(self, batch):
        return [part for cell in self._cells for part in cell.zero_state(batch)]

    def step(self, x, state):
        after = []
        for cell, count in zip(self._cells, self._counts):
            x, new = cell.step(x, state[len(after) : len(after) + count])
            after += new
        return x, after


INNER, OUTER = "inner attention", "outer attention"  # around the first cell, around the whole stack


class Attention:
    """A cell that also hears, at each step, a mixture of its own last outputs, chosen by its state."""

    def __init__(self, cell, weights, name, length):
        self._cell = cell
        self._length = length
        self._input = Linear(weights, f"{name} input")
        self._query = Linear(weights, f"{name} query")
        self._join = Linear(weights, f"{name} output")
        try:
            self._projection = weights[f"{name}/w"].reshape(weights[f"{name}/w"].shape[-2:])
            self._score = weights[f"{name}/v"]
        except (KeyError, ValueError):
            raise _unplayable(f"the weights called {name}/w are missing or have impossible shapes") from None
        self.output_size = len(self._projection)
        self.input_size = len(self._input.kernel) - self.output_size

    def zero_state(self, batch):
        mixture, outputs, projected = (
            np.zeros(shape, np.float32)
            for shape in (
                (batch, self.output_size),
                (batch, self._length, self.output_size),
                (batch, self._length, len(self._score)),
            )
        )
        return [*self._cell.zero_state(batch), mixture, outputs, projected]

    def step(self, x, state):
        *inner, mixture, outputs, projected = state
        output, inner = self._cell.step(self._input(x, mixture), inner)
        scores = np.tanh(projected + self._query(*inner)[:, np.newaxis]) @ self._score
        shares = softmax(scores).astype(np.float32)
        mixture = np.einsum("bl,blu->bu", shares, outputs)
        output = self._join(output, mixture)
        # The projection of an output is remembered beside it; it would be the same for the next `length` steps.
        outputs, projected = (
            np.concatenate([memory[:, 1:], new[:, np.newaxis]], axis=1)
            for memory, new in ((outputs, output), (projected, output @ self._projection))
        )
        return output, [*inner, mixture, outputs, projected]


def layer_sizes(weights):
    """Units of each LSTM layer, from the bottom, of weights by role."""
    sizes = []
    while f"lstm {len(sizes)}/bias" in weights:
        sizes.append(weights[f"lstm {len(sizes)}/bias"].size // 4)
    if not sizes:
        raise _unplayable("there is no LSTM layer in the weights")
    return sizes


def _build(weights, layers, state_width):
    """The cell that the weights make, and the length of its attention (0 if it has none)."""
    cells = [Lstm(weights, number) for number in range(len(layers))]
    if f"{OUTER}/v" in weights:
        length = _attention_length(layers, layers[-1], state_width)
        return Attention(Stack(cells), weights, OUTER, length), length
    if f"{INNER}/v" in weights:
        length = _attention_length(layers, layers[0], state_width)
        return Stack([Attention(cells[0], weights, INNER, length), *cells[1:]]), length
    return Stack(cells), 0


def _attention_length(layers, size, state_width):
    """Steps: the state is c and h of each layer, the last mixture, and `length` outputs."""
    length, rest = divmod((state_width or 0) - 2 * sum(layers) - size, size)
    if length < 1 or rest:
        raise _unplayable("the graph that tells the length of the attention is missing or of an unknown kind")
    return length


# Names. Through the years the same weights have been called, for example,
#   RNN/MultiRNNCell/Cell0/BasicLSTMCell/Linear/Matrix
#   rnn/multi_rnn_cell/cell_0/basic_lstm_cell/weights
#   rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel
# and the attention has been around the first cell or around the whole stack.

_LEAVES = {"matrix": "kernel", "weights": "kernel", "kernel": "kernel", "bias": "bias", "biases": "bias"}
_ATTENTION = {
    ("attentioncellwrapper",): "input",
    ("attentioncellwrapper", "attention"): "query",
    ("attentioncellwrapper", "attnoutputprojection"): "output",
    ("attentioncellwrapper", "attentionoutputprojection"): "output",
}
_SCAFFOLD = {"rnn", "multirnncell", "linear"}
_TRAINING = re.compile(r"(/Adam(_1)?|(^|/)global_step|(^|/)beta[12]_power)$")


def name_by_role(variables):
    """Weights as float32 arrays by what they do: "lstm 0/kernel", "inner attention query/bias" ...

    What only training needs is left out. Raises UserError for a name that no Melody RNN has.
    """
    weights = {}
    for name in variables:
        if _TRAINING.search(name):
            continue
        role = _role(name)
        if role is None:
            raise _unplayable(f"the weights called {name} belong to a network of another kind")
        if role in weights:
            raise _unplayable(f"there are two weights for {role}")
        weights[role] = np.asarray(variables[name], np.float32)
        if not np.isfinite(weights[role]).all():
            raise _unplayable(f"the weights called {name} are not numbers")
    return weights


def _role(name):
    *path, leaf = (part.replace("_", "") for part in name.lower().split("/"))
    cells = [int(part[4:]) for part in path if re.fullmatch(r"cell\d+", part)]
    path = tuple(part for part in path if part not in _SCAFFOLD and not re.fullmatch(r"cell\d+", part))
    attention = INNER if cells else OUTER
    if path == ("attentioncellwrapper", "attention") and leaf in ("attnw", "attnv"):
        return f"{attention}/{leaf[-1]}"
    if leaf not in _LEAVES:
        return None
    if path[-1:] == ("basiclstmcell",):
        return f"lstm {cells[0] if cells else 0}/{_LEAVES[leaf]}"
    if path == ("fullyconnected",):
        return f"output/{_LEAVES[leaf]}"
    return f"{attention} {_ATTENTION[path]}/{_LEAVES[leaf]}" if path in _ATTENTION else None
