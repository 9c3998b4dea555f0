"""Pd's console as Python's stdout and stderr, and errors in one line with the traceback below."""

import importlib
import io
import os
import sys
import threading
import traceback

import _pyext

# Files of this library and of Python's import system, which say nothing about a script's mistake.
MACHINERY = ("<pyext", "<frozen", importlib.__file__)


# What a thread has written of its line so far.
_unfinished = {}


class NotFound(Exception):
    """A script, class or function that a box names is not there: one line says it all."""


class Lines(io.RawIOBase):
    """Bytes to console lines. A line that is not finished waits for its end, whichever stream brings it.

    The lines of several threads do not mix; what a thread leaves unfinished when it ends, the next one finishes.
    """

    _lock = threading.Lock()

    def __init__(self, descriptor):
        self._descriptor = descriptor

    def writable(self):
        return True

    def fileno(self):
        return self._descriptor

    def write(self, data):
        data = bytes(data)
        with Lines._lock:
            *lines, rest = (self._begun() + data).split(b"\n")
            if rest:
                _unfinished[threading.get_ident()] = rest
        for line in lines:
            _pyext.print_line(line.decode("utf-8", "replace"))
        return len(data)

    @staticmethod
    def _begun():
        if not _unfinished:
            return b""
        others = {thread.ident for thread in threading.enumerate()} - {threading.get_ident()}
        return b"".join(_unfinished.pop(thread) for thread in _unfinished.keys() - others)


class Stream(io.TextIOWrapper):
    """A text stream that a script cannot close."""

    def __init__(self, descriptor):
        super().__init__(Lines(descriptor), encoding="utf-8", errors="backslashreplace", write_through=True)

    def close(self):
        self.flush()


def take_streams():
    """Sends what scripts print to Pd's console."""
    sys.stdout = sys.__stdout__ = Stream(1)
    sys.stderr = sys.__stderr__ = Stream(2)


def post(text):
    """Prints `text` line by line."""
    for line in str(text).splitlines():
        _pyext.print_line(line)


def own_frames_removed(trace):
    """The traceback from where the script begins."""
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(MACHINERY):
        trace = trace.tb_next
    return trace


def place(exception):
    """Where the script went wrong: (file, line), or None."""
    if isinstance(exception, SyntaxError) and exception.filename:
        return exception.filename, exception.lineno
    frames = traceback.extract_tb(own_frames_removed(exception.__traceback__))
    frames = [frame for frame in frames if not frame.filename.startswith(MACHINERY)]
    return (frames[-1].filename, frames[-1].lineno) if frames else None


def one_line(exception):
    """`ValueError: what it says (file, line 3)`."""
    text = traceback.format_exception_only(type(exception), exception)[-1].strip().splitlines()[0]
    where = place(exception)
    if not where:
        return text
    return f"{text} ({os.path.abspath(where[0])}, line {where[1]})"


def report(box, act, exception):
    """Reports an exception as one error of the box, which may be None, and its traceback as console lines."""
    controller = box.controller if box is not None else None
    label = controller.label if controller is not None else "pyext"
    if isinstance(exception, NotFound):
        error(box, f"{label}: {exception}")
        return
    error(box, f"{label}: {act}: {one_line(exception)}")
    trace = own_frames_removed(exception.__traceback__)
    if trace is not None or isinstance(exception, SyntaxError):
        post("".join(traceback.format_exception(type(exception), exception, trace)))


def error(box, text):
    """One error line, tied to the box unless it is None."""
    if box is not None:
        box.error(text)
    else:
        _pyext.print_error(text)
