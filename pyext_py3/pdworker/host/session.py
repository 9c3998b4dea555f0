"""The life of one worker process, as `client.Worker` sees it: calls out, answers in, deadlines kept."""

import contextlib
import math
import os
import select
import time
from reprlib import repr as short

from pdworker.environments import EnvironmentMissing, find_python
from pdworker.host.process import PATIENCE, WorkerProcess
from pdworker.host.sandbox import NoSandbox
from pdworker.protocol import (
    VERSION,
    FrameError,
    FrameReader,
    FrameWriter,
    StreamClosed,
    TruncatedFrame,
    WorkerError,
)

STARTUP_DEADLINE = 120.0  # seconds until hello: a cold disk takes its time over a big library
CANCEL_DEADLINE = 1.0  # seconds until a cancelled call must have stopped

_TICK = 0.5  # seconds between two looks whether a silent process is still there


class Replace(Exception):
    """The process does not stop: another one must take its place."""


class Call:
    """A call from the asking to the answer."""

    def __init__(self, call_id, name, arguments, arrays, on_result=None, on_progress=None, on_error=None):
        self.id, self.name, self.arguments, self.arrays = call_id, name, arguments, arrays
        self.on_result, self.on_progress, self.on_error = on_result, on_progress, on_error
        self.cancelled = False
        self.answered = False  # the answer is on its way to Pd's thread
        self.progress = None  # the latest, on its way to Pd's thread
        self.loaded_before = None  # for a "load" on its way: what it took the place of

    def again(self, call_id):
        """Return the same call, with nobody waiting for it."""
        return Call(call_id, self.name, self.arguments, self.arrays)


class Session:
    """The life of one process, on its worker's thread."""

    def __init__(self, worker, generation, replacement):
        self._worker, self._generation, self._replacement = worker, generation, replacement
        self._process = self._reader = self._writer = self._wake = None
        self._greeted = False
        self._hello = None
        self._call = None  # the one that the process has
        self._reload = None  # the call that repeats the last load in a replacement
        self._cancelling = False
        self._deadline = time.monotonic() + STARTUP_DEADLINE

    def live(self):
        """Serve until stop(). Raises WorkerError when the process fails, Replace when it does not obey."""
        with contextlib.ExitStack() as wake_pipe:
            try:
                self._wake = self._open_wake_pipe(wake_pipe)
                self._process = self._start_process()
            except EnvironmentMissing as error:
                raise WorkerError("environment", error.message, error.hint) from error
            except OSError as error:
                raise WorkerError("start", f"cannot start {self._worker.name}: {error}") from error
            self._converse_to_the_end()

    def _open_wake_pipe(self, stack):
        """Return the end to read from; the worker's methods have the other while `stack` is open."""
        ends = os.pipe()
        for end in ends:
            stack.callback(os.close, end)
            os.set_blocking(end, False)
        stack.callback(self._worker._set_wake_pipe, None)  # the stack is undone from its top
        self._worker._set_wake_pipe(ends[1])
        return ends[0]

    def _start_process(self):
        worker = self._worker
        python = find_python(worker.environment, worker._python)
        with contextlib.suppress(OSError):  # where Pd runs at real-time priority, its workers shall not
            os.sched_setscheduler(0, os.sched_getscheduler(0) | os.SCHED_RESET_ON_FORK, os.sched_getparam(0))
        arguments = python, worker._module, worker._paths, worker.name, worker._niceness
        try:
            return WorkerProcess(*arguments, worker._sandbox)
        except NoSandbox as why:
            worker._log(f"not confined, it can use the network and change files as you can: {why}")
            return WorkerProcess(*arguments, sandbox=False)

    def _converse_to_the_end(self):
        failure = None
        try:
            self._converse()
        except (StreamClosed, FrameError) as error:
            failure = error
        finally:
            ending = self._process.end()
        if failure is not None:
            raise self._obituary(failure, ending)

    def _obituary(self, failure, ending):
        """Show the last lines of the log, and return the error that tells of a process that has failed."""
        for line in self._process.last_lines():
            self._worker._log(line)
        if isinstance(failure, TruncatedFrame):
            what = f"ended in the middle of a message, {ending}"
        elif isinstance(failure, FrameError):
            what = f"broke the protocol ({failure})"
        else:
            what = f"ended, {ending}"
        hint = "load it again" if self._greeted else "run: setup/dlwa doctor"
        return WorkerError("gone", f"{self._worker.name} {what}", hint, self._process.log)

    def _converse(self):
        self._reader = FrameReader(self._process.stdout)
        self._writer = FrameWriter(self._process.stdin)
        self._writer.add({"kind": "hello", "version": VERSION, "name": "pd"})
        while self._generation == self._worker._generation:
            self._give_orders()
            self._exchange()

    def _give_orders(self):
        """Send the next call or a cancel, if there is occasion to."""
        worker = self._worker
        if time.monotonic() > self._deadline:
            if self._cancelling:
                raise Replace
            raise WorkerError(
                "start",
                f"{worker.name} was not ready within {STARTUP_DEADLINE:.0f} seconds",
                "run: setup/dlwa doctor",
                self._process.log,
            )
        if self._call is not None:
            if self._call.cancelled and not self._cancelling:
                self._cancelling = True
                self._deadline = time.monotonic() + CANCEL_DEADLINE
                self._writer.add({"kind": "cancel", "id": self._call.id})
            return
        self._call = worker._next_call()
        if self._call is not None:
            self._send_call()

    def _send_call(self):
        call = self._call
        try:
            self._writer.add(
                {"kind": "call", "id": call.id, "name": call.name, "arguments": call.arguments}, call.arrays
            )
        except FrameError as error:
            self._call = None
            self._worker._answer(call, call.on_error, WorkerError("arguments", f"{call.name}: {error}"))

    def _exchange(self):
        """Wait for the pipes, another thread or a deadline, and move one piece each way."""
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        poll.register(self._process.stdout, select.POLLIN)
        if self._writer.pending:
            poll.register(self._process.stdin, select.POLLOUT)
        patience = max(0.0, min(_TICK, self._deadline - time.monotonic()))
        ready = dict(poll.poll(patience * 1000))
        if not ready and self._process.exited():
            raise StreamClosed  # something that it has started keeps the pipe open
        if self._wake in ready:
            os.read(self._wake, 4096)
        if self._process.stdin.fileno() in ready:
            try:
                self._writer.poll()
            except BrokenPipeError:
                self._hear_last_words()
        if self._process.stdout.fileno() in ready:
            frame = self._reader.poll()
            if frame is not None:
                self._receive(frame)

    def _hear_last_words(self):
        """Read what a worker has still said that no longer listens."""
        poll = select.poll()
        poll.register(self._process.stdout, select.POLLIN)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and poll.poll(PATIENCE * 1000):
            frame = self._reader.poll()
            if frame is not None:
                self._receive(frame)
        raise StreamClosed

    def _receive(self, frame):
        header = frame.header
        if frame.kind == "error" and header["id"] is None:
            raise WorkerError(header["error"], header["message"], header["hint"], self._process.log)
        if frame.kind == "hello" and not self._greeted:
            self._welcome(header)
        elif frame.kind == "log" and self._greeted:
            self._worker._log(header["text"])
        elif self._call is None or header.get("id") != self._call.id:
            raise FrameError(f"unexpected {short(header)}")
        elif frame.kind == "progress":
            self._worker._report_progress(self._call, header["fraction"], header["text"])
        elif frame.kind in ("result", "error"):
            self._settle(frame)
        else:
            raise FrameError(f"unexpected {short(header)}")

    def _welcome(self, hello):
        if hello["version"] != VERSION:
            raise WorkerError(
                "protocol",
                f"{self._worker.name} speaks version {hello['version']} of the protocol, not {VERSION}",
                "run: setup/dlwa install",
            )
        self._greeted = True
        self._deadline = math.inf
        self._hello = hello
        loaded = self._worker._loaded
        if self._replacement and loaded is not None:
            self._call = self._reload = loaded.again(next(self._worker._ids))
            self._send_call()
        else:
            self._worker._become_ready(self._generation, hello, silently=self._replacement)

    def _settle(self, frame):
        """Take the answer to the call."""
        worker, call, header = self._worker, self._call, frame.header
        self._call = None
        self._cancelling = False
        self._deadline = math.inf
        error = None
        if frame.kind == "error":
            log = self._process.log if header["error"] == "internal" else ""
            error = WorkerError(header["error"], header["message"], header["hint"], log)
        if call is self._reload:
            if error is not None:
                what = f"{worker.name} cannot load again after a cancel: {error.message}"
                raise WorkerError("gone", what, error.hint, self._process.log)
            worker._become_ready(self._generation, self._hello, silently=True)
        elif error is not None:
            worker._answer(call, call.on_error, error)
        elif not worker._accept(call):
            raise Replace  # it has loaded what nobody wants any more
        else:
            worker._answer(call, call.on_result, header["values"], frame.arrays)
