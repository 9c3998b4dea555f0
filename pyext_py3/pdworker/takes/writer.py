"""Writes takes one after the other, and those that could not be written again later; in Pd, off its thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from modelfiles.errors import UserError

from pdworker.takes.place import place
from pdworker.takes.store import Store, Take

MAX_WAITING_BYTES = 256 << 20  # of takes that could not be written


@dataclass(eq=False)
class NewTake:
    """A take on its way to the disk.

    Attributes
    ----------
    about, facts, files
        See `Store.add`.
    take : Take or None
        What it has become, once it is written.
    """

    about: str
    facts: dict[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict)
    take: Take | None = None

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(map(len, self.files.values()))


class Writer:
    """Writes takes where `place()` says at that moment. All methods are called by one thread."""

    def __init__(self) -> None:
        self._waiting: deque[NewTake] = deque()
        self._store: Store | None = None
        self._trouble = ""

    def store(self) -> Store:
        """Return the store of the folder that is set. Raises UserError when that cannot be."""
        where = place()
        if self._store is None or self._store.place != where:
            self._store = Store(where)
        return self._store

    def write(self, new: NewTake) -> NewTake:
        """Write a take, behind those that could not be written before.

        Returns
        -------
        NewTake
            The same one; without `take` where the trouble is the one that was raised last.

        Raises
        ------
        UserError
            It could not be written. It is remembered for the next time, while there is room.
        """
        self._waiting.append(new)
        while sum(one.size for one in self._waiting) > MAX_WAITING_BYTES and len(self._waiting) > 1:
            self._waiting.popleft()
        try:
            self._write_waiting()
        except UserError as error:
            if error.message == self._trouble:
                return new
            self._trouble = error.message
            what = f"the sound is not kept yet: {error.message}"
            raise UserError(error.kind, what, error.hint) from None
        self._trouble = ""
        return new

    def mark(self, new: NewTake, name: str) -> NewTake:
        """Mark a take, so that it is not removed, and name it. Raises UserError."""
        marks = {"kept": True, "name": name or new.facts.get("name", "")}
        new.facts.update(marks)
        if new.take is None:
            self._write_waiting()
        elif new.take is not None:
            new.take = self.store().change(new.take, **marks)
        return new

    def _write_waiting(self) -> None:
        while self._waiting:
            new = self._waiting[0]
            new.take = self.store().add(new.about, new.facts, new.files)
            new.files = {}
            self._waiting.popleft()
