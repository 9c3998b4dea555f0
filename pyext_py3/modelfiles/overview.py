"""Overviews of long sounds, small enough to draw; used in Pd and in the workers. Needs numpy alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def overview(samples: ArrayLike, columns: int) -> NDArray[np.float32]:
    """Draw a sound together: the lowest and the highest sample of each stretch.

    Parameters
    ----------
    samples : array_like, shape (n,)
        The sound; what is not a number counts as 0.
    columns : int
        Number of stretches, all (nearly) equally long.

    Returns
    -------
    ndarray of float32, shape (2 * columns,)
        Lowest and highest sample in turn, within -1 to 1.

    Examples
    --------
    >>> overview([0, 0.5, -0.25, -1, 0.75, 0.25], 2).tolist()
    [-0.25, 0.5, -1.0, 0.75]
    """
    return overview_of_part(samples, columns, 0, None)[1]


def overview_of_part(
    samples: ArrayLike, columns: int, start: int, end: int | None
) -> tuple[int, NDArray[np.float32]]:
    """Draw the columns of an overview again in which samples have changed.

    Parameters
    ----------
    samples : array_like, shape (n,)
        The whole sound.
    columns : int
        Number of stretches of the whole overview.
    start, end : int
        The samples start <= t < end have changed; None for an end means n.

    Returns
    -------
    first : int
        The first column that changes.
    points : ndarray of float32, shape (2 * changed columns,)
        The overview from that column on, as `overview` gives it.
    """
    audio = np.asarray(samples, np.float32)
    edges = np.linspace(0, len(audio), columns + 1).astype(int)
    begins, ends = edges[:-1], np.maximum(edges[1:], edges[:-1] + 1)  # each shows one sample at least
    first = int(np.searchsorted(ends, start, "right"))
    last = columns if end is None else int(np.searchsorted(begins, end, "left"))
    if not len(audio) or first >= last:
        return first, np.zeros(2 * max(0, last - first), np.float32)
    begins = np.minimum(begins[first:last], len(audio) - 1)
    part = audio[begins[0] : ends[last - 1]]
    part = np.where(np.isnan(part), np.float32(0), part)  # nan_to_num warns in Pd, which flushes subnormals
    low, high = (edge.reduceat(part, begins - begins[0]) for edge in (np.minimum, np.maximum))
    return first, np.clip(np.stack([low, high], 1).ravel(), -1, 1).astype(np.float32)
