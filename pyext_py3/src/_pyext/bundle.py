"""`pyext.Bundle`: messages that are sent together. Any thread."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any

import _pyext
from _pyext.base_class import _class, box_of
from _pyext.symbol import name_bytes


class Bundle:
    """Messages that are collected and then sent together, in order."""

    def __init__(self) -> None:
        self._sends: list[Callable[[], object]] = []
        self._sent = False

    def append(self, target: _class | str, *values: Any) -> None:
        """Add a message.

        Parameters
        ----------
        target : _class or str or Symbol
            The object to send from, or a receive name.
        *values : object
            For an object the number of its outlet, from 1, and at least one value; for a name the values.

        Raises
        ------
        RuntimeError
            If the bundle has been sent, or the object has lost its box.
        SyntaxError
            If the arguments are neither of the two.
        ValueError
            If there is no such outlet.
        """
        if self._sent:
            raise RuntimeError("this bundle has been sent")
        if isinstance(target, _class):
            self._append_outlet(target, *values)
        elif isinstance(target, str):
            name = name_bytes(target)
            self._sends.append(lambda: _pyext.send(name, *values))
        else:
            raise SyntaxError("a bundle takes (instance, outlet, *values) or (receive name, *values)")

    def _append_outlet(self, instance: _class, *words: Any) -> None:
        if len(words) < 2 or not isinstance(words[0], numbers.Integral):
            raise SyntaxError("a bundle takes (instance, outlet, *values) with at least one value")
        outlet, values = int(words[0]), words[1:]
        if not 1 <= outlet <= box_of(instance).outlets:
            raise ValueError(f"there is no outlet {outlet}")
        self._sends.append(lambda: instance._outlet(outlet, *values))

    def send(self) -> Bundle:
        """Send all messages in order, on Pd's thread, with none in between from other threads.

        Returns
        -------
        Bundle
            This one.

        Raises
        ------
        RuntimeError
            If the bundle has been sent before.
        """
        if self._sent:
            raise RuntimeError("this bundle has been sent")
        self._sent = True
        if _pyext.on_pd_thread():
            self._send_all()
        else:
            _pyext.call_later(self._send_all)
        return self

    def _send_all(self) -> None:
        for send in self._sends:
            send()
