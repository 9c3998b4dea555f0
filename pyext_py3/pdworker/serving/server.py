"""The worker's side: answers calls one at a time until Pd closes the pipe.

A worker module ends with

    if __name__ == "__main__":
        serve({"load": load, "generate": generate})

and is run by `python -m pdworker MODULE`, which has taken the pipes before the module is imported.
"""

import contextlib
import ctypes
import faulthandler
import inspect
import os
import platform
import queue
import runpy
import signal
import sys
import threading
import time
import traceback
from io import FileIO
from reprlib import repr as short

from pdworker.protocol import VERSION, FrameError, FrameReader, FrameWriter, StreamClosed, WorkerError

__all__ = ["Cancelled", "Job", "WorkerError", "serve"]

_PROGRESS_INTERVAL = 0.05  # seconds; a faster loop need not count its own reports
_LONGEST_LINE = 500  # characters of an error message

_PR_SET_PDEATHSIG = 1  # prctl: the signal that comes when the parent's thread that started us ends

_server = None  # the process's only one, made by run()


class Cancelled(Exception):
    """Raised inside a call that was cancelled; let it pass."""


def serve(calls):
    """Answer calls until Pd closes the pipe; does not return.

    `calls` maps names to functions `f(job, *, ...)`, whose keyword arguments are the call's arguments; one
    that has a parameter `arrays` gets the call's numpy arrays in it. They return a dict of plain values, or a
    pair of such a dict and a list of numpy arrays. A WorkerError becomes the one line that it carries; any
    other exception becomes one line too and leaves its traceback in the log.
    """
    if _server is None:
        raise RuntimeError("start a worker with: python -m pdworker MODULE")
    _server.serve(calls)


def run(module, niceness, frames_in, frames_out):
    """Make this process a worker that runs `module`, with frames on the two descriptors; does not return."""
    global _server
    _be_a_good_neighbour(niceness)
    _server = _Server(module, FileIO(frames_in, "rb"), FileIO(frames_out, "wb"))
    _server.listen()
    sys.argv[:] = [module]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except BaseException as error:
        traceback.print_exc()
        _server.give_up(
            "start", f"{module} cannot start: {type(error).__name__}: {error}", "run: setup/dlwa doctor"
        )
    _server.give_up("start", f"{module} ended without serving", "its last line should call serve()")


class Job:
    """A call, as its function sees it."""

    def __init__(self, send, call_id):
        self._send = send
        self.id = call_id
        self._next_progress = 0.0
        self.cancelled = threading.Event()

    def check(self):
        """Raise Cancelled if the call was cancelled. Call it at least twice a second."""
        if self.cancelled.is_set():
            raise Cancelled

    def progress(self, fraction, text=""):
        """Report how far the call is (0 to 1), and with what. Also checks."""
        self.check()
        now = time.monotonic()
        if now >= self._next_progress:
            self._next_progress = now + _PROGRESS_INTERVAL
            self._send({"kind": "progress", "id": self.id, "fraction": float(fraction), "text": text})

    def log(self, text):
        """Show a line in Pd's console."""
        self._send({"kind": "log", "text": _one_line(text)})


class _Server:
    def __init__(self, name, frames_in, frames_out):
        self._name = name
        self._reader = FrameReader(frames_in)
        self._writer = FrameWriter(frames_out)
        self._writing = threading.Lock()
        self._calls = queue.SimpleQueue()
        self._jobs = {}  # by id: those queued and the one that runs

    def listen(self):
        """Receive in a thread of its own, until the pipe closes: then Pd is gone, whatever is computed."""
        threading.Thread(target=self._listen, daemon=True).start()

    def serve(self, calls):
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
        while True:
            self._answer(calls, *self._calls.get())

    def give_up(self, kind, message, hint=""):
        """Say why this worker cannot go on, and end the process."""
        if self._writing.acquire(timeout=1):  # else Pd does not read, and a frame is stuck half-way
            with contextlib.suppress(OSError):
                self._writer.write(_error_header(None, WorkerError(kind, message, hint)))
        os._exit(1)

    def _send(self, header, arrays=()):
        with self._writing:
            self._writer.write(header, arrays)

    def _listen(self):
        try:
            self._receive_all()
        except FrameError as error:
            self.give_up("protocol", f"{self._name} was sent something strange: {error}")
        except (StreamClosed, OSError):
            if os.getpgrp() == os.getpid():
                os.killpg(0, signal.SIGKILL)  # whatever this worker has started goes too
            os._exit(0)

    def _receive_all(self):
        self._welcome(self._reader.read())
        while True:
            self._receive(self._reader.read())

    def _welcome(self, frame):
        if frame.kind != "hello" or frame.header["version"] != VERSION:
            raise FrameError(f"expected the hello of protocol version {VERSION}, got {short(frame.header)}")

    def _receive(self, frame):
        call_id = frame.header.get("id")
        if frame.kind == "call" and call_id not in self._jobs:
            job = self._jobs[call_id] = Job(self._send, call_id)
            self._calls.put((job, frame))
        elif frame.kind == "cancel":
            job = self._jobs.get(call_id)
            if job is not None:  # else it has been answered meanwhile
                job.cancelled.set()
        else:
            raise FrameError(f"unexpected {short(frame.header)}")

    def _answer(self, calls, job, frame):
        """Run a call and send its one reply."""
        try:
            job.check()
            values, arrays = _run_call(calls, job, frame)
            self._send({"kind": "result", "id": job.id, "values": values}, arrays)
        except (Exception, SystemExit) as error:  # a library's command line must not end the worker either
            self._send(_error_header(job.id, error))
        finally:
            del self._jobs[job.id]


def _run_call(calls, job, frame):
    name, arguments = frame.header["name"], frame.header["arguments"]
    function = calls.get(name)
    if function is None:
        raise WorkerError("call", f"there is no call {short(name)}", f"there are {', '.join(sorted(calls))}")
    if "arrays" in inspect.signature(function).parameters:
        arguments = dict(arguments, arrays=frame.arrays)
    try:
        inspect.signature(function).bind(job, **arguments)
    except TypeError as error:
        raise WorkerError("arguments", f"{name}: {error}") from error
    reply = function(job, **arguments)
    return reply if isinstance(reply, tuple) else (reply, [])


def _error_header(call_id, error):
    """Return the error frame for an exception, and leave the traceback of an unforeseen one in the log."""
    if isinstance(error, Cancelled):
        error = WorkerError("cancelled", "cancelled")
    elif not isinstance(error, WorkerError):
        traceback.print_exception(type(error), error, error.__traceback__)
        error = WorkerError("internal", f"{type(error).__name__}: {error}")
    return {
        "kind": "error",
        "id": call_id,
        "error": error.kind,
        "message": _one_line(error.message),
        "hint": _one_line(error.hint),
    }


def _one_line(text):
    return " ".join(str(text).split())[:_LONGEST_LINE]


def _be_a_good_neighbour(niceness):
    """Leave Pd its processor time, die with it, and leave a trace when crashing."""
    faulthandler.enable(all_threads=False)
    sys.stdout.reconfigure(line_buffering=True)
    with contextlib.suppress(OSError, AttributeError):  # not Linux: the closing pipe alone tells of Pd's end
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.nice(niceness)
    # A kernel with autogroups shares the processor among sessions and counts niceness within each; the worker has
    # one of its own.
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w") as autogroup:
        autogroup.write(str(niceness))
