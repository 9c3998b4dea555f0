"""Pd's console as Python's stdout and stderr, and reports of exceptions. Any thread."""

from __future__ import annotations

import importlib
import io
import os
import sys
import threading
import traceback
from types import TracebackType
from typing import Any, ClassVar

import _pyext

# How the file names of this library and of Python's import system begin; their frames say nothing about a script.
INTERNAL_FILES = ("<pyext", "<frozen", importlib.__file__ or "<importlib>")


class NotFound(Exception):
    """A script, class or function that a box names does not exist; reported without a traceback."""


class ConsoleWriter(io.RawIOBase):
    """Writes bytes to the console line by line.

    An unfinished line is kept until its newline comes, on whichever stream. Lines of several threads do not mix; what
    a thread leaves unfinished when it ends goes before the next line of any other.
    """

    _lock = threading.Lock()
    _unfinished: ClassVar[dict[int, bytes]] = {}  # by thread

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the descriptor of the stream that this one replaces."""
        return self._descriptor

    def write(self, data: Any) -> int:
        """Print the lines that `data` finishes and keep the rest."""
        data = bytes(data)
        with self._lock:
            *lines, rest = (self._take_unfinished() + data).split(b"\n")
            if rest:
                self._unfinished[threading.get_ident()] = rest
        for line in lines:
            _pyext.print_line(line.decode("utf-8", "replace"))
        return len(data)

    def _take_unfinished(self) -> bytes:
        if not self._unfinished:
            return b""
        others = {thread.ident for thread in threading.enumerate()} - {threading.get_ident()}
        return b"".join(self._unfinished.pop(thread) for thread in self._unfinished.keys() - others)


class ConsoleStream(io.TextIOWrapper):
    """A text stream that a script cannot close."""

    def __init__(self, descriptor: int) -> None:
        writer: Any = ConsoleWriter(descriptor)
        super().__init__(writer, encoding="utf-8", errors="backslashreplace", write_through=True)

    def close(self) -> None:
        """Flush, and stay open."""
        self.flush()


class NothingToRead(io.TextIOWrapper):
    """A text stream that is at its end and that a script cannot close, as `exit()` does."""

    def __init__(self) -> None:
        super().__init__(open(os.devnull, "rb"), encoding="utf-8")  # noqa: SIM115

    def close(self) -> None:
        """Stay open."""


def redirect_streams() -> None:
    """Send what scripts print to Pd's console, and give them nothing to read: Pd would wait for its terminal."""
    sys.stdin = sys.__stdin__ = NothingToRead()  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = ConsoleStream(1)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = ConsoleStream(2)  # type: ignore[misc]


def post(text: object) -> None:
    """Print a text line by line."""
    for line in str(text).splitlines():
        _pyext.print_line(line)


def script_traceback(trace: TracebackType | None) -> TracebackType | None:
    """Return the traceback from the first frame of a script on."""
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(INTERNAL_FILES):
        trace = trace.tb_next
    return trace


def error_location(exception: BaseException) -> tuple[str, int | None] | None:
    """Return the file and line where a script went wrong, None if no script took part."""
    if isinstance(exception, SyntaxError) and exception.filename:
        return exception.filename, exception.lineno
    frames = traceback.extract_tb(script_traceback(exception.__traceback__))
    frames_of_scripts = [frame for frame in frames if not frame.filename.startswith(INTERNAL_FILES)]
    return (frames_of_scripts[-1].filename, frames_of_scripts[-1].lineno) if frames_of_scripts else None


def one_line(exception: BaseException) -> str:
    """Return `ValueError: message (file, line 3)`."""
    text = traceback.format_exception_only(type(exception), exception)[-1].strip().splitlines()[0]
    location = error_location(exception)
    if not location:
        return text
    return f"{text} ({os.path.abspath(location[0])}, line {location[1]})"


def report(box: _pyext.Box | None, action: str, exception: BaseException) -> None:
    """Report an exception as one error line of the box, if any, with its traceback below."""
    controller = box.controller if box is not None else None
    label = controller.label if controller is not None else "pyext"
    if isinstance(exception, NotFound):
        error(box, f"{label}: {exception}")
        return
    error(box, f"{label}: {action}: {one_line(exception)}")
    trace = script_traceback(exception.__traceback__)
    if trace is not None or isinstance(exception, SyntaxError):
        post("".join(traceback.format_exception(type(exception), exception, trace)))


def error(box: _pyext.Box | None, text: str) -> None:
    """Print one error line, of the box if one is given."""
    if box is not None:
        box.error(text)
    else:
        _pyext.print_error(text)
