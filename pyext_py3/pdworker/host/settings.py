"""The settings of a Pd object as one table, from which messages, limits and their reference come; any thread."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from modelfiles.errors import UserError

from pdworker import options
from pdworker.host.arguments import figure, number, only


class Setting:
    """What a message may set; one of the classes below.

    Parameters
    ----------
    default
        The value before anything is set.
    help : str
        One line for the message reference.
    unit : str
        Such as "Hz", "ms", "dB".
    label : str
        What error lines call it; made from the name if empty.
    """

    def __init__(self, default: Any, *, help: str = "", unit: str = "", label: str = "") -> None:
        self.default, self.help, self.unit, self.label = default, help, unit, label

    def parse(self, name: str, values: Sequence[Any]) -> Any:
        """Return the value that a message asks for.

        Parameters
        ----------
        name : str
            What the setting is called.
        values : sequence
            The words of the message behind the name.

        Raises
        ------
        UserError
            Of the kind "usage" for what is not of its form, "input" for what is out of range.
        """
        raise NotImplementedError

    def said(self, value: Any) -> Any:
        """Return the word of a message that asks for a value: `parse` gives the value back."""
        return value

    def usage(self) -> str:
        """Return what stands behind the name in a message, e.g. "HZ"."""
        raise NotImplementedError

    def range(self) -> str:
        """Return the values that can be set, in words."""
        raise NotImplementedError


class Number(Setting):
    """A number within limits.

    Parameters
    ----------
    default : float or None
    low, high : float
        The limits; both can be set.
    words : mapping, optional
        Words that may stand in place of the number, and the values they mean, e.g. {"estimate": None}.
    **texts
        See Setting.
    """

    def __init__(
        self, default: Any, low: float, high: float, *, words: Mapping[str, Any] | None = None, **texts: str
    ) -> None:
        super().__init__(default, **texts)
        self.low, self.high, self.words = low, high, dict(words or {})

    def parse(self, name: str, values: Sequence[Any]) -> Any:
        value = only(values)
        if isinstance(value, str) and value in self.words:
            return self.words[value]
        return number(value, self.label or f"the {_spaced(name)}", self.low, self.high)

    def said(self, value: Any) -> Any:
        return next((word for word, meaning in self.words.items() if meaning == value), value)

    def usage(self) -> str:
        return "|".join([(self.unit or "number").upper(), *self.words])

    def range(self) -> str:
        return ", ".join([f"{figure(self.low)} to {figure(self.high)}", *self.words])


class Whole(Number):
    """A whole number within limits; others are rounded.

    Parameters
    ----------
    default : int or None
    low, high : float
        The limits; both can be set.
    none_below : float, optional
        What is below this means None, e.g. 0 for a seed that is left to chance below 0.
    **more
        See Number.
    """

    def __init__(
        self, default: Any, low: float, high: float, *, none_below: float = -math.inf, **more: Any
    ) -> None:
        super().__init__(default, low, high, **more)
        self.none_below = none_below

    def parse(self, name: str, values: Sequence[Any]) -> Any:
        value = super().parse(name, values)
        if not isinstance(value, (int, float)):
            return value
        return None if value < self.none_below else round(value)

    def said(self, value: Any) -> Any:
        said = super().said(value)
        return self.none_below - 1 if said is None else said


class Toggle(Setting):
    """On or off: 1 or 0 in messages, a bool as a value."""

    def parse(self, name: str, values: Sequence[Any]) -> bool:
        return number(only(values), self.label or _spaced(name), 0, 1) != 0

    def said(self, value: Any) -> int:
        return int(value)

    def usage(self) -> str:
        return "0|1"

    def range(self) -> str:
        return "0 or 1"


class Choice(Setting):
    """One of some words.

    Parameters
    ----------
    default : str
    choices : sequence of str
    **texts
        See Setting.
    """

    def __init__(self, default: str, choices: Sequence[str], **texts: str) -> None:
        super().__init__(default, **texts)
        self.choices = tuple(choices)

    def parse(self, name: str, values: Sequence[Any]) -> str:
        value = options.text(values)
        if value not in self.choices:
            raise UserError("usage", f"there is no {self.label or _spaced(name)} '{value}'")
        return value

    def usage(self) -> str:
        return "|".join(self.choices)

    def range(self) -> str:
        return ", ".join(self.choices)


class Text(Setting):
    """Any words, at least one."""

    def parse(self, name: str, values: Sequence[Any]) -> str:
        if not values:
            raise UserError("usage", f"no {self.label or _spaced(name)} is named")
        return options.text(values)

    def usage(self) -> str:
        return "TEXT"

    def range(self) -> str:
        return "any text"


def _spaced(name: str) -> str:
    return name.replace("_", " ")
