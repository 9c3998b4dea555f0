"""Hands what a worker sends to Pd's thread; its methods are called on the worker's thread unless noted otherwise."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from modelfiles.errors import UserError

from pdworker.host.calls import Call, CallQueue, OnError
from pdworker.protocol import Frame

MAX_WAITING_BYTES = 16 << 20  # of partial results, events and results
FRAME_OVERHEAD_BYTES = 1024  # what a waiting frame takes at least

_LOG_LINES_WAITING = 50

Post = Callable[..., None]
OnReady = Callable[[dict], None]
OnReplaced = Callable[[], None]
OnLog = Callable[[str], None]
OnEvent = Callable[[str, dict, list], None]


@dataclass
class Listeners:
    """What to call on Pd's thread; see `pdworker.host.worker.Worker.start`."""

    on_ready: OnReady | None = None
    on_gone: OnError | None = None
    on_replaced: OnReplaced | None = None
    on_log: OnLog | None = None
    on_event: OnEvent | None = None


class Delivery:
    """What a worker sends, on its way to Pd's thread, in its order; nothing arrives after `close`.

    Parameters
    ----------
    post : callable
        `post(function, *args)` runs a function on Pd's thread soon.
    queue : CallQueue
        Where calls are closed when their answers arrive.
    wake : callable
        Called without arguments when Pd has taken so much that the worker may be read again. Any thread.
    """

    def __init__(self, post: Post, queue: CallQueue, wake: Callable[[], None]) -> None:
        self.listeners = Listeners()
        self.closed = False
        self._post, self._queue, self._wake = post, queue, wake
        self._lock = threading.Lock()
        self._waiting_bytes = 0
        self._log_lines: deque[str] = deque(maxlen=_LOG_LINES_WAITING)

    def close(self) -> None:
        """Deliver nothing more. Any thread."""
        self.closed = True

    @property
    def full(self) -> bool:
        """Whether so much waits for Pd's thread that the worker should not be read. Any thread."""
        return self._waiting_bytes >= MAX_WAITING_BYTES

    @property
    def waiting_bytes(self) -> int:
        """What waits for Pd's thread. Any thread."""
        return self._waiting_bytes

    @property
    def waiting_log_lines(self) -> int:
        """Log lines that wait for Pd's thread, the latest ones. Any thread."""
        return len(self._log_lines)

    def ready(self, hello: dict) -> None:
        """The worker's modules are imported and it takes calls."""
        self._post(self._deliver_ready, hello)

    def replaced(self) -> None:
        """Another process has taken the place of one that did not stop, and has loaded what that one had."""
        self._post(self._deliver_replaced)

    def gone(self, error: UserError) -> None:
        """The process has ended, though nobody asked it to."""
        self._post(self._deliver_gone, error)

    def log(self, line: str) -> None:
        """A line for the console; of many, the latest are delivered."""
        with self._lock:
            is_first = not self._log_lines
            self._log_lines.append(line)
        if is_first:
            self._post(self._deliver_log)

    def event(self, frame: Frame) -> None:
        """Something that nobody asked for."""
        self._post(self._deliver_event, frame, self._hold(frame))

    def result(self, call: Call, frame: Frame) -> None:
        """The answer to a call."""
        call.answered = True
        self._post(self._deliver_result, call, frame, self._hold(frame))

    def error(self, call: Call, error: UserError) -> None:
        """The other answer to a call."""
        call.answered = True
        self._post(self._deliver_error, call, error)

    def progress(self, call: Call, frame: Frame) -> None:
        """How far a call is, and perhaps a partial result."""
        if call.on_partial is not None and (frame.arrays or frame.header.get("values")):
            self._post(self._deliver_partial, call, frame, self._hold(frame))
        if call.on_progress is not None:
            fraction = min(max(float(frame.header["fraction"]), 0.0), 1.0)
            with self._lock:
                is_first = call.progress is None
                call.progress = fraction, frame.header["text"]
            if is_first:  # else the one on its way takes the newer values along
                self._post(self._deliver_progress, call)

    def _hold(self, frame: Frame) -> Callable[[], None]:
        """Count a frame as waiting; return a function that counts it as worked off, once. Any thread may call it."""
        held = frame.size + FRAME_OVERHEAD_BYTES
        with self._lock:
            self._waiting_bytes += held

        def release() -> None:
            nonlocal held
            with self._lock:
                was_full = self.full
                self._waiting_bytes -= held
                held = 0
                may_read = was_full and not self.full
            if may_read:
                self._wake()

        return release

    # These run on Pd's thread.

    def _deliver_ready(self, hello: dict) -> None:
        if not self.closed and self.listeners.on_ready is not None:
            self.listeners.on_ready(hello)

    def _deliver_replaced(self) -> None:
        if not self.closed and self.listeners.on_replaced is not None:
            self.listeners.on_replaced()

    def _deliver_gone(self, error: UserError) -> None:
        if not self.closed and self.listeners.on_gone is not None:
            self.listeners.on_gone(error)

    def _deliver_log(self) -> None:
        with self._lock:
            lines = list(self._log_lines)
            self._log_lines.clear()
        for line in lines:
            if not self.closed and self.listeners.on_log is not None:
                self.listeners.on_log(line)

    def _deliver_event(self, frame: Frame, release: Callable[[], None]) -> None:
        try:
            if not self.closed and self.listeners.on_event is not None:
                self.listeners.on_event(frame.header["name"], frame.header["values"], frame.arrays)
        finally:
            release()

    def _deliver_result(self, call: Call, frame: Frame, release: Callable[[], None]) -> None:
        try:
            self._queue.close(call)
            if call.on_result is not None and not call.cancelled:
                call.on_result(frame.header["values"], frame.arrays)
        finally:
            release()

    def _deliver_error(self, call: Call, error: UserError) -> None:
        self._queue.close(call)
        if call.on_error is not None and not call.cancelled:
            call.on_error(error)

    def _deliver_partial(self, call: Call, frame: Frame, release: Callable[[], None]) -> None:
        if call.on_partial is None or call.cancelled:
            release()
        else:
            call.on_partial(frame.header.get("values", {}), frame.arrays, release)

    def _deliver_progress(self, call: Call) -> None:
        with self._lock:
            values, call.progress = call.progress, None
        if call.on_progress is not None and values is not None and not call.cancelled:
            call.on_progress(*values)
