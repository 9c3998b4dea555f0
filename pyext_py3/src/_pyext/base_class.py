"""`pyext._class`, the base class of the scripts of [pyext] and [pyext~]."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import _pyext
from _pyext.console import error
from _pyext.scheduling import call_and_wait
from _pyext.symbol import name_bytes

if TYPE_CHECKING:
    from _pyext.box_pyext import InstanceController


def box_of(instance: _class) -> _pyext.Box:
    """Return the box of an instance; RuntimeError once the box has been deleted or reloaded."""
    box: _pyext.Box | None = vars(instance).get("_this")
    if box is None or not box.alive:
        raise RuntimeError("this instance no longer belongs to an object in a patch")
    return box


def controller_of(instance: _class) -> InstanceController:
    """Return the controller of an instance's box; RuntimeError as for `box_of`."""
    return cast("InstanceController", box_of(instance).controller)


class _class:
    """Base class of what a [pyext] box holds. Its own `__init__` need not be called.

    Messages at an inlet call the first of these methods that exists, here for the message `play 60` at inlet 1:
    `play_1(60)`, `_anything_1("play", 60)`, `play_(1, 60)`, `_anything_(1, "play", 60)`. Whole numbers arrive as
    int, others as float, words as `Symbol`. Methods run on Pd's thread unless `detach` is set.

    A subclass may have:

    - `_inlets`, `_outlets`: the number of message inlets and outlets, unless the box gives them; attributes of the
      class or the instance, or methods without arguments. 0 when absent.
    - `_init()`: called once when the outlets exist.
    - `_del()`: called before the box is deleted or reloaded.
    - `_dsp()`: called when DSP starts; the object is silent if it returns something false ([pyext~]).
    - `_signal()`: called for each block of audio ([pyext~]).
    """

    def _outlet(self, n: int, *values: object) -> None:
        """Send values out of an outlet. Any thread; at once on Pd's, otherwise in order through a queue.

        Parameters
        ----------
        n : int
            The outlet, counted from 1.
        *values : object
            One value goes out by its type: None as a bang, a number as a float, text as a symbol, a sequence as a
            list. Text and a sequence are a message with that selector. Other values are a list, none an empty one.

        Raises
        ------
        SyntaxError
            If `n` is not an int.
        ValueError
            If there is no such outlet.
        RuntimeError
            If the box has been deleted or reloaded.
        """
        raise NotImplementedError("replaced by a function in C++ (add_fast_methods)")

    def _invec(self, i: int = 0) -> Any:
        """Return the current block of a signal inlet. For use in `_dsp` and `_signal`.

        Parameters
        ----------
        i : int, default 0
            The signal inlet, counted from 0.

        Returns
        -------
        numpy.ndarray or None
            float32 [block size], the same array for every block until DSP starts again; None if there is no such
            inlet, or before DSP has been started for the first time.

        Raises
        ------
        RuntimeError
            If the box has been deleted or reloaded.
        """
        raise NotImplementedError("replaced by a function in C++ (add_fast_methods)")

    def _outvec(self, i: int = 0) -> Any:
        """Return the block that a signal outlet will play, to be filled. For use in `_dsp` and `_signal`.

        Parameters
        ----------
        i : int, default 0
            The signal outlet, counted from 0.

        Returns
        -------
        numpy.ndarray or None
            float32 [block size]; None as for `_invec`.

        Raises
        ------
        RuntimeError
            If the box has been deleted or reloaded.
        """
        raise NotImplementedError("replaced by a function in C++ (add_fast_methods)")

    @property
    def _shouldexit(self) -> bool | int:
        """True once the box is deleted or reloaded, 1 while `stop` is pending, else 0. Any thread."""
        box = vars(self).get("_this")
        return int(box.controller.calls.stopping) if box is not None and box.alive else True

    @property
    def _isthreaded(self) -> bool:
        """True: threads are always available."""
        return True

    @property
    def _canvas_dir(self) -> str:
        """The folder of the patch or abstraction that holds the box. Any thread.

        Raises
        ------
        RuntimeError
            If the box has been deleted or reloaded.
        """
        return box_of(self).folder()

    @property
    def _canvas_dirs(self) -> list[str]:
        """The folder that holds the box, and those of the patches around it, the outermost last. Pd's thread.

        Raises
        ------
        RuntimeError
            If the box has been deleted or reloaded.
        """
        return box_of(self).folders()

    @property
    def _patch_arguments(self) -> list[Any] | None:
        """What the box of the abstraction that holds the box says, its numbers and words. Any thread.

        None where the patch that holds the box is no object, but was opened by itself.

        Raises
        ------
        RuntimeError
            If the box has been deleted or reloaded.
        """
        return box_of(self).patch_arguments()

    @property
    def _window(self) -> str:
        """The receive name of the window in which the box is, for `_bind`: Pd sends it keys and mouse. Pd's thread.

        Raises
        ------
        RuntimeError
            If the box has been deleted or reloaded.
        """
        return box_of(self).window()

    def _error(self, text: object) -> None:
        """Print an error line that Pd's "Find last error" follows to the box. Any thread.

        Parameters
        ----------
        text : object
            What the line says, as str() gives it.
        """
        error(vars(self).get("_this"), str(text))

    def _tocanvas(self, *values: object) -> None:
        """Send a message to the patch that holds the box. Any thread.

        A message that deletes boxes or cords is sent a tick later, and what is sent after it behind it.

        Parameters
        ----------
        *values : object
            The selector and the atoms, or one sequence of them.

        Raises
        ------
        RuntimeError
            If the box has been deleted or reloaded.
        """
        box_of(self).to_canvas(*values)

    def _bind(self, name: str, function: Callable[..., object]) -> None:
        """Have a function called, on Pd's thread, with what is sent to a receive name.

        Ends when the box is deleted or reloaded. Arguments of the wrong kind are an error line.

        Parameters
        ----------
        name : str or Symbol
            The receive name.
        function : callable
            Called with the atoms, after the selector unless that is float, symbol, list or pointer.
        """
        if not isinstance(name, str) or not callable(function):
            self._error("_bind takes a receive name and a function")
            return
        call_and_wait(controller_of(self).bind, name_bytes(name), function)

    def _unbind(self, name: str, function: Callable[..., object]) -> None:
        """Undo `_bind`.

        Parameters
        ----------
        name : str or Symbol
            The receive name.
        function : callable
            The function that was bound.
        """
        if not isinstance(name, str) or not callable(function):
            self._error("_unbind takes a receive name and a function")
            return
        call_and_wait(controller_of(self).unbind, name_bytes(name), function)

    def _detach(self, mode: int) -> None:
        """Choose where methods run, as the attribute `detach` of the box does.

        Parameters
        ----------
        mode : {0, 1, 2}
            0: on Pd's thread; 1: in a thread of this box, one after the other; 2: each in a thread of its own.

        Raises
        ------
        ValueError
            If `mode` is none of them.
        """
        if mode not in (0, 1, 2):
            raise ValueError(f"_detach takes 0, 1 or 2, not {mode!r}")
        box_of(self).detach = int(mode)

    def _stop(self, ms: float = 100) -> None:
        """Ask running detached calls to end: `_shouldexit` is 1 for them.

        Parameters
        ----------
        ms : float, default 100
            For how many milliseconds at most.
        """
        call_and_wait(controller_of(self).calls.stop, ms)


_pyext.add_fast_methods(_class)
