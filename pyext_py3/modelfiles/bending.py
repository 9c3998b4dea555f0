"""A network's weights changed while it plays, and put back as they were. Runs in the workers. Needs numpy alone.

T. Broad et al., Network Bending: Expressive Manipulation of Deep Generative Models (2021). The arrays are those that
the network computes with (views of its tensors), so that a bend is heard with the next block.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import UserError

Array = NDArray[Any]
MOST_BENDS = 256
TOO_FAR = "the network is bent until it answers no numbers"


class Bend(NamedTuple):
    """One change of a layer's weights.

    Attributes
    ----------
    layer : str
        Its name, or its number from 1 on.
    kind : str
        One of KINDS.
    amount : float
        How much: see the messages of the Pd objects.
    seed : int
        Makes what is drawn at random repeatable.
    """

    layer: str
    kind: str
    amount: float
    seed: int = 0


def _scale(weights: Array, amount: float, rng: np.random.Generator) -> None:
    weights *= amount


def _noise(weights: Array, amount: float, rng: np.random.Generator) -> None:
    spread = amount * float(weights.std() or 1)
    weights += (spread * rng.standard_normal(weights.shape, np.float32)).astype(weights.dtype)


def _flip(weights: Array, amount: float, rng: np.random.Generator) -> None:
    weights[rng.random(weights.shape, np.float32) < amount] *= -1


def _zero(weights: Array, amount: float, rng: np.random.Generator) -> None:
    weights[rng.random(weights.shape, np.float32) < amount] = 0


def _shift(weights: Array, amount: float, rng: np.random.Generator) -> None:
    weights[...] = np.roll(weights, round(amount * len(weights)), 0)


def _swap(weights: Array, amount: float, rng: np.random.Generator) -> None:
    count = round(amount * len(weights))
    chosen = rng.permutation(len(weights))[:count]
    weights[chosen] = weights[np.roll(chosen, 1)]


KINDS: dict[str, tuple[Callable[[Array, float, np.random.Generator], None], float, float]] = {
    "scale": (_scale, -100, 100),
    "noise": (_noise, 0, 100),
    "flip": (_flip, 0, 1),
    "zero": (_zero, 0, 1),
    "shift": (_shift, -1, 1),
    "swap": (_swap, 0, 1),
}  # function, the least amount, the greatest


class Bending:
    """The weights of a network by layer, and what was done to them.

    Parameters
    ----------
    layers : mapping of str to ndarray
        The arrays that the network computes with; they are changed in place.
    """

    def __init__(self, layers: Mapping[str, Array]) -> None:
        self._layers = {name: weights for name, weights in layers.items() if weights.size > 1}
        self._originals: dict[str, Array] = {}
        self._bends: dict[str, list[Bend]] = {}

    @property
    def bent(self) -> bool:
        """Whether any layer is not as it was."""
        return bool(self._bends)

    def describe(self) -> list[list]:
        """Return [name, size of each axis ...] of each layer, in the network's order."""
        return [[name, *weights.shape] for name, weights in self._layers.items()]

    def put(self, bends: Iterable[Bend | list | tuple]) -> None:
        """Let the network be bent in just these ways, each layer from its own weights, in this order.

        Parameters
        ----------
        bends : iterable of Bend

        Raises
        ------
        UserError
            There is no such layer or kind, or an amount is out of range; then nothing is changed.
        """
        wanted: dict[str, list[Bend]] = {}
        for bend in self.checked(bends):
            wanted.setdefault(bend.layer, []).append(bend)
        for name in {*wanted, *self._bends}:
            if wanted.get(name) != self._bends.get(name):
                self._apply(name, wanted.get(name, []))
        self._bends = wanted

    def checked(self, bends: Iterable[Bend | list | tuple]) -> list[Bend]:
        """Return bends that can be, with the names of their layers, and change nothing; raises as `put` does."""
        return [self._checked(*one) for one in bends][:MOST_BENDS]

    def picture(self, layer: str, columns: int) -> NDArray[np.float32]:
        """Draw a layer's weights as they are now.

        Parameters
        ----------
        layer : str
            Its name or number.
        columns : int
            Number of stretches of the weights in their order.

        Returns
        -------
        ndarray of float32, shape (2 * columns,)
            The lowest and the highest of each stretch in turn, as shares of the greatest weight of the layer as it was.
        """
        name = self._name(layer)
        weights = self._layers[name].ravel()
        greatest = float(np.abs(self._originals.get(name, weights)).max()) or 1.0
        edges = np.linspace(0, weights.size, columns + 1).astype(int)
        ends = zip(edges, np.maximum(edges[1:], edges[:-1] + 1))
        stretches = (weights[min(start, weights.size - 1) : end] for start, end in ends)
        drawn = [edge for one in stretches for edge in (one.min(), one.max())]
        return np.clip(np.nan_to_num(np.array(drawn, np.float32)) / greatest, -4, 4)

    def _apply(self, name: str, bends: list[Bend]) -> None:
        """Put a layer back, and bend it."""
        weights = self._layers[name]
        if name in self._originals:
            weights[...] = self._originals[name]
        elif bends:
            self._originals[name] = weights.copy()
        with np.errstate(all="ignore"):  # what is no number any more is heard, and told, where it plays
            for bend in bends:
                KINDS[bend.kind][0](weights, bend.amount, np.random.default_rng(bend.seed))
        if not bends:
            self._originals.pop(name, None)

    def _name(self, layer: object) -> str:
        """Find a layer by its name, or by its number from 1 on."""
        text, names = str(layer), list(self._layers)
        number = int(text) if text.isdigit() and len(text) < 6 else 0
        if text in self._layers:
            return text
        if 1 <= number <= len(names):
            return names[number - 1]
        raise UserError(
            "input",
            f"there is no layer {text[:80]}",
            f"there are {len(names)}: the message layers names them",
        )

    def _checked(self, layer: object, kind: object, amount: Any, seed: Any = 0) -> Bend:
        """What was asked for, with the layer's name. Raises UserError where it can't be done."""
        if kind not in KINDS:
            raise UserError("input", f"there is no bend {str(kind)[:40]}, only {', '.join(KINDS)}")
        _, least, most = KINDS[str(kind)]
        if isinstance(amount, str) or not math.isfinite(amount) or not least <= amount <= most:
            raise UserError("input", f"the amount of {kind} is a number from {least} to {most}, not {amount}")
        return Bend(self._name(layer), str(kind), float(amount), int(seed))
