"""The words of a Pd message, read like a command line: `load my voice --temperature 0.9 --loop`; any thread."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


def parse(words: Iterable[Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return the words before any option, and what stands behind each `--name`.

    Parameters
    ----------
    words : iterable
        Numbers and texts.

    Returns
    -------
    plain : list
    options : dict

    Notes
    -----
    An option takes the words up to the next one: none makes it True, a single one is its value, several
    numbers a list, and anything else one text, as Pd cuts a file name at its spaces. Words that look like
    numbers are numbers. `--two-words` and `--two_words` are the same, `--name=value` is fine, and a bare `--`
    ends an option.

    Examples
    --------
    >>> parse(["my", "voice", 2, "--temperature", "0.9", "--out-file", "take", 1, "--", "--loop"])
    (['my', 'voice', 2], {'temperature': 0.9, 'out_file': 'take 1', 'loop': True})
    """
    plain: list[Any] = []
    options: dict[str, list[Any]] = {}
    values = plain
    for word in words:
        if word == "--":
            values = plain
        elif isinstance(word, str) and word.startswith("--"):
            name, has_value, value = word[2:].partition("=")
            values = options[name.replace("-", "_")] = [_value(value)] if has_value else []
        else:
            values.append(_value(word))
    return plain, {name: _option(values) for name, values in options.items()}


def text(values: Iterable[Any]) -> str:
    """Return values as one text, the way they look in a Pd message."""
    return " ".join(value if isinstance(value, str) else f"{value:g}" for value in values)


def _value(word: Any) -> Any:
    if not isinstance(word, str):
        return word
    word = str(word)  # a Pd symbol is a kind of str
    if not _NUMBER.fullmatch(word):
        return word
    return int(word) if word.lstrip("+-").isdigit() else float(word)


def _option(values: Sequence[Any]) -> Any:
    if not values:
        return True
    if len(values) == 1:
        return values[0]
    return text(values) if any(isinstance(value, str) for value in values) else values
