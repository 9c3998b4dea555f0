"""CallController: what [py] and [pym] share (stored arguments, the call, its result). Pd's thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import _pyext
from _pyext.controller import TYPE_SELECTORS, Controller, call_reported
from _pyext.references import references
from _pyext.symbol import Symbol


def stored_value(selector: Symbol, values: list[Any]) -> Any:
    """Return what an inlet stores: one value alone, several as a tuple, behind any selector that is a word."""
    if str(selector) not in TYPE_SELECTORS:
        return (selector, *values)
    return values[0] if len(values) == 1 else tuple(values)


class CallController(Controller):
    """Calls a function with stored arguments and sends its result."""

    def __init__(self, box: _pyext.Box, attributes: dict[str, list[Any]], inlets: int) -> None:
        super().__init__(box, attributes)
        self.values: list[Any] = [None] * inlets
        box.make_ports(inlets, 1, 0, 0)

    def store(self, inlet: int, selector: Symbol, values: list[Any]) -> None:
        """Store what came to an inlet; a bang at the first only calls."""
        if inlet == 1 and selector == "bang":
            return
        if references.is_reference(selector, values):
            self.values[inlet - 1] = references.resolve(values)
        else:
            self.values[inlet - 1] = stored_value(selector, values)

    def call(self, name: str, function: Callable[..., object], arguments: Sequence[object]) -> None:
        """Call now, or as `detach` says; the result leaves by outlet 1."""
        if self.box.detach:
            self.on_detached_call(ReportedCall(self, name, function), arguments)
        else:
            self.run(name, function, arguments)

    def run(self, name: str, function: Callable[..., object], arguments: Sequence[object]) -> None:
        """Call, and send the result. Any thread."""
        succeeded, result = call_reported(self.box, name, function, *arguments)
        if succeeded:
            self.box.send(1, *(references.message(result) if self.by_reference else (result,)))

    def respond(self, found: bool) -> None:
        """Send whether there was a function to call, if the box asks for it."""
        if self.box.respond:
            self.send_response(found)


class ReportedCall:
    """A function whose result is sent and whose exception is reported, for a detached call."""

    def __init__(self, controller: CallController, name: str, function: Callable[..., object]) -> None:
        self._controller = controller
        self._name = name
        self._function = function

    def __call__(self, *arguments: object) -> None:
        """Call the function. A worker thread."""
        self._controller.run(self._name, self._function, arguments)
