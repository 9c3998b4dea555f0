"""The life of one worker process, on the worker's thread: calls out, answers in, deadlines kept."""

from __future__ import annotations

import contextlib
import math
import os
import select
import threading
import time
from reprlib import repr as short
from types import TracebackType
from typing import Any

from modelfiles.errors import UserError

from pdworker.confinement import landlock_version
from pdworker.environments import find_python
from pdworker.host.calls import Call, CallQueue, Replace
from pdworker.host.delivery import Delivery
from pdworker.host.process import EXIT_DEADLINE_S, WorkerProcess, WorkerSpec
from pdworker.host.sandbox import NoSandbox
from pdworker.protocol import (
    VERSION,
    Frame,
    FrameError,
    FrameReader,
    FrameWriter,
    StreamClosed,
    TruncatedFrame,
)

STARTUP_DEADLINE_S = 120.0  # until hello: a cold disk takes its time over a big library
CANCEL_DEADLINE_S = 1.0  # until a cancelled call must have stopped
ALIVE_CHECK_S = 0.5  # between two checks whether a silent process is still there


class WakePipe:
    """Interrupts a `select.poll` from any thread, while it is open (as a context)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: tuple[int, int] | None = None

    def __enter__(self) -> WakePipe:
        ends = os.pipe()
        for end in ends:
            os.set_blocking(end, False)
        with self._lock:
            self._ends = ends
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            for end in self._ends or ():
                os.close(end)
            self._ends = None

    def fileno(self) -> int:
        """Return the descriptor to poll; -1 when it is closed."""
        return self._ends[0] if self._ends else -1

    def wake(self) -> None:
        """Interrupt the poll, if there is one."""
        with self._lock:
            if self._ends is not None:
                with contextlib.suppress(BlockingIOError):  # it is full of wake-up calls
                    os.write(self._ends[1], b"!")

    def drain(self) -> None:
        """Forget the wake-up calls so far."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.fileno(), 4096)


class Session:
    """The life of one process.

    Parameters
    ----------
    queue : CallQueue
        The calls to run.
    delivery : Delivery
        Where everything goes that the process sends; when it is closed, the process is ended.
    spec : WorkerSpec
        What to start.
    python : str, optional
        The interpreter, where it is not the environment's own.
    wake : WakePipe
        Woken when there is a new call, a cancel, a stop, or room for what the process sends.
    is_replacement : bool
        Whether to load again what another process had loaded, and not to report that it is ready.
    """

    def __init__(
        self,
        queue: CallQueue,
        delivery: Delivery,
        spec: WorkerSpec,
        python: str | None,
        wake: WakePipe,
        is_replacement: bool = False,
    ) -> None:
        self._queue, self._delivery, self._spec, self._python = queue, delivery, spec, python
        self._wake, self._is_replacement = wake, is_replacement
        self._process: WorkerProcess
        self._reader: FrameReader
        self._writer: FrameWriter
        self._hello: dict | None = None
        self._ready = False
        self._call: Call | None = None  # the one that runs in the process
        self._urgent: dict[int, Call] = {}  # by id: the urgent ones that it has besides
        self._load_again: Call | None = None  # the call that repeats the last load in a replacement
        self._cancelling = False
        self._deadline = time.monotonic() + STARTUP_DEADLINE_S

    @property
    def hello(self) -> dict | None:
        """The worker's first frame, once it takes calls. Any thread."""
        return self._hello if self._ready else None

    def run(self) -> None:
        """Serve until the delivery is closed.

        Raises
        ------
        UserError
            When the process cannot be started or fails.
        Replace
            When it does not stop after a cancel, or must not keep what it has loaded.
        """
        with self._wake:
            try:
                self._process = self._start_process()
            except OSError as error:
                raise UserError("internal", f"cannot start {self._spec.name}: {error}") from error
            failure: StreamClosed | FrameError | None = None
            try:
                self._converse()
            except (StreamClosed, FrameError) as error:
                failure = error
            finally:
                ending = self._process.end()
            if failure is not None:
                raise self._exit_error(failure, ending)

    def _start_process(self) -> WorkerProcess:
        python = find_python(self._spec.environment, self._python)
        with contextlib.suppress(OSError):  # where Pd runs at real-time priority, its workers shall not
            os.sched_setscheduler(0, os.sched_getscheduler(0) | os.SCHED_RESET_ON_FORK, os.sched_getparam(0))
        rights, has_landlock = self._spec.rights, landlock_version() > 0
        try:
            return WorkerProcess(
                python, self._spec, rights.program or (rights.is_bounded and not has_landlock)
            )
        except NoSandbox as why:
            if has_landlock:
                self._delivery.log(f"confined by the kernel alone (Landlock), which is enough: {why}")
            elif rights.trusted or not rights.program:
                self._delivery.log(f"not confined, it can read and change files as you can: {why}")
            else:
                raise UserError(
                    "environment",
                    "this model is a program, and nothing here can confine it",
                    f"if you trust who made it, load it with --trusted; else: {why}",
                ) from None
            return WorkerProcess(python, self._spec, sandbox=False)

    def _exit_error(self, failure: Exception, ending: str) -> UserError:
        """Show the last lines of the log, and return the error of a process that has failed."""
        for line in self._process.last_lines():
            self._delivery.log(line)
        if isinstance(failure, TruncatedFrame):
            what = f"ended in the middle of a message, {ending}"
        elif isinstance(failure, FrameError):
            what = f"broke the protocol ({failure})"
        else:
            what = f"ended, {ending}"
        hint = "load it again" if self._hello else "run: setup/dlwa doctor"
        return UserError("internal", f"{self._spec.name} {what}", hint, str(self._process.log))

    def _converse(self) -> None:
        self._reader = FrameReader(self._process.stdout)
        self._writer = FrameWriter(self._process.stdin)
        self._writer.add({"kind": "hello", "version": VERSION, "name": "pd"})
        while not self._delivery.closed:
            self._keep_deadline()
            self._send_next_call()
            self._exchange()

    def _keep_deadline(self) -> None:
        if time.monotonic() <= self._deadline:
            return
        if self._cancelling:
            raise Replace
        what = f"{self._spec.name} was not ready within {STARTUP_DEADLINE_S:.0f} seconds"
        raise UserError("internal", what, "run: setup/dlwa doctor", str(self._process.log))

    def _send_next_call(self) -> None:
        """Send the next call, an urgent one or a cancel beside the one that runs, if there is occasion to."""
        if self._call is None:
            call = self._queue.next() if self._ready else None
            if call is not None and self._send_call(call):
                self._call = call
        elif self._call.cancelled:
            if not self._cancelling:
                self._cancelling = True
                self._deadline = time.monotonic() + CANCEL_DEADLINE_S
                self._writer.add({"kind": "cancel", "id": self._call.id})
        elif self._ready:
            urgent = self._queue.next_urgent(self._call)
            if urgent is not None and self._send_call(urgent):
                self._urgent[urgent.id] = urgent

    def _send_call(self, call: Call) -> bool:
        """Send a call, or deliver the error of one that cannot be sent; whether it was sent."""
        header: dict[str, Any] = {
            "kind": "call",
            "id": call.id,
            "name": call.name,
        }
        if call.files:
            header["files"] = list(call.files)
        with contextlib.ExitStack() as opened:
            try:
                files = [opened.enter_context(open(path, "r+b", 0)) for path in call.files.values()]
                header["arguments"] = self._process.exchange.arguments(call)
                self._writer.add(header, call.arrays)
            except FrameError as error:
                return self._refuse(call, UserError("input", f"{call.name}: {error}"))
            except OSError as error:
                what = f"cannot use {error.filename}: {error.strerror}"
                return self._refuse(call, UserError("file", what))
            except UserError as error:
                return self._refuse(call, error)
            self._process.send_files(files)  # they are there before the frame that needs them
        return True

    def _refuse(self, call: Call, error: UserError) -> bool:
        """Answer a call that cannot be sent; False."""
        self._process.exchange.fail(call)
        if call is self._load_again:
            raise error
        self._delivery.error(call, error)
        return False

    def _exchange(self) -> None:
        """Wait for the pipes, another thread or a deadline, and move one piece each way."""
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        may_read = not self._delivery.full
        if may_read:
            poll.register(self._process.stdout, select.POLLIN)
        if self._writer.pending:
            poll.register(self._process.stdin, select.POLLOUT)
        timeout_s = max(0.0, min(ALIVE_CHECK_S, self._deadline - time.monotonic()))
        ready = dict(poll.poll(timeout_s * 1000))
        if may_read and not ready and self._process.exited():
            raise StreamClosed  # something that it has started keeps the pipe open
        if self._wake.fileno() in ready:
            self._wake.drain()
        if self._process.stdin.fileno() in ready:
            try:
                self._writer.poll()
            except BrokenPipeError:
                self._drain_stdout()
        if self._process.stdout.fileno() in ready:
            self._receive_piece()

    def _drain_stdout(self) -> None:
        """Read what is left of a worker that does not read any more."""
        poll = select.poll()
        poll.register(self._process.stdout, select.POLLIN)
        deadline = time.monotonic() + EXIT_DEADLINE_S
        while time.monotonic() < deadline and poll.poll(EXIT_DEADLINE_S * 1000):
            self._receive_piece()
        raise StreamClosed

    def _receive_piece(self) -> None:
        frame = self._reader.poll()
        if frame is not None:
            self._receive(frame)

    def _receive(self, frame: Frame) -> None:
        header = frame.header
        if frame.kind == "error" and header["id"] is None:
            raise UserError(header["error"], header["message"], header["hint"], str(self._process.log))
        if (frame.kind == "hello") != (self._hello is None):
            raise FrameError(f"unexpected {short(header)}")
        if frame.kind == "hello":
            self._welcome(header)
        elif frame.kind == "log":
            self._delivery.log(header["text"])
        elif frame.kind == "event":
            self._delivery.event(frame)
        else:
            self._receive_of_call(frame)

    def _receive_of_call(self, frame: Frame) -> None:
        header = frame.header
        running = self._call is not None and header.get("id") == self._call.id
        call = self._call if running else self._urgent.get(header.get("id", 0))
        if call is None:
            raise FrameError(f"unexpected {short(header)}")
        if frame.kind == "progress":
            self._delivery.progress(call, frame)
        elif frame.kind in ("result", "error"):
            if running:
                self._call = None
                self._cancelling = False
                self._deadline = math.inf
            else:
                del self._urgent[call.id]
            self._settle(call, frame)
        else:
            raise FrameError(f"unexpected {short(header)}")

    def _welcome(self, hello: dict) -> None:
        if hello["version"] != VERSION:
            raise UserError(
                "protocol",
                f"{self._spec.name} speaks version {hello['version']} of the protocol, not {VERSION}",
                "run: setup/dlwa install",
            )
        self._deadline = math.inf
        self._hello = hello
        self._load_again = self._queue.load_again() if self._is_replacement else None
        if self._load_again is not None:
            self._call = self._load_again if self._send_call(self._load_again) else None
        else:
            self._become_ready()

    def _become_ready(self) -> None:
        self._ready = True
        if self._is_replacement:
            self._delivery.replaced()
        elif self._hello is not None:
            self._delivery.ready(self._hello)

    def _settle(self, call: Call, frame: Frame) -> None:
        """Handle the answer to the call."""
        header = frame.header
        error: UserError | None
        if frame.kind == "error":
            log = str(self._process.log) if header["error"] == "internal" else ""
            message = self._process.exchange.in_words(call, header["message"])
            error = UserError(header["error"], message, header["hint"], log)
        else:
            error = self._collect(call)
        if error is None:
            self._process.exchange.clear(call)
        else:
            self._process.exchange.fail(call)
        if call is self._load_again:
            if error is not None:
                what = f"{self._spec.name} cannot load again after a cancel: {error.message}"
                raise UserError("internal", what, error.hint, str(self._process.log))
            self._become_ready()
        elif error is not None:
            self._delivery.error(call, error)
        elif not self._queue.accept(call):
            raise Replace
        else:
            self._delivery.result(call, frame)

    def _collect(self, call: Call) -> UserError | None:
        """Put the files of a call that nobody has cancelled into their places; return what went wrong."""
        try:
            if not call.cancelled:
                self._process.exchange.collect(call)
        except UserError as error:
            return error
        return None
