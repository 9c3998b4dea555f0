"""Answers Pd's calls in the worker process: one at a time, on its main thread, until Pd closes the pipe.

A worker module ends with

    if __name__ == "__main__":
        serve(Worker())

and is run by `python -m pdworker MODULE`, which has taken the pipes before the module is imported.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import os
import platform
import queue
import runpy
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from io import FileIO
from reprlib import repr as short
from typing import Any, NoReturn

from modelfiles.errors import UserError

from pdworker.protocol import VERSION, Frame, FrameError, FrameReader, FrameWriter, StreamClosed
from pdworker.serving import priority
from pdworker.serving.job import Arrays, Job, calls_of, error_header, run_call

MAX_FILES = 8  # of a call

_PR_SET_PDEATHSIG = 1  # prctl: the signal that comes when the parent's thread that started us ends


_server: _Server | None = None  # the process's only one, made by run()


def serve(worker: object) -> NoReturn:
    """Answer calls until Pd closes the pipe.

    Parameters
    ----------
    worker : object
        Its public methods are the calls: `method(self, job, *, ...)`, whose keyword arguments are the call's
        arguments; one that has a parameter `arrays` gets the call's numpy arrays in it. Files that Pd hands over are
        arguments, too: descriptors, open until the call is answered. They return a dict of plain
        values, or a pair of such a dict and a list of numpy arrays. `load` is the call that Pd repeats when it has
        to replace this process.

    Raises
    ------
    RuntimeError
        When the process was not started by `python -m pdworker MODULE`.

    Notes
    -----
    A UserError that a method raises becomes the one line that it carries, an OSError about a file one that names
    the file. Any other exception becomes one line, too, and leaves its traceback in the log.
    """
    _running_server().serve(calls_of(worker))


def send_event(name: str, values: Mapping[str, Any] | None = None, arrays: Arrays = ()) -> None:
    """Send Pd something that it did not ask for; its object gets it as `event_NAME(values, arrays)`.

    May be called on any thread, once `serve` has been called, and waits while Pd takes nothing.

    Parameters
    ----------
    name : str
        An identifier.
    values : mapping, optional
        Plain values: numbers, texts, lists, dicts.
    arrays : sequence of numpy.ndarray, at most 256, optional

    Raises
    ------
    RuntimeError
        When this process does not serve.
    FrameError
        When the event does not fit in a frame.
    """
    _running_server().send_event({"kind": "event", "name": name, "values": dict(values or {})}, arrays)


def run(module: str, niceness: int, frames_in: int, frames_out: int, files: int) -> NoReturn:
    """Make this process a worker.

    Parameters
    ----------
    module : str
        What to run as `__main__`.
    niceness : int
        How much to give way to other processes, 0 to 19.
    frames_in, frames_out : int
        Descriptors of the pipes to and from Pd.
    files : int
        Descriptor of the socket over which Pd hands open files.
    """
    global _server
    priority.prepare()
    _lower_priority_and_follow_parent(niceness)
    _server = _Server(module, FileIO(frames_in, "rb"), FileIO(frames_out, "wb"), socket.socket(fileno=files))
    _server.listen()
    sys.argv[:] = [module]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except BaseException as error:
        traceback.print_exc()
        _server.give_up(
            "environment", f"{module} cannot start: {type(error).__name__}: {error}", "run: setup/dlwa doctor"
        )
    _server.give_up("internal", f"{module} ended without serving", "its last line should call serve()")


class _Server:
    def __init__(self, name: str, frames_in: Any, frames_out: Any, files: socket.socket) -> None:
        self._name = name
        files.set_inheritable(False)
        files.setblocking(False)
        self._files = files
        self._reader = FrameReader(frames_in)
        self._writer = FrameWriter(frames_out)
        self._writing = threading.Lock()
        self._methods: Mapping[str, Callable[..., Any]] = {}  # once it serves
        self._calls: queue.SimpleQueue[tuple[Job, Frame]] = queue.SimpleQueue()
        self._passed_over: list[tuple[Job, Frame]] = []  # calls that came before those in the queue
        self._jobs: dict[int, Job] = {}  # by id: those queued and the one that runs

    def listen(self) -> None:
        """Receive in a thread of its own, until the pipe closes: then Pd is gone, whatever is computed."""
        threading.Thread(target=self._listen, daemon=True).start()

    def serve(self, calls: Mapping[str, Callable[..., Any]]) -> NoReturn:
        self._send(
            {
                "kind": "hello",
                "version": VERSION,
                "name": self._name,
                "calls": sorted(calls),
                "python": platform.python_version(),
                "pid": os.getpid(),
            }
        )
        self._methods = calls
        while True:
            self._answer(*(self._passed_over.pop(0) if self._passed_over else self._calls.get()))

    def send_event(self, header: Mapping[str, Any], arrays: Arrays) -> None:
        """Send an event frame. Raises RuntimeError before the hello is sent."""
        if not self._methods:
            raise RuntimeError("an event can be sent once serve() has been called")
        self._send(header, arrays)

    def give_up(self, kind: str, message: str, hint: str = "") -> NoReturn:
        """Say why this worker cannot go on, and end the process."""
        if self._writing.acquire(timeout=1):  # else Pd does not read, and a frame is stuck half-way
            with contextlib.suppress(OSError):
                self._writer.write(error_header(None, UserError(kind, message, hint)))
        os._exit(1)

    def _send(self, header: Mapping[str, Any], arrays: Arrays = ()) -> None:
        with self._writing:
            self._writer.write(header, arrays)

    def _listen(self) -> None:
        try:
            self._receive_all()
        except FrameError as error:
            self.give_up("protocol", f"{self._name} was sent something strange: {error}")
        except (StreamClosed, OSError):
            if os.getpgrp() == os.getpid():
                os.killpg(0, signal.SIGKILL)  # whatever this worker has started goes too
            os._exit(0)

    def _receive_all(self) -> NoReturn:
        self._welcome(self._reader.read())
        while True:
            self._receive(self._reader.read())

    def _welcome(self, frame: Frame) -> None:
        if frame.kind != "hello" or frame.header["version"] != VERSION:
            raise FrameError(f"expected the hello of protocol version {VERSION}, got {short(frame.header)}")

    def _receive(self, frame: Frame) -> None:
        call_id = frame.header.get("id", 0)
        if frame.kind == "call" and call_id not in self._jobs:
            job = self._jobs[call_id] = Job(self._send, call_id, self._answer_waiting)
            job.files = self._open_files(frame.header.get("files", []))
            self._calls.put((job, frame))
        elif frame.kind == "cancel":
            if call_id in self._jobs:  # else it has been answered meanwhile
                self._jobs[call_id].cancelled.set()
        else:
            raise FrameError(f"unexpected {short(frame.header)}")

    def _open_files(self, names: list[str]) -> dict[str, int]:
        """Receive the descriptors of a call's files, which were sent before its frame."""
        descriptors: list[int] = []
        if 0 < len(names) <= MAX_FILES:
            with contextlib.suppress(OSError):  # there are none
                _, descriptors, _, _ = socket.recv_fds(self._files, 16, MAX_FILES)
        if len(descriptors) != len(names) or not all(isinstance(name, str) for name in names):
            raise FrameError(f"{len(descriptors)} files came for {short(names)}")
        return dict(zip(names, descriptors))

    def _answer_waiting(self, name: str) -> None:
        """Answer the calls of this name that wait, while another call runs."""
        waiting, self._passed_over = self._passed_over, []
        with contextlib.suppress(queue.Empty):
            while True:
                waiting.append(self._calls.get_nowait())
        for job, frame in waiting:
            if frame.header["name"] == name:
                self._answer(job, frame)
            else:
                self._passed_over.append((job, frame))

    def _answer(self, job: Job, frame: Frame) -> None:
        """Run a call and send its one reply."""
        try:
            job.check()
            values, arrays = run_call(self._methods, job, frame)
            self._send({"kind": "result", "id": job.id, "values": values}, arrays)
        except (Exception, SystemExit) as error:  # a library's command line must not end the worker either
            self._send(error_header(job.id, error))
        finally:
            for descriptor in job.files.values():
                os.close(descriptor)
            del self._jobs[job.id]


def _running_server() -> _Server:
    if _server is None:
        raise RuntimeError("start a worker with: python -m pdworker MODULE")
    return _server


def _lower_priority_and_follow_parent(niceness: int) -> None:
    """Leave Pd its processor time, end when it ends, and leave a trace when crashing."""
    faulthandler.enable(all_threads=False)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    with contextlib.suppress(
        OSError, AttributeError
    ):  # not Linux: only the closing pipe shows that Pd has ended
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.nice(niceness)
    # A kernel with autogroups shares the processor among sessions and counts niceness within each; the worker has
    # one of its own.
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w") as autogroup:
        autogroup.write(str(niceness))
