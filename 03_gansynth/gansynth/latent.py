"""Points of a latent space: between two, around several, and in files; in Pd and in the worker."""

from pathlib import Path

import numpy as np
from modelfiles.bounded import MAX_TEXT_BYTES, read_npy
from modelfiles.errors import UserError


def slerp(start, end, amount):
    """The point at `amount` (0 to 1) of the way between two latent vectors along the sphere between them.

    Shoemake's spherical interpolation, on vectors of any length (magenta's `generate_util.slerp`). Where there is
    no arc, for vectors that are equal, opposite or zero, the straight line takes its place.
    """
    start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
    lengths = np.linalg.norm(start) * np.linalg.norm(end)
    angle = np.arccos(np.clip(start @ end / lengths, -1, 1)) if lengths else 0.0
    if np.sin(angle) < 1e-6:
        return (1 - amount) * start + amount * end
    return (np.sin((1 - amount) * angle) * start + np.sin(amount * angle) * end) / np.sin(angle)


def weighted_sum(points, weights):
    """The sum of latent vectors [n, size], each times its weight."""
    return np.asarray(weights, np.float64) @ np.asarray(points, np.float64)


def write(path, point):
    """Write a latent vector to a file: `.npy`, or anything else as text, one number a line."""
    if Path(path).suffix == ".npy":
        np.save(path, np.asarray(point, np.float32))
    else:
        np.savetxt(path, point, fmt="%.9g")


def read(path):
    """Read a latent vector from a `.npy` or text file. Raises UserError if it holds anything else."""
    point = read_npy(path) if Path(path).suffix == ".npy" else _read_text(path)
    if point.ndim != 1 or point.dtype.kind not in "fiu" or not np.isfinite(point).all():
        raise UserError("file", f"{path} holds no latent vector")
    return point.astype(np.float32)


def _read_text(path):
    try:
        if Path(path).stat().st_size > MAX_TEXT_BYTES:
            raise UserError("file", f"{path} holds no latent vector: it is too long")
        return np.loadtxt(path, ndmin=1)
    except FileNotFoundError:
        raise UserError("file", f"there is no file {path}") from None
    except (ValueError, EOFError):
        raise UserError("file", f"{path} holds no latent vector") from None
