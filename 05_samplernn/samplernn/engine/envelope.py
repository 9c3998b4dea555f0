"""Temperature over time: a number, `Env([levels],[times],[curves])` of SuperCollider, or a curve; worker process."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
from modelfiles.errors import UserError
from numpy.typing import ArrayLike, NDArray

STRAIGHT = 0.001
LISTS = re.compile(r"Env\(\s*(\[[^\[\]]*\](?:\s*,\s*\[[^\[\]]*\])*)\s*\)")


def parse(text: str) -> tuple[list[float], list[float], list[float]]:
    """Read the text of an envelope.

    Parameters
    ----------
    text : str
        `Env([levels],[times],[curves])`; blanks and backslashes do not count. Times are in seconds, one fewer than
        levels; left out, every segment lasts a second. Curves, as many as times: 0 is straight, above 0 starts
        slowly, below 0 starts fast; left out, all are straight.

    Returns
    -------
    levels, times, curves : list of float

    Raises
    ------
    UserError
        The text is not of that form.
    """
    text = re.sub(r"[\\\s]", "", text)
    found = LISTS.fullmatch(text)
    if not found:
        raise UserError("input", f"'{text}' is no envelope; it should be like Env([0.7,1],[4],[0])")
    try:
        lists = [_numbers(part) for part in re.findall(r"\[([^\]]*)\]", found[1])]
    except ValueError:
        raise UserError("input", f"not everything in '{text}' is a number") from None
    if len(lists) > 3:
        raise UserError("input", f"'{text}' has {len(lists)} lists; there are levels, times and curves")
    levels = lists[0]
    if not levels:
        raise UserError("input", f"'{text}' has no levels")
    segments = len(levels) - 1
    times = lists[1] if len(lists) > 1 else [1.0] * segments
    curves = lists[2] if len(lists) > 2 else [0.0] * segments
    for name, values in (("times", times), ("curves", curves)):
        if len(values) != segments:
            raise UserError(
                "input",
                f"'{text}' has {len(levels)} levels, so it needs {segments} {name}, not {len(values)}",
            )
    if min(times, default=0) < 0:
        raise UserError("input", f"'{text}' has a time below 0")
    return levels, times, curves


def _numbers(text: str) -> list[float]:
    values = [float(word) for word in text.split(",")] if text else []
    if not all(map(math.isfinite, values)):
        raise ValueError(text)
    return values


def evaluate(
    levels: Sequence[float], times: Sequence[float], curves: Sequence[float], at: ArrayLike
) -> NDArray[np.float64]:
    """Compute values of an envelope.

    Parameters
    ----------
    levels, times, curves : sequence of float
        See `parse`.
    at : array_like, shape (n,)
        Times in seconds.

    Returns
    -------
    ndarray of float64, shape (n,)
        The first level before 0, the last one after the end. In a segment, with x from 0 to 1: y = x, or
        (1 - e^(curve x)) / (1 - e^curve); the value is (1-y) start + y end.
    """
    at = np.asarray(at, np.float64)
    out = np.full(at.shape, levels[-1], np.float64)
    out[at < 0] = levels[0]
    begin = 0.0
    for start, end, length, curve in zip(levels, levels[1:], times, curves):
        inside = (at >= begin) & (at < begin + length)
        x = (at[inside] - begin) / length if length else at[inside]
        y = x if abs(curve) < STRAIGHT else np.expm1(curve * x) / np.expm1(curve)
        out[inside] = (1 - y) * start + y * end
        begin += length
    return out


def temperatures(value: float | str | ArrayLike, samples: int, seconds: float) -> NDArray[np.float32]:
    """Compute the temperature of each sample.

    Parameters
    ----------
    value : float, str or array_like of shape (n,)
        A number, the text of an envelope, or the points of a curve, spread evenly over the time.
    samples : int
    seconds : float
        How long the samples last.

    Returns
    -------
    ndarray of float32, shape (samples,)

    Raises
    ------
    UserError
        The value is no temperature: below 0, or not of a form above.
    """
    if isinstance(value, str):
        values = evaluate(*parse(value), np.arange(samples) / max(samples, 1) * seconds)
    else:
        points = np.atleast_1d(np.asarray(value, np.float64))
        if not len(points):
            raise UserError("input", "the temperature curve has no points")
        values = np.interp(np.arange(samples), np.linspace(0, max(samples - 1, 1), len(points)), points)
    if not np.isfinite(values).all() or (values < 0).any():
        raise UserError("input", "a temperature cannot be below 0; interesting ones are around 0.7 to 1.1")
    return values.astype(np.float32)
