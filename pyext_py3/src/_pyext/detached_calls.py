"""The calls that `detach` moves off Pd's thread: one worker thread for each object, or one for each call."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any

import _pyext
from _pyext.clock import Clock
from _pyext.console import error, report
from _pyext.scheduling import logical_time

Call = tuple[Callable[..., object], Sequence[object]]

# How often `stop` checks whether the calls have ended.
STOP_POLL_MS = 1.0


class DetachedCalls:
    """The detached calls of one object. Its methods are called on Pd's thread."""

    def __init__(self, box: _pyext.Box) -> None:
        self.stopping = False
        self._box = box
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[Call | None] | None = None
        self._running = 0
        self._cancelled = False

    def start(self, detach: int, function: Callable[..., object], arguments: Sequence[object]) -> None:
        """Start a call: in the object's own thread, in order (1), or in a new thread (2)."""
        if detach == 1:
            self._enqueue(function, arguments)
        elif detach == 2:
            if not self.stopping:
                self._count(1)
                self._start_thread(self._run, function, arguments)
        else:
            error(self._box, f"detach {detach} is not 0, 1 or 2: the message is dropped")

    def stop(self, ms: float = 100) -> None:
        """Ask the running calls to end, through `_shouldexit`, for `ms` milliseconds."""
        if not self._running or self.stopping:
            return
        self.stopping = True
        end = logical_time() + max(float(ms), 1.0)
        clock = Clock(lambda: self._check_stopped(clock, end))
        clock.delay(STOP_POLL_MS)

    def cancel(self) -> None:
        """Drop the calls that wait; the running ones see `_shouldexit`, as the object is deleted."""
        self._cancelled = True
        if self._queue is not None:
            self._queue.put(None)

    def _check_stopped(self, clock: Clock, end: float) -> None:
        if self._running and logical_time() < end:
            clock.delay(STOP_POLL_MS)
            return
        self.stopping = False
        if self._running and not self._cancelled:
            error(self._box, f"stop: {self._running} call(s) did not end in time and go on")

    def _enqueue(self, function: Callable[..., object], arguments: Sequence[object]) -> None:
        if self._queue is None:
            self._queue = queue.SimpleQueue()
            self._start_thread(self._run_queue, self._queue)
        self._queue.put((function, arguments))

    def _run_queue(self, calls: queue.SimpleQueue[Call | None]) -> None:
        while (call := calls.get()) is not None and not self._cancelled:
            self._count(1)
            self._run(*call)

    def _run(self, function: Callable[..., object], arguments: Sequence[object]) -> None:
        try:
            function(*arguments)
        except BaseException as exception:
            if not self._cancelled:
                report(self._box, getattr(function, "__name__", str(function)), exception)
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        with self._lock:
            self._running += change

    @staticmethod
    def _start_thread(target: Callable[..., object], *arguments: Any) -> None:
        threading.Thread(target=target, args=arguments, daemon=True, name="pyext detached").start()
