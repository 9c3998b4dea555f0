"""Sequences that go on without end, block by block, from weights of few bits; in the process that plays live."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from modelfiles.loops.drawing import COLDEST
from modelfiles.loops.products import COUNTERS_APART
from numpy.typing import NDArray

from . import kernel
from .config import Config
from .layout import Drawing, Samples, Tier
from .pack import initial_state

Packed = tuple[Tier, Tier, Samples]

_generate: Any = kernel.generate  # whose arguments only numba knows


class Memory(NamedTuple):
    """Where sequences stand: all that decides how they go on.

    Attributes
    ----------
    outputs, cells : tuple of ndarray, [layers, sequences, units]
        Of the top and of the middle tier.
    codes : ndarray of int32, [sequences, block]
        The last block.
    random : ndarray of uint64, [sequences]
        The states of the random numbers.
    """

    outputs: tuple[NDArray[np.int16], NDArray[np.int16]]
    cells: tuple[NDArray[np.float32], NDArray[np.float32]]
    codes: NDArray[np.int32]
    random: NDArray[np.uint64]


class Block(NamedTuple):
    """A block of all sequences.

    Attributes
    ----------
    codes : ndarray of int32, [sequences, block]
    entropy : ndarray of float32, [block]
        Of the first sequence, in bits: how open each choice was at its temperature.
    probability : ndarray of float32, [block]
        Of the first sequence: what the chosen code had.
    """

    codes: NDArray[np.int32]
    entropy: NDArray[np.float32]
    probability: NDArray[np.float32]


class Voices:
    """A SampleRNN that plays some sequences at once, in the calling thread.

    With the same seed and temperatures, they are those of `Generator.generate`.

    Parameters
    ----------
    packed : tuple
        What `pack.pack` gives.
    config : Config
    count : int
        How many sequences.
    seed : int
        Of the random numbers.

    Attributes
    ----------
    block : int
        Samples that are computed at once.
    """

    def __init__(self, packed: Packed, config: Config, count: int, seed: int) -> None:
        self._packed, self._levels, self.block = packed, config.q_levels, config.big_frame_size
        self._frames = self.block // config.frame_size  # of the middle tier in a block
        self._codes = np.full(
            (count, 3 * self.block), self._levels // 2, np.int32
        )  # the last block, and two places
        self._place = 0  # where the next block comes
        self._states = [initial_state(tier, count) for tier in packed[:2]]
        self._random = np.random.SeedSequence(seed).generate_state(count, np.uint64)
        self._temperature = np.ones((count, 2 * self.block), np.float32)
        self._logits = np.zeros((count, 2 * self.block, self._levels), np.float32)
        self._counters = np.zeros(2 * COUNTERS_APART, np.uint8)

    def __len__(self) -> int:
        return len(self._codes)

    def play(
        self,
        temperature: NDArray[np.float32],
        heard: NDArray[np.int32] | None = None,
        top_k: int = 0,
        top_p: float = 1.0,
    ) -> Block:
        """Return the next block.

        Parameters
        ----------
        temperature : ndarray of float32, [block]
            Of each sample.
        heard : ndarray of int32, [block], optional
            What all sequences take in instead of drawing.
        top_k, top_p
            See `Generator.stream`.
        """
        begin, end = self._place * self.block, (self._place + 1) * self.block
        here = slice(self.block + begin, self.block + end)
        self._temperature[:, begin:end] = temperature
        if heard is not None:
            self._codes[:, here] = heard
        self._counters[:] = 0
        drawing = Drawing(self._temperature, top_k, float(top_p), self._random)
        _generate(
            *self._packed,
            *self._states,
            self._codes,
            begin,
            end,
            begin if heard is None else end,
            drawing,
            self._logits,
            self._counters.ctypes.data,
            1,
        )
        codes = self._codes[:, here].copy()
        if self._place:
            self._codes[:, : self.block] = codes
        self._place = 1 - self._place
        return Block(codes, *chances(self._logits[0, begin:end], temperature, codes[0]))

    def remember(self) -> Memory:
        """Return where the sequences stand."""
        here = slice(self._place * self.block, (self._place + 1) * self.block)
        outputs = (state.output[turn].copy() for state, turn in zip(self._states, self._turns()))
        cells = (state.cell.copy() for state in self._states)
        return Memory(tuple(outputs), tuple(cells), self._codes[:, here].copy(), self._random.copy())

    def go_on_from(self, memory: Memory, same_draws: bool = False) -> None:
        """Go on from where other sequences stood, or these once; where they were fewer, from the first ones again.

        Parameters
        ----------
        memory : Memory
        same_draws : bool
            Take the random numbers, too, as far as there are any: then the same comes again.
        """
        which = np.arange(len(self)) % len(memory.codes)
        for tier in range(2):
            self._set_tier(tier, memory, which)
        here = slice(self._place * self.block, (self._place + 1) * self.block)
        self._codes[:, here] = memory.codes[which]
        if same_draws:
            self._random[: len(memory.random)] = memory.random[: len(self)]

    def hold(self, memory: Memory) -> None:
        """Take back the slow memory, that of the top tier, to where it was; what is fast goes on."""
        self._set_tier(0, memory, np.arange(len(self)) % len(memory.codes))

    def _set_tier(self, tier: int, memory: Memory, which: NDArray[np.intp]) -> None:
        state = self._states[tier]
        state.output[self._turns()[tier]] = memory.outputs[tier][:, which]
        state.cell[:] = memory.cells[tier][:, which]

    def _turns(self) -> tuple[int, int]:
        """Which generation of each tier's outputs is the one that the next block goes on from."""
        return self._place, self._place * self._frames % 2


def chances(
    logits: NDArray[np.float32], temperature: NDArray[np.float32], codes: NDArray[np.int32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the entropy in bits of each choice, and the probability of what was chosen, both [n].

    Parameters
    ----------
    logits : ndarray, [n, levels]
    temperature : ndarray, [n]
    codes : ndarray of int, [n]
    """
    scaled = (logits - logits.max(1, keepdims=True)) / np.maximum(temperature, np.float32(COLDEST))[:, None]
    weights = np.exp(scaled)
    total = weights.sum(1)
    entropy = (np.log(total) - (weights * scaled).sum(1) / total) / np.float32(np.log(2))
    return entropy, weights[np.arange(len(codes)), codes] / total
