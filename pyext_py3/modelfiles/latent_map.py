"""A map of sounds in a latent space: where each lies, and what lies in between. In Pd, workers, notebooks; numpy alone.

sounds = {file.stem: model.encode(*read_sound(file)) for file in find_sounds(folder)}
space = LatentMap(sounds)
between = model.decode(space.at(0.2, -0.5))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import UserError

EVENED = 0.6  # how much of a place is its rank, so that a few far sounds do not press all others together
LEAST_APART = 0.07  # of two places, where the map is 2 wide
PUSHES = 40
NEAREST = 1e-6  # two places that are nearer count as one
STEP = 0.25  # of a walk, its usual length in each direction


class LatentMap:
    """Sounds on a square from -1 to 1, like ones near each other.

    The two directions are the principal components of `features`, evened out: a place is partly the rank along them,
    and places that would cover each other are pushed apart.

    Parameters
    ----------
    codes : mapping of str to array_like, each of shape (latents, n)
        The latents of each sound by its name; n may differ, and is 1 for points of a latent space.
    features : array_like, shape (sounds, k), optional
        What likeness is judged by: mean and spread of each latent over time if not given.
    sphere : bool
        Whether mixtures are as long, as vectors, as what they are mixed of, as random points of a Gaussian space are.

    Attributes
    ----------
    names : list of str
    places : ndarray of float64, shape (sounds, 2)
    shares : ndarray of float64, shape (2,)
        What part of the variance of the features lies along each direction.
    spread : ndarray of float64, shape (latents,)
        Standard deviation of each latent over all sounds.
    explained : ndarray of float64, shape (latents,)
        What part of the variance of each latent, from sound to sound, the places explain: R squared.

    Raises
    ------
    UserError
        There are fewer than two sounds, or all are alike.

    Examples
    --------
    >>> space = LatentMap({"low": [[0.0, 0.0]], "high": [[1.0, 1.0]]})
    >>> space.places.round(3).tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    >>> space.at(0, 0, 2).tolist()
    [[0.5, 0.5]]
    """

    def __init__(
        self, codes: Mapping[str, ArrayLike], features: ArrayLike | None = None, sphere: bool = False
    ) -> None:
        if len(codes) < 2:
            raise UserError("input", f"a map needs two sounds or more, here {_are(len(codes))}")
        self.names = list(codes)
        self._codes = [np.asarray(code, np.float32) for code in codes.values()]
        table = [_moments(code) for code in self._codes] if features is None else features
        self.places, self.shares = _principal(np.asarray(table, np.float64))
        self._sphere = sphere
        self.spread = np.concatenate(self._codes, 1).astype(np.float64).std(1)
        self.explained = _explained(
            np.stack([code.mean(1, dtype=np.float64) for code in self._codes]), self.places
        )

    def nearest(self, x: float, y: float) -> int:
        """Return which sound is nearest to a place, from 0."""
        return int(((self.places - (x, y)) ** 2).sum(1).argmin())

    def room_for_names(self, letter: float, line: float, longest: int) -> list[bool]:
        """Return for each sound whether its name, to the right of its point, covers no other name and no point.

        Parameters
        ----------
        letter, line : float
            Width of a letter and height of a line, where the map is 2 wide.
        longest : int
            Letters of a name that are written.
        """
        written: list[tuple[float, float, float]] = []
        for (x, height), name in zip(self.places, self.names):
            begin = x + letter
            end = begin + letter * len(name[:longest])
            over = (np.abs(self.places - ((begin + end) / 2, height)) < ((end - begin) / 2, line / 2)).all(1)
            free = end < 1.15 and not over.any()
            if free and all(end < a or b < begin or abs(y - height) > line for a, b, y in written):
                written.append((begin, end, height))
        shown = {(begin, height) for begin, _, height in written}
        return [(x + letter, height) in shown for x, height in self.places]

    def weights(self, places: ArrayLike, neighbours: int = 3) -> NDArray[np.float64]:
        """Return how much each sound counts at places.

        Inverse distances to the nearest sounds, less that to the next one, squared (Franke and Little's form of
        Shepard's interpolation): so nothing jumps where another sound becomes one of the nearest.

        Parameters
        ----------
        places : array_like, shape (m, 2)
        neighbours : int
            How many sounds count, 1 for the nearest alone.

        Returns
        -------
        ndarray of float64, shape (m, sounds)
            Each row sums to 1; where a sound lies, it counts alone.
        """
        apart = np.linalg.norm(np.asarray(places, np.float64)[:, None] - self.places, axis=2)
        near = 1 / np.maximum(apart, NEAREST)
        ordered = np.sort(near, 1)[:, ::-1]
        next_one = ordered[:, neighbours : neighbours + 1] if neighbours < len(self.names) else 0.0
        counts = np.maximum(near - next_one, 0) ** 2
        tied = counts.sum(1) == 0
        counts[tied] = near[tied] >= ordered[tied, :1]
        counts[counts < NEAREST * counts.max(1, keepdims=True)] = 0
        return counts / counts.sum(1, keepdims=True)

    def at(self, x: float, y: float, neighbours: int = 3) -> NDArray[np.float32]:
        """Return latents at a place: those of the sounds around it, stretched to one length and mixed.

        Parameters
        ----------
        x, y : float
            From -1 to 1.
        neighbours : int
            See `weights`.

        Returns
        -------
        ndarray of float32, shape (latents, n)
            Where a sound lies, its own.
        """
        (weights,) = self.weights([(x, y)], neighbours)
        there = np.flatnonzero(weights).tolist()
        if len(there) == 1:
            return self._codes[there[0]].copy()
        length = round(sum(weights[one] * self._codes[one].shape[1] for one in there))
        of_each = np.repeat(weights[:, None], length, 1)
        return self._mixed(of_each, {one: _stretched(self._codes[one], length) for one in there})

    def along(self, path: Sequence[ArrayLike], frames: int, neighbours: int = 3) -> NDArray[np.float32]:
        """Return latents along a path, at one speed from its first place to its last.

        Parameters
        ----------
        path : sequence of array_like, each of shape (2,)
        frames : int
            How many vectors of latents the way takes.
        neighbours : int
            See `weights`.

        Returns
        -------
        ndarray of float32, shape (latents, frames)
            Each sound goes on in its own time, again and again, and is mixed in as the path comes near it.

        Raises
        ------
        UserError
            The path has fewer than two places.
        """
        weights = self.weights(places_along(path, frames), neighbours).T
        there = np.flatnonzero(weights.any(1)).tolist()
        time = np.arange(frames)
        return self._mixed(
            weights, {one: self._codes[one][:, time % self._codes[one].shape[1]] for one in there}
        )

    def _mixed(
        self, weights: NDArray[np.float64], curves: Mapping[int, NDArray[np.floating]]
    ) -> NDArray[np.float32]:
        """Curves [latents, n] of some sounds by their weights [sounds, n]."""
        mixed = np.sum([weights[one] * curve for one, curve in curves.items()], 0)
        if self._sphere:
            lengths = sum(weights[one] * np.linalg.norm(curve, axis=0) for one, curve in curves.items())
            mixed *= lengths / np.maximum(np.linalg.norm(mixed, axis=0), 1e-12)
        return mixed.astype(np.float32)


def _explained(values: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """What part of the variance of each column [sounds, n] linear regression on the places explains."""
    values = values - values.mean(0)
    ways = places - places.mean(0)
    fitted = ways @ np.linalg.lstsq(ways, values, rcond=None)[0]
    return (fitted**2).sum(0) / np.maximum((values**2).sum(0), 1e-12)


def places_along(path: Sequence[ArrayLike], count: int) -> NDArray[np.float64]:
    """Return places at equal distances along a path.

    Parameters
    ----------
    path : sequence of array_like, each of shape (2,)
    count : int

    Returns
    -------
    ndarray of float64, shape (count, 2)

    Raises
    ------
    UserError
        The path has fewer than two places.

    Examples
    --------
    >>> places_along([(0, 0), (1, 0), (1, 1)], 5).tolist()
    [[0.0, 0.0], [0.5, 0.0], [1.0, 0.0], [1.0, 0.5], [1.0, 1.0]]
    """
    if len(path) < 2:
        raise UserError("input", f"a path needs two points or more, here {_are(len(path))}", "draw a line")
    corners = np.asarray(path, np.float64)
    way = np.concatenate([[0.0], np.linalg.norm(np.diff(corners, axis=0), axis=1).cumsum()])
    at = np.linspace(0, way[-1], count)
    return np.stack([np.interp(at, way, corners[:, axis]) for axis in (0, 1)], 1)


def walk(steps: int, seed: int, start: ArrayLike = (0.0, 0.0)) -> NDArray[np.float64]:
    """Return the corners of a random way over the map, the same for the same seed.

    Parameters
    ----------
    steps : int
    seed : int
    start : array_like, shape (2,)

    Returns
    -------
    ndarray of float64, shape (steps + 1, 2)
        Within -1 to 1: at an edge the way turns back.
    """
    moves = np.random.default_rng(seed).normal(0, STEP, (steps, 2))
    free = np.asarray(start, np.float64) + np.concatenate([np.zeros((1, 2)), moves.cumsum(0)])
    return np.abs((free - 1) % 4 - 2) - 1


def _are(count: int) -> str:
    return f"{'is' if count == 1 else 'are'} {count or 'none'}"


def _moments(code: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean and spread of each latent over time."""
    return np.concatenate([code.mean(1), code.std(1)])


def _principal(features: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(places, shares) of features [sounds, k] along their first two principal components."""
    centred = features - features.mean(0)
    left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    if not sizes[0] > 1e-9 * (1 + np.abs(features).max()):
        raise UserError("input", "all sounds are alike: there is nothing to tell them apart")
    strongest = np.abs(right).argmax(1)
    signs = np.sign(right[np.arange(len(right)), strongest])  # so that a map is the same on each computer
    along = np.zeros((len(features), 2))
    along[:, : len(sizes)] = (left * sizes * signs)[:, :2]
    along[:, np.abs(along).max(0) < 1e-9 * sizes[0]] = 0
    shares = np.zeros(2)
    shares[: len(sizes)] = (sizes**2 / (sizes**2).sum())[:2]
    ranks = along.round(12).argsort(0).argsort(0) / (len(along) - 1) * 2 - 1
    extent = np.abs(along).max(0)
    evened = (1 - EVENED) * along / np.maximum(extent, 1e-12) + EVENED * ranks
    return _apart(np.where(extent, evened, 0)), shares


def _apart(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Push places that would cover each other apart, within the square."""
    places = places + 1e-6 * np.random.default_rng(0).normal(size=places.shape) * _twins(places)
    for _ in range(PUSHES):
        between = places[:, None] - places
        distances = np.linalg.norm(between, axis=2)
        close = (distances < LEAST_APART) & (distances > 0)
        if not close.any():
            break
        pushes = np.where(close, (LEAST_APART - distances) / np.where(close, distances, 1), 0)
        places = np.clip(places + 0.3 * (pushes[:, :, None] * between).sum(1), -1, 1)
    return places


def _twins(places: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which places are another one's, too, bool [sounds, 1]."""
    _, which, counts = np.unique(places.round(9), axis=0, return_inverse=True, return_counts=True)
    return (counts[which.ravel()] > 1)[:, None]


def _stretched(code: NDArray[np.float32], length: int) -> NDArray[np.float64]:
    """Latents [latents, n] over another time."""
    at = np.linspace(0, code.shape[1] - 1, length)
    return np.stack([np.interp(at, np.arange(code.shape[1]), curve) for curve in code])
