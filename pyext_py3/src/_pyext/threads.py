"""Threads and time: calls on Pd's thread, Pd's clock, and the calls that `detach` moves off it."""

import queue
import threading

import _pyext
from _pyext.console import error, report


def call_soon(function, *arguments):
    """Calls `function` on Pd's thread as soon as Pd comes round. Any thread; returns at once."""
    _pyext.call_later(function, *arguments)


def call_and_wait(function, *arguments, timeout=10):
    """Calls `function` on Pd's thread and returns its result, or raises what it raised.

    On Pd's thread it is an ordinary call. TimeoutError when Pd does not come round within `timeout` seconds;
    the call is then never made.
    """
    if _pyext.on_pd_thread():
        return function(*arguments)
    outcome = {}

    def call():
        try:
            outcome["result"] = function(*arguments)
        except BaseException as exception:
            outcome["exception"] = exception

    if not _pyext.call_and_wait(call, timeout):
        raise TimeoutError(f"Pd did not come round within {timeout} seconds")
    if "exception" in outcome:
        raise outcome["exception"]
    return outcome["result"]


def logical_time():
    """Pd's logical time in milliseconds since Pd started. Pd's thread."""
    return _pyext.logical_time()


class Clock:
    """Calls `function()` on Pd's thread, at a moment of Pd's logical time.

    A clock whose function is a method of a pyext object falls silent when the object goes.
    """

    def __init__(self, function):
        self._function = function
        self._timer = _pyext.Timer()

    def delay(self, ms):
        """Rings once, `ms` milliseconds of logical time from now; a clock that is already set is set anew."""
        self._timer.delay(float(ms), self._ring)

    def unset(self):
        """Stops it from ringing."""
        self._timer.unset()

    def _ring(self):
        owner = getattr(self._function, "__self__", None)
        box = None
        if hasattr(type(owner), "_canvas_dir"):
            box = vars(owner).get("_this")
            if box is None or not box.alive:
                return
        try:
            self._function()
        except BaseException as exception:
            report(box, "clock", exception)


class Calls:
    """The detached calls of one object."""

    def __init__(self, box):
        self._box = box
        self._lock = threading.Lock()
        self._queue = None
        self._running = 0
        self._gone = False
        self._stop_clock = None
        self.stopping = False

    def start(self, detach, function, arguments):
        """Takes a call, by mode: 1 in the object's own thread, in order; 2 in a new thread."""
        if detach == 1:
            self._enqueue(function, arguments)
        elif detach == 2:
            if not self.stopping:
                self._count(1)
                self._thread(self._run, function, arguments)
        else:
            error(self._box, f"detach {detach} is not 0, 1 or 2: the message is dropped")

    def stop(self, ms=100):
        """Asks the running calls to end, and looks every millisecond whether they have."""
        if not self._running or self.stopping:
            return
        self.stopping = True
        end = logical_time() + max(float(ms), 1.0)
        self._stop_clock = Clock(lambda: self._look(end))
        self._stop_clock.delay(1)

    def abandon(self):
        """The object goes: waiting calls are dropped, the running ones see `_shouldexit`."""
        self._gone = True
        if self._queue is not None:
            self._queue.put(None)

    def _look(self, end):
        if self._running and logical_time() < end:
            self._stop_clock.delay(1)
            return
        self.stopping = False
        if self._running and not self._gone:
            error(self._box, f"stop: {self._running} call(s) did not end in time and go on")

    def _enqueue(self, function, arguments):
        if self._queue is None:
            self._queue = queue.SimpleQueue()
            self._thread(self._serve)
        self._queue.put((function, arguments))

    def _serve(self):
        while (call := self._queue.get()) is not None and not self._gone:
            self._count(1)
            self._run(*call)

    def _run(self, function, arguments):
        try:
            function(*arguments)
        except BaseException as exception:
            if not self._gone:
                report(self._box, getattr(function, "__name__", str(function)), exception)
        finally:
            self._count(-1)

    def _count(self, change):
        with self._lock:
            self._running += change

    def _thread(self, target, *arguments):
        threading.Thread(target=target, args=arguments, daemon=True, name="pyext detached").start()
