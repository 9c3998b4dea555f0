"""What a worker may do with files; made in Pd, kept to in the worker process."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Rights:
    """What is left to a worker. Network, signals to others and tracing never are.

    Attributes
    ----------
    readable : tuple of str, optional
        Folders and files that it may read, besides the system's, its environment's and its own modules; everything if
        None, and then its memory is not limited either.
    writable : tuple of str, optional
        Folders that it may change; everything if None.
    cache : str
        A folder of its own that stays; "" for none.
    scratch : str
        A folder of its own that goes with the process.
    program : bool
        Whether it runs what came with a model: then bubblewrap confines it, too, not only where there is no Landlock,
        and where nothing can confine it, it does not start.
    trusted : bool
        Whether such a program may run where nothing can confine it.
    """

    readable: tuple[str, ...] | None = None
    writable: tuple[str, ...] | None = None
    cache: str = ""
    scratch: str = ""
    program: bool = False
    trusted: bool = False

    @property
    def changes(self) -> bool:
        """Whether there is anything to change that will stay, besides a cache."""
        return self.writable is None or bool(self.writable)

    @property
    def is_bounded(self) -> bool:
        """Whether there are files that it may not read."""
        return self.readable is not None

    def covers(self, other: Rights) -> bool:
        """Return whether a worker with these rights does for what needs the others."""
        return replace(self, trusted=other.trusted) == other and self.trusted >= other.trusted

    def to_text(self) -> str:
        """Return them as one argument of a command line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Rights:
        """Return what `to_text` gave."""
        given: dict[str, Any] = json.loads(text)
        for name in ("readable", "writable"):
            given[name] = None if given[name] is None else tuple(given[name])
        return cls(**given)


UNLIMITED = Rights()
