"""Calls on Pd's thread from any other, and Pd's logical time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import _pyext

Result = TypeVar("Result")


def call_soon(function: Callable[..., object], *arguments: object) -> None:
    """Call a function on Pd's thread, in the next tick of its scheduler. Any thread; returns at once.

    Calls are made in the order in which they were asked for. What the function raises is reported on the console.

    Parameters
    ----------
    function : callable
        The function; its result is dropped.
    *arguments : object
        Its arguments.
    """
    _pyext.call_later(function, *arguments)


def call_and_wait(function: Callable[..., Result], *arguments: object, timeout: float = 10) -> Result:
    """Call a function on Pd's thread and return its result. Any thread; on Pd's it is an ordinary call.

    Parameters
    ----------
    function : callable
        The function.
    *arguments : object
        Its arguments.
    timeout : float, default 10
        How long to wait for Pd's scheduler, in seconds.

    Returns
    -------
    object
        What the function returned.

    Raises
    ------
    TimeoutError
        If Pd's scheduler did not run within `timeout`; the call is then never made.
    RuntimeError
        Within `_signal`, where Pd's thread cannot wait for itself.
    BaseException
        Whatever the function raised.
    """
    if _pyext.on_pd_thread():
        return function(*arguments)
    outcome: dict[str, Any] = {}

    def call() -> None:
        try:
            outcome["result"] = function(*arguments)
        except BaseException as exception:
            outcome["exception"] = exception

    if not _pyext.call_and_wait(call, timeout):
        raise TimeoutError(f"Pd's scheduler did not run within {timeout} seconds")
    if "exception" in outcome:
        raise outcome["exception"]
    result: Result = outcome["result"]
    return result


def logical_time() -> float:
    """Return Pd's logical time. Pd's thread.

    Returns
    -------
    float
        Milliseconds since Pd started.
    """
    return _pyext.logical_time()
