"""Sorts the words of the Pd message `generate`; Pd's thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from modelfiles.errors import UserError
from pdworker import options

MAX_ARRAYS = 16


@dataclass(frozen=True)
class Request:
    """What a `generate` message asks for.

    Attributes
    ----------
    arrays : list of str
        The Pd arrays to generate into.
    temperatures : list
        For each array a number, text of the form `Env(...)`, the name of an array that draws a curve, or None where
        the message says nothing.
    options : dict
        The values of the other options, by name.
    """

    arrays: list[str]
    temperatures: list[Any]
    options: dict[str, Any]


def read_request(words: Sequence[Any]) -> Request:
    """Sort the words of a message such as `--temp T --out A --temp T --out B --dur 4`.

    The n-th --temp belongs to the n-th --out; the last one serves the outs that are left over.

    Raises
    ------
    UserError
        The words are not of that form.
    """
    arrays, temperatures, rest = [], [], []
    for group in _groups(words):
        _, found = options.parse(group)
        if found.get("out", True) is not True:
            arrays += str(found["out"]).split()
        elif found.get("temp", True) is not True:
            value = found["temp"]
            temperatures += value if isinstance(value, list) else [value]
        else:
            rest += group
    plain, others = options.parse(rest)
    if plain:
        raise UserError("usage", f"'{options.text(plain)}' stands alone: options have names, such as --dur 4")
    for name, value in others.items():
        if value is True:
            raise UserError("usage", f"--{name} has no value")
    if not 1 <= len(arrays) <= MAX_ARRAYS:
        raise UserError("usage", f"generate needs at least one --out ARRAY, and takes {MAX_ARRAYS}")
    return Request(arrays, _one_for_each(temperatures, arrays), others)


def _groups(words: Sequence[Any]) -> list[list[Any]]:
    """Split words in front of each option."""
    groups: list[list[Any]] = []
    for word in words:
        if not groups or (isinstance(word, str) and word.startswith("--")):
            groups.append([])
        groups[-1].append(word)
    return groups


def _one_for_each(temperatures: list[Any], arrays: list[str]) -> list[Any]:
    if len(temperatures) > len(arrays):
        raise UserError("usage", f"there are {len(temperatures)} temperatures for {len(arrays)} arrays")
    return temperatures + (temperatures[-1:] or [None]) * (len(arrays) - len(temperatures))
