"""Between encodings: weighted sums, and the grid between four corners. In the worker process; needs numpy alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from modelfiles.errors import UserError
from numpy.typing import ArrayLike, NDArray

CORNERS = 4  # lower left, lower right, upper left, upper right
SIDES = 2, 9  # points at a side of a grid
MIDDLE = 60  # the MIDI pitch of a grid, where nothing else is said
LIST = "grid.json"  # in the folder of a grid: its sounds
MOST_FILES = 2000  # of a folder that may be a grid


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
    return np.einsum("i,iht->ht", np.asarray(weights, np.float32), np.stack(of_one_length(parts)))


def of_one_length(encodings: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """Return encodings, the shorter ones filled up with their last hop."""
    hops = max(map(len, encodings))
    return [np.pad(part, ((0, hops - len(part)), (0, 0)), "edge") for part in encodings]


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
    """Return the encodings at the points of a grid between four; see `grid_points` and `interpolate`.

    More corners are those of further pitches, four each: their grids follow, all of one length.
    """
    found = [
        interpolate(corners[first : first + CORNERS], corner_weights(x, y).tolist())
        for first in range(0, len(corners), CORNERS)
        for x, y in grid_points(side)
    ]
    return of_one_length(found)


def grid_files(side: int, pitches: Sequence[int] = (MIDDLE,)) -> dict[str, str]:
    """Return the files of a grid by argument: `list` and `point0` ..., row by row from below, pitch after pitch."""
    places = [f"x{x:.2f}_y{y:.2f}.wav" for x, y in grid_points(side)]
    names = [f"p{pitch:03d}_{place}" for pitch in pitches for place in places]
    names = places if len(pitches) == 1 else names
    return {"list": LIST, **{f"point{number}": name for number, name in enumerate(names)}}


def zones(pitches: Sequence[int]) -> list[tuple[int, int, int, int]]:
    """Return (lowest key, highest key, number of the pitch, pitch) of the keys that each of some pitches plays."""
    order = sorted(range(len(pitches)), key=pitches.__getitem__)
    sizes = [pitches[number] for number in order]
    borders = [0, *((low + high) // 2 + 1 for low, high in zip(sizes, sizes[1:])), 128]
    return [(borders[at], borders[at + 1] - 1, number, pitches[number]) for at, number in enumerate(order)]


def grid_paths(folder: Path) -> list[Path]:
    """Return the files of a folder that a grid may be made of. Raises UserError where it cannot be one."""
    if not folder.is_dir():
        raise UserError("file", f"there is no folder {folder}")
    paths = [path for path in sorted(folder.glob("*.*")) if path.suffix in (".wav", ".bin", ".json")]
    if len(paths) > MOST_FILES:
        raise UserError("file", f"{folder.name} is no grid: it has {len(paths)} files")
    return paths
