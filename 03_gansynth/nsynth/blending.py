"""Between encodings: weighted sums, and the grid between four corners. In the worker process; needs numpy alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from modelfiles.errors import UserError
from numpy.typing import ArrayLike, NDArray

CORNERS = 4  # lower left, lower right, upper left, upper right
SIDES = 2, 9  # points at a side of a grid
LIST = "grid.json"  # in the folder of a grid: its sounds


def interpolate(encodings: Sequence[ArrayLike], weights: Sequence[float]) -> NDArray[np.float32]:
    """Return the weighted sum of encodings, number by number, as magenta's programs do it.

    Parameters
    ----------
    encodings : sequence of array_like, shape (hops, latent)
        Of one length, or the shorter ones are filled up with their last hop.
    weights : sequence of float
        One for each; of a point between them they add up to 1.

    Returns
    -------
    ndarray of float32, shape (hops, latent)

    Raises
    ------
    UserError
        There are none, or the numbers do not fit.
    """
    parts = [np.asarray(one, np.float32) for one in encodings]
    if not parts or len(parts) != len(weights):
        raise UserError("input", f"{len(parts)} encodings and {len(weights)} weights")
    if any(part.ndim != 2 or part.shape[1] != parts[0].shape[1] or not len(part) for part in parts):
        raise UserError("input", "the encodings are not of one kind: load them anew for this model")
    hops = max(map(len, parts))
    filled = [np.pad(part, ((0, hops - len(part)), (0, 0)), "edge") for part in parts]
    return np.einsum("i,iht->ht", np.asarray(weights, np.float32), np.stack(filled))


def corner_weights(x: float, y: float) -> NDArray[np.float32]:
    """Return the weights of four corners at a point.

    Parameters
    ----------
    x, y : float
        0 to 1, from the left to the right and from below to above.

    Returns
    -------
    ndarray of float32, shape (4,)
        Lower left, lower right, upper left, upper right.
    """
    return np.array([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y], np.float32)


def grid_points(side: int) -> list[tuple[float, float]]:
    """Return the points (x, y) of a grid with so many points at a side, row by row from below."""
    if not SIDES[0] <= side <= SIDES[1]:
        raise UserError("input", f"a grid has {SIDES[0]} to {SIDES[1]} points at a side, not {side}")
    steps = np.linspace(0, 1, side)
    return [(float(x), float(y)) for y in steps for x in steps]


def grid_encodings(corners: Sequence[ArrayLike], side: int) -> list[NDArray[np.float32]]:
    """Return the encodings at the points of a grid between four; see `grid_points` and `interpolate`."""
    return [interpolate(corners, corner_weights(x, y).tolist()) for x, y in grid_points(side)]


def grid_files(side: int) -> dict[str, str]:
    """Return the files of a grid by argument: `list` and `point0` ..., row by row from below."""
    points = {f"point{i}": f"x{x:.2f}_y{y:.2f}.wav" for i, (x, y) in enumerate(grid_points(side))}
    return {"list": LIST, **points}
