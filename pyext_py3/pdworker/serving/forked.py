"""Children of the worker process that run a model's code: there it may hang, crash, or use up memory.

A child is a fork of the worker, which has loaded the model and never runs it: each begins with the model as it was in
the file, and without a moment's loading. The two talk in the frames of `pdworker.protocol`, over a socket.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import signal
import socket
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np
from modelfiles.errors import UserError

from pdworker.confinement import refuse_signals
from pdworker.protocol import Frame, FrameReader, FrameWriter, StreamClosed
from pdworker.serving.server import Job

MAX_MEMORY_BYTES = 4 << 30  # that a child may have beyond what it was born with
STALL_DEADLINE_S = 60.0  # without a frame from a child that computes something once

_PR_SET_PDEATHSIG = 1
_POLL_S = 0.1
_EXIT_GRACE_S = 0.01
_LONGEST_LINE = 300

fork_lock = (
    threading.RLock()
)  # hold it while what a child must find whole is changed, such as a model being loaded


class ChildEnded(Exception):
    """The child has ended; the text says how."""


class Link:
    """One end of the socket between the two; one thread may send while another one receives."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        end.setblocking(True)
        self._file = end.makefile("rwb", buffering=0)
        self._reader, self._writer = FrameReader(self._file), FrameWriter(self._file)
        self._sending = threading.Lock()

    def send(self, kind: str, arrays: Sequence[np.ndarray] = (), **fields: Any) -> None:
        """Send a frame. Raises OSError when the other end is gone, or this one closed."""
        with self._sending:
            if self._file.closed:
                raise BrokenPipeError
            self._writer.write({"kind": kind, **fields}, arrays)

    def receive(self, timeout: float = 0.0) -> Frame | None:
        """Return the next frame, None when there is none in `timeout` seconds. Raises StreamClosed, OSError."""
        deadline = time.monotonic() + timeout
        while select.select([self._end], [], [], max(0.0, deadline - time.monotonic()))[0]:
            frame = self._reader.poll()
            if frame is not None:
                return frame
        return None

    def close(self) -> None:
        """Send and receive nothing more; to be called when the other end is gone, for it waits for `send`."""
        with self._sending:
            self._file.close()
            self._end.close()


class Child:
    """A fork of this process that runs a function and then ends.

    Parameters
    ----------
    function : callable
        function(link, *arguments), with its Link to this process. A UserError that it raises, or any other exception,
        is sent as an `error` frame with the id None.
    *arguments
        What it gets.

    Attributes
    ----------
    link : Link
        To the child.
    """

    def __init__(self, function: Callable[..., None], *arguments: Any) -> None:
        ours, theirs = socket.socketpair()
        with fork_lock:
            self._pid: int | None = os.fork()
        if self._pid == 0:
            ours.close()
            _run(function, Link(theirs), arguments)
        theirs.close()
        self.link = Link(ours)

    def receive(self, timeout: float) -> Frame | None:
        """Return the next frame, None when there is none in `timeout` seconds. Raises ChildEnded."""
        try:
            return self.link.receive(timeout)
        except (StreamClosed, OSError):
            raise ChildEnded(self.end()) from None

    def end(self) -> str:
        """Kill it, and return how it ended, in words."""
        if self._pid is None:
            return "ended before"
        time.sleep(_EXIT_GRACE_S)  # it may be about to end by itself
        os.kill(self._pid, signal.SIGKILL)
        _, status = os.waitpid(self._pid, 0)
        self._pid = None
        self.link.close()
        if os.WIFSIGNALED(status):
            return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
        return f"exit status {os.waitstatus_to_exitcode(status)}"


def run_in_child(
    job: Job, function: Callable[..., None], *arguments: Any, stall_deadline_s: float = STALL_DEADLINE_S
) -> tuple[dict, list]:
    """Run a function in a child.

    Parameters
    ----------
    job : Job
        The call that it is done for: it gets the child's `progress` frames, and its cancel ends the child.
    function, *arguments
        See Child; it has to send one `result` frame.
    stall_deadline_s : float
        Seconds without a frame until it is taken for hung.

    Returns
    -------
    values, arrays
        Those of the `result` frame.

    Raises
    ------
    UserError
        The child's own, or one about a child that has ended or hangs.
    Cancelled
        When the job was.
    """
    child = Child(function, *arguments)
    deadline = time.monotonic() + stall_deadline_s
    try:
        while time.monotonic() < deadline:
            job.check()
            frame = child.receive(_POLL_S)
            if frame is None:
                continue
            deadline = time.monotonic() + stall_deadline_s
            header = frame.header
            if frame.kind == "result":
                return header["values"], frame.arrays
            if frame.kind == "error":
                raise UserError(header["error"], header["message"], header["hint"])
            if frame.kind == "progress":
                job.progress(header["fraction"], header["text"])
            elif frame.kind == "log":
                job.log(header["text"])
    except ChildEnded as ended:
        raise UserError("internal", f"the model's process has ended, {ended}") from None
    finally:
        child.end()
    raise UserError("internal", f"the model does not answer: nothing in {stall_deadline_s:.0f} seconds")


def _run(function: Callable[..., None], link: Link, arguments: Sequence[Any]) -> NoReturn:
    """Live the whole life of a child."""
    status = 1
    try:
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        _limit_memory()
        refuse_signals()
        function(link, *arguments)
        status = 0
    except (OSError, StreamClosed):
        pass  # the worker has gone
    except UserError as error:
        _send_error(link, error)
    except BaseException as error:
        traceback.print_exc()
        _send_error(link, UserError("internal", f"{type(error).__name__}: {error}"[:_LONGEST_LINE]))
    finally:
        os._exit(status)


def _limit_memory() -> None:
    with open("/proc/self/statm") as statm:
        born_with = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (born_with + MAX_MEMORY_BYTES, resource.RLIM_INFINITY))


def _send_error(link: Link, error: UserError) -> None:
    with contextlib.suppress(OSError):
        link.send("error", id=None, error=error.kind, message=error.message, hint=error.hint)
