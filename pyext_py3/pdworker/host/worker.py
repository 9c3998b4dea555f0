"""Pd's side: one worker process, its calls, and their answers.

`Worker` may be used from any thread and never makes it wait. A thread of its own lives as long as the process
and talks to it (`session.Session`). Everything that it has to tell goes through `post`.
"""

import _thread
import contextlib
import itertools
import os
import threading
import traceback
from collections import deque

from pdworker.host.session import Call, Replace, Session
from pdworker.protocol import WorkerError

__all__ = ["Worker", "WorkerError", "WorkerGone"]

_LOG_LINES_WAITING = 50


class WorkerGone(WorkerError):
    """The worker cannot be started, or ended during the call; `on_gone` tells of it too."""


class Worker:
    """A module of calls, run in its own process and environment.

    module       what `python -m pdworker` runs, e.g. "ai_duet.worker"
    environment  whose interpreter it needs, e.g. "torch"
    paths        folders that it imports from; the first is also its working folder
    post         post(function, *args) runs a function on Pd's thread soon, e.g. pyext.call_soon
    name         what messages and logs call it; the module's name if not given
    niceness     how much the process gives way to others, 0 (not at all) to 19
    sandbox      where the system can do that, it has no network and cannot change files; else a log line says so

    All callbacks arrive through `post`. Every call gets one answer, a result or an error, unless it is
    cancelled or the worker is stopped: then nothing more is heard of it.
    """

    def __init__(self, module, environment, paths=(), post=None, name=None, niceness=10, sandbox=False):
        self.name = name or module
        self.environment = environment
        self._module, self._paths = module, list(paths)
        self._post = post
        self._niceness, self._sandbox = niceness, sandbox
        self._lock = threading.Lock()  # for everything below; never held for long
        self._python = None
        self._on_ready = self._on_gone = self._on_log = None
        self._generation = 0  # counts the stops
        self._wanted = False  # there should be a process
        self._has_thread = False
        self._wake_pipe = None
        self._hello = None  # the worker's, once it is ready
        self._ids = itertools.count(1)
        self._queue = deque()  # calls that wait
        self._open = set()  # all calls that somebody waits for
        self._loaded = None  # the last successful call of "load"
        self._must_replace = False
        self._log_lines = deque(maxlen=_LOG_LINES_WAITING)

    @property
    def state(self):
        """One of "off", "starting", "ready", "busy"."""
        with self._lock:
            if not self._wanted:
                return "off"
            if self._hello is None:
                return "starting"
            return "busy" if self._open else "ready"

    def start(self, python=None, on_ready=None, on_gone=None, on_log=None):
        """Start the process if there is none; with another interpreter than before, start anew.

        on_ready(hello)  the worker's modules are imported and it takes calls
        on_gone(error)   it could not be started or has ended, though nobody asked it to: a WorkerGone
        on_log(line)     a line for the console
        """
        if python != self._python:
            self.stop()
        with self._lock:
            self._python = python
            self._on_ready, self._on_gone, self._on_log = on_ready, on_gone, on_log
            hello, generation = self._hello, self._generation
            self._want()
        if hello is not None:
            self._tell(generation, on_ready, hello)

    def call(self, name, arguments=None, arrays=(), on_result=None, on_progress=None, on_error=None):
        """Queue a call, and start the process if there is none.

        `arguments` is a dict of plain values, `arrays` numpy arrays; do not change them before the answer.
        on_result(values, arrays), on_progress(fraction, text), on_error(WorkerError).
        """
        with self._lock:
            call = Call(next(self._ids), name, arguments or {}, arrays, on_result, on_progress, on_error)
            self._open.add(call)
            self._queue.append(call)
            self._want()

    def cancel(self):
        """Give up all calls, the running one and those that wait. None of their answers arrives.

        A worker that does not stop within a second is replaced, and loads again what it had loaded.
        """
        with self._lock:
            self._give_up_calls()
            self._wake()

    def stop(self):
        """Give up all calls and end the process."""
        with self._lock:
            self._give_up_calls()
            self._generation += 1
            self._wanted = False
            self._hello = self._loaded = None
            self._must_replace = False
            self._wake()

    # The lock is held by those who call these.

    def _want(self):
        self._wanted = True
        if self._has_thread:
            self._wake()
        else:
            self._has_thread = True
            _thread.start_new_thread(self._main, ())  # threading's start() would wait for the new thread

    def _wake(self):
        if self._wake_pipe is not None:
            with contextlib.suppress(BlockingIOError):  # it is full of wake-up calls
                os.write(self._wake_pipe, b"!")

    def _give_up_calls(self):
        for call in self._open:
            call.cancelled = True
            if call is self._loaded:  # the worker has loaded it, but nobody will hear of that
                self._loaded = call.loaded_before
                self._must_replace = True
        self._open.clear()
        self._queue.clear()

    # These run on the worker's thread.

    def _main(self):
        """Live through one process after the other, until none is wanted."""
        replaced = None  # the generation whose process had to be replaced
        while True:
            with self._lock:
                if not self._wanted:
                    self._has_thread = False
                    return
                generation = self._generation
            try:
                Session(self, generation, replacement=replaced == generation).live()
            except Replace:
                replaced = generation
                with self._lock:
                    if generation == self._generation:
                        self._hello = None
            except WorkerError as error:
                self._mourn(generation, error)
            except Exception as error:
                traceback.print_exc()
                self._mourn(generation, WorkerError("internal", f"{self.name}: {error!r}"))

    def _next_call(self):
        """Return the call that is to run now, or None."""
        with self._lock:
            if self._must_replace:
                self._must_replace = False
                raise Replace
            return self._queue.popleft() if self._hello is not None and self._queue else None

    def _set_wake_pipe(self, end):
        with self._lock:
            self._wake_pipe = end

    def _become_ready(self, generation, hello, silently):
        with self._lock:
            if generation != self._generation:
                return
            self._hello = hello
        if not silently:
            self._tell(generation, self._on_ready, hello)

    def _mourn(self, generation, error):
        """Tell everybody that the process has gone, unless stop() was called meanwhile."""
        gone = WorkerGone(error.kind, error.message, error.hint, error.log)
        with self._lock:
            if generation != self._generation:
                return
            calls = sorted((call for call in self._open if not call.answered), key=lambda call: call.id)
            self._queue.clear()
            self._wanted = self._must_replace = False
            self._hello = self._loaded = None
        for call in calls:
            self._answer(call, call.on_error, gone)
        self._tell(generation, self._on_gone, gone)

    def _tell(self, generation, callback, *values):
        if callback is not None:
            self._post(self._deliver_news, generation, callback, *values)

    def _accept(self, call):
        """Note what is loaded now; return False if it was cancelled and the worker should not have it."""
        with self._lock:
            if call.name != "load":
                return True
            if not call.cancelled:
                call.loaded_before, self._loaded = self._loaded, call
                call.answered = True
            return not call.cancelled

    def _answer(self, call, callback, *values):
        call.answered = True
        self._post(self._deliver_answer, call, callback, *values)

    def _report_progress(self, call, fraction, text):
        if call.on_progress is None:
            return
        is_first = call.progress is None
        call.progress = min(max(float(fraction), 0.0), 1.0), text
        if is_first:  # else the one on its way takes the newer values along
            self._post(self._deliver_progress, call)

    def _log(self, line):
        is_first = not self._log_lines
        self._log_lines.append(line)
        if is_first:
            self._post(self._deliver_log)

    # These run on Pd's thread.

    def _deliver_news(self, generation, callback, *values):
        if generation == self._generation:
            callback(*values)

    def _deliver_answer(self, call, callback, *values):
        with self._lock:
            self._open.discard(call)
            call.loaded_before = None
        if callback is not None and not call.cancelled:
            callback(*values)

    def _deliver_progress(self, call):
        values, call.progress = call.progress, None
        if not call.cancelled:
            call.on_progress(*values)

    def _deliver_log(self):
        with contextlib.suppress(IndexError):
            while True:
                line = self._log_lines.popleft()
                if self._on_log is not None:
                    self._on_log(line)
