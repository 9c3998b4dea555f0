"""A call, from the frame that asks for it to the method and its answer; in the worker process."""

from __future__ import annotations

import inspect
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from reprlib import repr as short
from typing import Any

import numpy as np
from modelfiles.errors import UserError

from pdworker.protocol import Frame

PROGRESS_INTERVAL_S = 0.05  # a faster loop need not count its own reports

_LONGEST_LINE = 500  # characters of an error message

Arrays = Sequence[np.ndarray]
Send = Callable[..., None]


class Cancelled(Exception):
    """Raised inside a call that was cancelled; let it pass."""


class Job:
    """A call, as its method sees it.

    Attributes
    ----------
    cancelled : threading.Event
        Set when Pd gives the call up.
    """

    def __init__(self, send: Send, call_id: int, answer: Callable[[str], None] | None = None) -> None:
        self._send, self._answer = send, answer or (lambda name: None)
        self.id = call_id
        self.files: dict[str, int] = {}  # by the names of the arguments; closed after the call
        self._next_progress = 0.0
        self.cancelled = threading.Event()

    def check(self) -> None:
        """Raise Cancelled if the call was cancelled. Call it at least twice a second."""
        if self.cancelled.is_set():
            raise Cancelled

    def progress(
        self,
        fraction: float,
        text: str = "",
        values: Mapping[str, Any] | None = None,
        arrays: Arrays = (),
    ) -> None:
        """Report how far the call is, with a partial result or without, and check.

        Parameters
        ----------
        fraction : float
            0 to 1.
        text : str, optional
            What is being done.
        values : mapping, optional
            Plain values of a partial result.
        arrays : sequence of numpy.ndarray, optional
            Arrays of a partial result; they may be changed when this returns.

        Raises
        ------
        Cancelled
            When the call was cancelled.

        Notes
        -----
        Partial results all arrive, in their order and before the call's result, and this waits while Pd does not
        take them. Of the others, only so many are sent as a person can see.
        """
        self.check()
        header: dict[str, Any] = {
            "kind": "progress",
            "id": self.id,
            "fraction": float(fraction),
            "text": text,
        }
        if values or len(arrays):
            self._send({**header, "values": dict(values or {})}, arrays)
            return
        now = time.monotonic()
        if now >= self._next_progress:
            self._next_progress = now + PROGRESS_INTERVAL_S
            self._send(header)

    def answer(self, name: str) -> None:
        """Answer the calls of a method that wait, in the midst of this one: only urgent ones do.

        Parameters
        ----------
        name : str
            A public method of the worker's object. It has to be one that changes nothing that this call uses.
        """
        self._answer(name)

    def log(self, text: str) -> None:
        """Show a line in Pd's console."""
        self._send({"kind": "log", "text": one_line(text)})


def calls_of(worker: object) -> Mapping[str, Callable[..., Any]]:
    """Return the public methods of a worker by name."""
    kind = type(worker)
    names = [name for name in dir(kind) if not name.startswith("_")]
    return {name: getattr(worker, name) for name in names if inspect.isfunction(getattr(kind, name))}


def run_call(calls: Mapping[str, Callable[..., Any]], job: Job, frame: Frame) -> tuple[Any, Arrays]:
    """Call the method that a frame names; its plain values and its arrays. Raises what the method does."""
    name, arguments = frame.header["name"], {**frame.header["arguments"], **job.files}
    method = calls.get(name)
    if method is None:
        raise UserError("input", f"there is no call {short(name)}", f"there are {', '.join(sorted(calls))}")
    if "arrays" in inspect.signature(method).parameters:
        arguments = dict(arguments, arrays=frame.arrays)
    try:
        inspect.signature(method).bind(job, **arguments)
    except TypeError as error:
        raise UserError("input", f"{name}: {error}") from error
    reply = method(job, **arguments)
    return reply if isinstance(reply, tuple) else (reply, [])


def error_header(call_id: int | None, error: BaseException) -> dict[str, Any]:
    """Return the error frame for an exception, and leave the traceback of an unforeseen one in the log."""
    known = _as_user_error(error)
    if known is None:
        traceback.print_exception(type(error), error, error.__traceback__)
        known = UserError("internal", f"{type(error).__name__}: {error}")
    return {
        "kind": "error",
        "id": call_id,
        "error": known.kind,
        "message": one_line(known.message),
        "hint": one_line(known.hint),
    }


def _as_user_error(error: BaseException) -> UserError | None:
    """Return an exception as a UserError; None for one that only a programmer can fix."""
    if isinstance(error, UserError):
        return error
    if isinstance(error, Cancelled):
        return UserError("cancelled", "cancelled")
    if isinstance(error, OSError) and error.filename is not None:
        return UserError("file", f"cannot use {error.filename}: {error.strerror}")
    return None


def one_line(text: object) -> str:
    """Return a text as one line that is not too long."""
    return " ".join(str(text).split())[:_LONGEST_LINE]
