"""`pyext.Clock`: calls at moments of Pd's logical time. May be set from any thread; calls on Pd's thread."""

from __future__ import annotations

from collections.abc import Callable

import _pyext
from _pyext.base_class import _class
from _pyext.console import report


class Clock:
    """A call on Pd's thread at a moment of Pd's logical time, as exact as Pd's `[delay]`.

    A clock whose function is a method of a `_class` object is not called any more once the object's box has been
    deleted or reloaded. What the function raises is reported on the console.

    Parameters
    ----------
    function : callable
        Called without arguments; its result is dropped.
    """

    def __init__(self, function: Callable[[], object]) -> None:
        self._function = function
        self._timer = _pyext.Timer()

    def delay(self, ms: float) -> None:
        """Set the clock, once; a clock that is set already is set anew. Any thread.

        Parameters
        ----------
        ms : float
            Milliseconds of logical time from now.
        """
        self._timer.delay(float(ms), self._call)

    def unset(self) -> None:
        """Cancel the call. Any thread."""
        self._timer.unset()

    def _call(self) -> None:
        owner = getattr(self._function, "__self__", None)
        box = None
        if isinstance(owner, _class):
            box = vars(owner).get("_this")
            if box is None or not box.alive:
                return
        try:
            self._function()
        except BaseException as exception:
            report(box, "clock", exception)
