"""`pyext._class`, the base of every script's class, and `Bundle`."""

import numbers

import _pyext
from _pyext.console import error
from _pyext.symbol import name_bytes
from _pyext.threads import call_and_wait


class _class:
    """Base class of what a [pyext] box holds. Its own __init__ need not be called.

    `_inlets` and `_outlets` (class or instance attributes, or methods without arguments) say how many message
    inlets and outlets the box has, unless the box says so itself.
    """

    @property
    def _shouldexit(self):
        """True once the box is gone or reloaded, 1 while `stop` asks, else 0. Any thread."""
        controller = self._controller()
        return True if controller is None else int(controller.calls.stopping)

    @property
    def _isthreaded(self):
        """True: threads are always there."""
        return True

    @property
    def _canvas_dir(self):
        """The folder of the patch or abstraction that holds the box. Any thread."""
        return self._box().folder()

    def _controller(self):
        box = vars(self).get("_this")
        return box.controller if box is not None and box.alive else None

    def _box(self):
        if self._controller() is None:
            raise RuntimeError("this instance no longer belongs to an object in a patch")
        return vars(self)["_this"]

    def _error(self, text):
        """One error line in Pd's console that "Find last error" follows to the box. Any thread."""
        error(vars(self).get("_this"), str(text))

    def _tocanvas(self, *values):
        """Sends a message to the patch that holds the box; the first value is the selector. Any thread."""
        self._box().to_canvas(*values)

    def _bind(self, name, function):
        """Calls `function` with whatever is sent to a receive name, until the box goes or is reloaded."""
        if not isinstance(name, str) or not callable(function):
            self._error("_bind takes a receive name and a function")
            return
        call_and_wait(self._box().controller.bind, name, function)

    def _unbind(self, name, function):
        """Undoes `_bind`."""
        if not isinstance(name, str) or not callable(function):
            self._error("_unbind takes a receive name and a function")
            return
        call_and_wait(self._box().controller.unbind, name, function)

    def _detach(self, mode):
        """0: methods run on Pd's thread; 1: in a thread of this box, one after the other; 2: each in its own."""
        if mode not in (0, 1, 2):
            raise ValueError(f"_detach takes 0, 1 or 2, not {mode!r}")
        self._box().detach = int(mode)

    def _stop(self, ms=100):
        """Raises `_shouldexit` for running detached calls, for `ms` milliseconds at most."""
        call_and_wait(self._box().controller.calls.stop, ms)


_pyext.add_fast_methods(_class)


class Bundle:
    """Messages that are collected and then sent together, in order."""

    def __init__(self):
        self._sends = []
        self._sent = False

    def append(self, target, *values):
        """Adds `(instance, outlet, *values)` or `(receive name, *values)`."""
        if self._sent:
            raise RuntimeError("this bundle has been sent")
        if isinstance(target, _class):
            self._append_outlet(target, *values)
        elif isinstance(target, str):
            name = name_bytes(target)
            self._sends.append(lambda: _pyext.send(name, *values))
        else:
            raise SyntaxError("a bundle takes (instance, outlet, *values) or (receive name, *values)")

    def _append_outlet(self, instance, *words):
        if len(words) < 2 or not isinstance(words[0], numbers.Integral):
            raise SyntaxError("a bundle takes (instance, outlet, *values) with at least one value")
        outlet, *values = words
        if not 1 <= outlet <= instance._box().outlets:
            raise ValueError(f"there is no outlet {outlet}")
        self._sends.append(lambda: instance._outlet(outlet, *values))

    def send(self):
        """Delivers everything, on Pd's thread, in one turn."""
        if self._sent:
            raise RuntimeError("this bundle has been sent")
        self._sent = True
        if _pyext.on_pd_thread():
            self._deliver()
        else:
            _pyext.call_later(self._deliver)
        return self

    def _deliver(self):
        for send in self._sends:
            send()
