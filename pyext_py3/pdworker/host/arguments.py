"""Messages of Pd's objects: the decorator of their handlers, and the checks of their words; Pd's thread."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from modelfiles.errors import UserError

_NUMBERS = [
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]


@dataclass(frozen=True)
class Handler:
    """What a decorated method is called by, and its texts.

    Attributes
    ----------
    name : str
        Of the method, e.g. "generate_1".
    call : callable
        The method, after a check of how many words the message has; UserErrors pass.
    usage, help : str
        How the message looks, and what it does, in one line.
    latest : bool
        While it runs, only the latest message waits.
    """

    name: str
    call: Callable[..., Any]
    usage: str
    help: str
    latest: bool


def message(usage: str, *, latest: bool = False) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    """Make a method the handler of a message of Pd.

    Parameters
    ----------
    usage : str
        How the message looks, e.g. "generate SECONDS": for error lines and the message reference, which also has the
        first line of the method's docstring.
    latest : bool
        For a handler that awaits something: while it runs, only the latest message of this kind waits for its turn.

    Returns
    -------
    decorator
        For a method `NAME_1(self, ...)` of a PdObject, plain or `async`. Its parameters are the words of the
        message; how many words there are is checked. A UserError that it raises is reported.
    """

    def decorate(method: Callable[..., Any]) -> Callable[..., None]:
        check = _count_check(method)

        def call(self: Any, *values: Any) -> Any:
            check(len(values))
            return method(self, *values)

        help_line = (inspect.getdoc(method) or "").partition("\n")[0]
        handler = Handler(method.__name__, call, usage, help_line, latest)

        @functools.wraps(method)
        def handle(self: Any, *values: Any) -> None:
            self.handle_message(handler, values)

        handle.handler = handler  # type: ignore[attr-defined]
        return handle

    return decorate


def with_usage(error: UserError, usage: str) -> UserError:
    """Return an error that says how a message should look, where that is what was wrong with it."""
    if error.kind != "usage" or not usage:
        return error
    return UserError(error.kind, f"{error.brief} (it should be: {usage})", log=error.log)


def only(values: Sequence[Any]) -> Any:
    """Return the one word of a message. Raises UserError unless there is just one."""
    if len(values) != 1:
        raise UserError("usage", f"{_words(len(values))} instead of one")
    return values[0]


def number(value: Any, what: str, low: float, high: float) -> float:
    """Return a number of a message.

    Parameters
    ----------
    value
        A word of a message.
    what : str
        What error lines call it, e.g. "the tempo".
    low, high : float
        Its range, limits included.

    Raises
    ------
    UserError
        When it is no number, or out of range.
    """
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        raise UserError("usage", f"{what} should be a number, not {value}")
    if not low <= value <= high:
        raise UserError(
            "input", f"{what} {figure(value)} is out of range, it goes from {figure(low)} to {figure(high)}"
        )
    return value


def figure(value: float) -> str:
    """Return a number as people write it."""
    return f"{value:.10g}"


def name(value: Any) -> str:
    """Return the name of an array. Raises UserError for a number."""
    if isinstance(value, (int, float)):
        raise UserError("usage", f"{value:g} is a number, not the name of an array")
    return str(value)


def _count_check(handler: Callable[..., Any]) -> Callable[[int], None]:
    """Return a function that raises UserError unless a message has as many words as a handler takes."""
    parameters = list(inspect.signature(handler).parameters.values())[1:]
    has_rest = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters)
    plain = [parameter for parameter in parameters if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]
    least = sum(parameter.default is parameter.empty for parameter in plain)
    most = math.inf if has_rest else len(plain)

    def check(count: int) -> None:
        if not least <= count <= most:
            raise UserError("usage", f"{_words(count)} instead of {_counts(least, most)}")

    return check


def _counts(least: int, most: float) -> str:
    if most == math.inf:
        return f"at least {_spelled(least)}"
    if most == 0:
        return "none"
    return _spelled(least) if most == least else f"{_spelled(least)} to {_spelled(int(most))}"


def _words(count: int) -> str:
    return f"{_spelled(0) if count == 0 else count} word{'s' * (count != 1)}"


def _spelled(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)
