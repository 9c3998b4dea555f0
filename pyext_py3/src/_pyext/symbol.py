"""Names in Pd, and Python objects that travel through Pd by reference."""

import itertools
import time


class Symbol(str):
    """A word from Pd: a str that `isinstance(x, pyext.Symbol)` tells from text made in Python."""

    __slots__ = ()

    def __new__(cls, text=""):
        if not isinstance(text, str):
            raise TypeError(f"Symbol takes text, not {type(text).__name__}")
        return super().__new__(cls, text)

    def __repr__(self):
        return f"<Symbol {self!s}>"

    def __str__(self):
        return str.__str__(self)


def name_bytes(name):
    """The bytes of a receive or array name; ValueError when it is no text."""
    if not isinstance(name, str):
        raise ValueError(f"a name must be a str or Symbol, not {type(name).__name__}")
    return name.encode("utf-8", "surrogateescape")


class References:
    """Objects sent with `@py 1`: Pd carries a number, the object waits here for `LIFETIME` seconds at least."""

    SELECTOR = Symbol(" py ")
    LIFETIME = 10.0

    def __init__(self):
        self._numbers = itertools.count(1)
        self._objects = {}

    def message(self, value):
        """The message (selector and four 16-bit integers) that stands for `value`."""
        self._drop_expired()
        number = next(self._numbers)
        self._objects[number] = (time.monotonic() + self.LIFETIME, value)
        return self.SELECTOR, [number >> shift & 0xFFFF for shift in (48, 32, 16, 0)]

    def resolve(self, parts):
        """The object for four integers; None once it has expired."""
        number = 0
        for part in parts:
            number = number << 16 | int(part)
        return self._objects.get(number, (0, None))[1]

    def is_reference(self, selector, values):
        """Whether a message stands for an object."""
        return selector == self.SELECTOR and len(values) == 4

    def _drop_expired(self):
        now = time.monotonic()
        for number in [number for number, (end, _) in self._objects.items() if end < now]:
            del self._objects[number]


references = References()
