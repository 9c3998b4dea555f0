"""[pym]: calls a method, or an operator, of whatever Python object arrives. Pd's thread."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import _pyext
from _pyext.call_controller import CallController
from _pyext.console import NotFound
from _pyext.controller import is_number, pop_numbers, split_attributes
from _pyext.symbol import Symbol

BINARY_OPERATORS = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow",
    "&": "and_", "|": "or_", "^": "xor", "<<": "lshift", ">>": "rshift",
}  # fmt: skip

OTHER_OPERATORS: dict[str, Callable[..., Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
    "!": bool, "~": operator.invert,
    "[]": operator.getitem, "[]=": operator.setitem,
    "[:]": lambda value, begin, end: value[begin:end],
    "[:]=": lambda value, begin, end, new: operator.setitem(value, slice(begin, end), new),
    ".abs": abs, ".neg": operator.neg, ".pos": operator.pos, ".divmod": divmod,
    ".int": int, ".long": int, ".float": float, ".complex": complex, ".str": str, ".repr": repr, ".len": len,
    ".in": operator.contains, ".doc": lambda value: value.__doc__,
}  # fmt: skip


def reflected(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return the function with its two arguments exchanged."""
    return lambda first, second: function(second, first)


def all_operators() -> dict[str, Callable[..., Any]]:
    """Return the functions by sign: binary operators also in place (`+=`) and reflected (`!+`)."""
    table = dict(OTHER_OPERATORS)
    for sign, name in BINARY_OPERATORS.items():
        function = getattr(operator, name)
        table[sign] = function
        table[sign + "="] = getattr(operator, "i" + name.rstrip("_"))
        table["!" + sign] = reflected(function)
    return table


OPERATORS = all_operators()


class MethodController(CallController):
    """The rules of [pym N method]: inlet 1 takes the object and calls, inlets 2 to N store arguments."""

    USAGE = """\
[pym N method arguments...]  or an operator: + - * / // % ** & | ^ << >> == != < > <= >= ! ~ [] [:] .len .str ...
The second inlet takes the object and calls; those right of it store arguments. Send objects with @py 1."""

    def __init__(self, box: _pyext.Box, words: list[Any]) -> None:
        self.method = ""
        words, attributes = split_attributes(words)
        numbers = pop_numbers(words, 1)
        super().__init__(box, attributes, max(numbers[0], 1) if numbers else 1)
        if not words or is_number(words[0]):
            raise NotFound("the box needs the name of a method")
        self.method = str(words[0])
        self._store_arguments(list(words[1:]) + self.values[1:])
        self.apply_attributes()

    @property
    def label(self) -> str:
        """The box and its method."""
        return f"pym {self.method}".strip()

    def subject(self) -> Any:
        """Return the method of the object that came last."""
        return getattr(self.values[0], self.method, None)

    def on_message(self, inlet: int, selector: Symbol, values: list[Any]) -> None:
        """Store an argument, or take the object and call."""
        self.store(inlet, selector, values)
        if inlet == 1:
            self.control_bang([])

    def control_bang(self, values: list[Any]) -> None:
        """Call again."""
        target, *arguments = self.values
        if self.method in OPERATORS:
            self.call(self.method, OPERATORS[self.method], [target, *arguments])
            self.respond(True)
            return
        method = getattr(target, self.method, None)
        if method is None:
            self.error(f"{type(target).__name__} has no method {self.method}")
        else:
            self.call(self.method, method, arguments)
        self.respond(method is not None)

    def control_set(self, values: list[Any]) -> None:
        """Choose another method."""
        if values:
            self.method = str(values[0])

    def control_reload(self, values: list[Any]) -> None:
        """Replace the stored arguments."""
        self._store_arguments(values)

    def control_reload_keep(self, values: list[Any]) -> None:
        """Refuse: there is no module."""
        self.error("there is no module to reload")

    def _store_arguments(self, arguments: list[Any]) -> None:
        count = len(self.values) - 1
        self.values[1:] = (arguments + [None] * count)[:count]
