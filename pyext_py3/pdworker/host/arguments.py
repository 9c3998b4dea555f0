"""What a method that Pd calls needs to tell a message that makes sense from one that does not."""

import functools
import math

from modelfiles.errors import UserError


class Refused(UserError):  # until the days use UserError("input", ...)
    """What a message asks for cannot be done; the text says why."""

    def __init__(self, message, kind="input"):
        super().__init__(kind, message)


class Unclear(Refused):  # until the days use UserError("usage", ...)
    """A message that is not of its form; the text says why."""

    def __init__(self, message):
        super().__init__(message, "usage")


def message(usage):
    """A decorator for methods that Pd calls: what they refuse is reported.

    Of a message that is not of its form `usage` says how it should look.
    """

    def wrap(verb):
        @functools.wraps(verb)
        def reporting(self, *values):
            try:
                verb(self, *values)
            except UserError as error:
                is_unclear = error.kind == "usage"
                self.report(f"{error.brief} (it should be: {usage})" if is_unclear else error)

        return reporting

    return wrap


def only(values):
    """The one word of a message."""
    if len(values) != 1:
        raise Unclear(f"{len(values)} words instead of one")
    return values[0]


def number(value, what, low, high):
    """A number of a message, in a range."""
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        raise Unclear(f"{what} should be a number, not {value}")
    if not low <= value <= high:
        raise Refused(f"{what} {value:g} is out of range, it goes from {low:g} to {high:g}")
    return value


def name(value):
    """The name of an array."""
    if isinstance(value, (int, float)):
        raise Unclear(f"{value:g} is a number, not the name of an array")
    return str(value)
