"""Long sounds into and out of Pd arrays, piece by piece, so that Pd's sound never waits for them; Pd's thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyext
from modelfiles.errors import UserError

PIECE = 65536  # samples at once


@dataclass
class _Copy:
    """A sound on its way: copy_piece(start, end) moves some samples of `size`, then done() is called."""

    copy_piece: Callable[[int, int], None]
    size: int
    done: Callable[[], Any]
    position: int = 0


class Copier:
    """Copies one sound after the other, between Pd's other work."""

    def __init__(self) -> None:
        self._waiting: deque[_Copy] = deque()

    def read(self, array: str, done: Callable[[np.ndarray], Any]) -> None:
        """Read an array.

        Parameters
        ----------
        array : str
            Its name.
        done : callable
            done(samples): float32 [samples], when all are there.

        Raises
        ------
        UserError
            When there is no such array.
        """
        buffer = existing(array)
        samples = np.zeros(len(buffer), np.float32)

        def copy_piece(start: int, end: int) -> None:
            piece = buffer[start:end]
            if piece is not None:
                samples[start : start + len(piece)] = piece

        self._add(_Copy(copy_piece, len(samples), lambda: done(samples)))

    def write(
        self,
        array: str,
        samples: np.ndarray,
        done: Callable[[], Any] | None = None,
        start: int | None = None,
    ) -> None:
        """Write to an array.

        Parameters
        ----------
        array : str
            Its name.
        samples : numpy.ndarray
            [samples], not to be changed meanwhile.
        done : callable, optional
            done(), when all are there.
        start : int, optional
            Where to put the first sample; what does not fit is left out. Without it, the array takes the length of
            the samples.

        Raises
        ------
        UserError
            When there is no such array.
        """
        buffer = existing(array)
        if start is None and len(buffer) != len(samples):
            buffer.resize(len(samples))
        offset = start or 0

        def copy_piece(begin: int, end: int) -> None:
            end = min(end, len(buffer) - offset)
            if begin < end:
                buffer[offset + begin : offset + end] = samples[begin:end]

        def finish() -> None:
            buffer.dirty()
            if done is not None:
                done()

        self._add(_Copy(copy_piece, len(samples), finish))

    def _add(self, copy: _Copy) -> None:
        self._waiting.append(copy)
        if len(self._waiting) == 1:
            pyext.call_soon(self._move_piece)

    def _move_piece(self) -> None:
        copy = self._waiting[0]
        start, copy.position = copy.position, min(copy.position + PIECE, copy.size)
        has_ended = True
        try:
            copy.copy_piece(start, copy.position)
            has_ended = copy.position == copy.size
            if has_ended:
                copy.done()
        finally:
            if has_ended:
                self._waiting.popleft()
            if self._waiting:
                pyext.call_soon(self._move_piece)


def draw(array: str, curve: np.ndarray) -> None:
    """Put a small curve, float [points], into an array of just that length, where there is one."""
    buffer = pyext.Buffer(array)
    if len(buffer) == len(curve):
        buffer[:] = curve
        buffer.dirty()


def existing(array: str) -> Any:
    """Return the pyext.Buffer of an array that is there. Raises UserError when there is none."""
    buffer = pyext.Buffer(array)
    if not len(buffer):
        raise UserError("input", f"there is no array {array}")
    return buffer
