"""Python objects that travel through Pd by reference (`@py 1`). Any thread."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Sequence
from typing import Any

from _pyext.symbol import Symbol


class References:
    """Objects by number; Pd carries the number, and the object is kept for `LIFETIME` seconds at least."""

    SELECTOR = Symbol(" py ")
    LIFETIME = 10.0

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._objects: dict[int, tuple[float, object]] = {}  # (end of life, object) by number

    def message(self, value: object) -> tuple[Symbol, list[int]]:
        """Return the message (selector and four 16-bit integers) that stands for `value`."""
        self._drop_expired()
        number = next(self._numbers)
        self._objects[number] = (time.monotonic() + self.LIFETIME, value)
        return self.SELECTOR, [number >> shift & 0xFFFF for shift in (48, 32, 16, 0)]

    def resolve(self, parts: Iterable[Any]) -> object:
        """Return the object for four integers, None once it has expired."""
        number = 0
        for part in parts:
            number = number << 16 | int(part)
        return self._objects.get(number, (0, None))[1]

    def is_reference(self, selector: str, values: Sequence[object]) -> bool:
        """Return whether a message stands for an object."""
        return selector == self.SELECTOR and len(values) == 4

    def _drop_expired(self) -> None:
        now = time.monotonic()
        for number in [number for number, (end, _) in self._objects.items() if end < now]:
            del self._objects[number]


references = References()
