"""The calls of one worker, from the request to the answer; used by Pd's thread and by the worker's thread."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from modelfiles.errors import UserError

OnResult = Callable[[dict, list], None]
OnProgress = Callable[[float, str], None]
OnPartial = Callable[[dict, list, Callable[[], None]], None]
OnError = Callable[[UserError], None]


class Replace(Exception):
    """The process does not stop, or has loaded what nobody wants any more: another one must take its place."""


@dataclass(eq=False)
class Call:
    """A request for one call of the worker.

    Attributes
    ----------
    id : int
        Its number on the wire.
    name : str
        The method of the worker.
    arguments : mapping
        Plain values.
    arrays : sequence of numpy.ndarray
        What goes with them.
    files : mapping
        Names of arguments, and paths of what is to be opened for them.
    reads, writes : mapping
        Names of arguments, and paths of files that the worker gets copies of, or writes to.
    shows : mapping
        Names of arguments, and paths of models that the worker is to see, until others are loaded.
    on_result, on_progress, on_partial, on_error : callable, optional
        See `pdworker.host.worker.Worker.call`.
    urgent : bool
        It is sent while another call runs.
    """

    id: int
    name: str
    arguments: Mapping[str, Any]
    arrays: Sequence[np.ndarray] = ()
    on_result: OnResult | None = None
    on_progress: OnProgress | None = None
    on_partial: OnPartial | None = None
    on_error: OnError | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    urgent: bool = False
    reads: Mapping[str, str] = field(default_factory=dict)
    writes: Mapping[str, str] = field(default_factory=dict)
    shows: Mapping[str, str] = field(default_factory=dict)

    cancelled: bool = False
    answered: bool = False  # the answer is on its way to Pd's thread
    progress: tuple[float, str] | None = None  # the latest, on its way to Pd's thread
    loaded_before: Call | None = None  # for a "load" on its way: what it took the place of


# For a copy of a call whose answer nobody waits for.
_NOBODY: dict[str, Any] = {
    **dict.fromkeys(("on_result", "on_progress", "on_partial", "on_error", "progress", "loaded_before")),
    "answered": False,
}


class CallQueue:
    """The calls that wait, those that somebody still waits for, and the last successful `load`.

    Its methods may be called on any thread and return at once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._waiting: deque[Call] = deque()
        self._open: set[Call] = set()
        self._loaded: Call | None = None
        self._must_replace = False

    @property
    def busy(self) -> bool:
        """Whether somebody waits for an answer."""
        return bool(self._open)

    def add(
        self, name: str, arguments: Mapping[str, Any], arrays: Sequence[np.ndarray], **options: Any
    ) -> Call:
        """Add a call at the end."""
        with self._lock:
            call = Call(next(self._ids), name, arguments, arrays, **options)
            self._open.add(call)
            self._waiting.append(call)
            return call

    def next(self) -> Call | None:
        """Return the call that is to run now. Raises Replace when what is loaded was cancelled."""
        with self._lock:
            if self._must_replace:
                raise Replace
            return self._waiting.popleft() if self._waiting else None

    def next_urgent(self, running: Call) -> Call | None:
        """Return an urgent call to send beside one that runs; none once that is cancelled: a new process may follow."""
        with self._lock:
            call = None if running.cancelled else next((call for call in self._waiting if call.urgent), None)
            if call is not None:
                self._waiting.remove(call)
            return call

    def load_again(self) -> Call | None:
        """Return the last successful `load` as a new call that nobody waits for, for a replaced process."""
        with self._lock:
            self._must_replace = False
            loaded = self._loaded
            return loaded and replace(loaded, id=next(self._ids), **_NOBODY)

    def accept(self, call: Call) -> bool:
        """Note that a call has succeeded; False for a `load` that was cancelled: the worker should not have it."""
        with self._lock:
            if call.name != "load":
                return True
            if not call.cancelled:
                call.loaded_before, self._loaded = self._loaded, call
                call.answered = True
            return not call.cancelled

    def close(self, call: Call) -> None:
        """Note that the answer to a call is being delivered."""
        with self._lock:
            self._open.discard(call)
            call.loaded_before = None

    def cancel(self) -> None:
        """Give up all calls: nothing is to be delivered of them any more."""
        with self._lock:
            for call in self._open:
                call.cancelled = True
                if call is self._loaded:  # the worker has loaded it, but that is never delivered
                    self._loaded = call.loaded_before
                    self._must_replace = True
            self._open.clear()
            self._waiting.clear()

    def fail(self) -> list[Call]:
        """Forget the process, which has ended; return the calls that it leaves without an answer, oldest first."""
        with self._lock:
            self._waiting.clear()
            self._loaded = None
            self._must_replace = False
            return sorted((call for call in self._open if not call.answered), key=lambda call: call.id)
