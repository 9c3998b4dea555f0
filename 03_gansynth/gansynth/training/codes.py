"""Latent codes: one learned vector a timbre, spread as random points are. Runs in a training.

The network is trained at the codes themselves and at random points between them. What it should paint at a random
point is a blend of the timbres whose codes are near it, so that a random point sounds like few timbres, not like
the mean of all.
"""

import numpy as np
import torch

from .losses import RANGE

NEAREST = 3  # timbres in a blend
LEAST_SHARE = 0.05  # of a timbre in a blend
PURITY = 0.95  # mean share of the nearest timbre at random points
FEATURE = (8, 48)  # size of the small pictures that the codes start from
PITCHES = 6  # of a timbre, whose mean that small picture is
SPREAD = 0.55  # standard deviation of the codes: random points lie farther out, where one timbre is left of a blend
POINTS = 1024  # random points at which borders are measured
BALANCING = 100  # steps until each timbre has its part of them
FLAT = 1e-3  # variance of a code's direction from which it is spread


def small_picture(power):
    """A picture of log power [frames, bands] at the size FEATURE, without what is too quiet to be heard."""
    power = power.maximum(power.max() - RANGE)[None]
    return torch.nn.functional.adaptive_avg_pool2d(power, FEATURE)[0].flatten().double().numpy()


def features(notes, cache):
    """A small picture of each timbre, the mean over some of its pitches, [timbres, numbers], float64."""
    small = []
    for row in notes.table:
        found = row[row >= 0]
        some = found[:: max(1, len(found) // PITCHES)]
        small.append(np.mean([small_picture(cache[index].power.float()) for index in some], axis=0))
    return np.stack(small)


def principal(small, size, seed=0):
    """Codes to start from and how much each of their directions matters.

    Parameters
    ----------
    small : numpy.ndarray [timbres, numbers]
    size : int
        Numbers in a code.

    Returns
    -------
    codes : numpy.ndarray, float32 [timbres, size]
        Principal components, each of mean 0 and standard deviation SPREAD; directions beyond the data's own hold
        small noise.
    spread : numpy.ndarray, float32 [size]
        How much each direction counts: the root of its standard deviation as a part of the first one's.
    """
    centred = small - small.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    count = min(size, int((values > 1e-6 * max(values[0], 1e-12)).sum()))
    codes = 0.01 * np.random.default_rng(seed).standard_normal((len(small), size))
    codes[:, :count] = SPREAD * left[:, :count] * np.sqrt(len(small))
    spread = np.full(size, 0.1)
    spread[:count] = np.maximum(values[:count] / values[0], 0.1) if count else 0.1
    return codes.astype(np.float32), np.sqrt(spread).astype(np.float32)


def standardise(codes, part=1.0):
    """Bring codes [timbres, size] nearer to mean 0 and the same spread in all directions, in place.

    They are turned as little as possible. part: of the way, 0 to 1; a network that knows the codes can follow small
    parts.
    """
    with torch.no_grad():
        centred = (codes - codes.mean(dim=0)).double()
        values, vectors = torch.linalg.eigh(centred.T @ centred / len(codes))
        scale = torch.where(values > FLAT, SPREAD * values.clamp(min=FLAT).rsqrt(), torch.ones_like(values))
        codes.lerp_((centred @ (vectors * scale) @ vectors.T).float(), part)


class Blends:
    """Which timbres a point stands for, and in what shares.

    Parameters
    ----------
    notes : Notes
    spread : numpy.ndarray [size]
        How much each direction counts in the distance of two points.
    """

    def __init__(self, notes, spread):
        self._known = notes.table >= 0
        self.spread, self.codes, self.softness, self.reach = spread, None, 1.0, 0.0

    def follow(self, codes):
        """Take the codes [timbres, size] as they are now; sets how soft and where the borders between timbres are."""
        self.codes = np.array(codes)
        points = np.random.default_rng(0).standard_normal((POINTS, self.codes.shape[1]))
        self.reach = np.zeros(len(self.codes))
        squares = self._squares(points[:, None])
        reach = balance(squares)
        between = self._squares(self.codes[:, None])
        self.reach = (reach - between / 2).max(axis=1)  # no code lies in the reach of another
        squares = self._squares(points[:, None])
        low, high = 1e-3, 1e3
        for _ in range(30):
            self.softness = float(np.sqrt(low * high))
            purity = _shares(squares, self.softness).max(axis=1).mean()
            low, high = (self.softness, high) if purity > PURITY else (low, self.softness)

    def at(self, point, label):
        """(timbres, shares) of a point [size] at a pitch's label; the shares' sum is one."""
        squares = self._squares(point)
        squares[~self._known[:, label]] = np.inf
        shares = _shares(squares[None], self.softness)[0]
        chosen = np.argsort(-shares)[:NEAREST]
        chosen = chosen[shares[chosen] >= min(LEAST_SHARE, shares[chosen[0]])]
        return chosen, shares[chosen] / shares[chosen].sum()

    def _squares(self, points):
        """Squared distances of points [..., size] from the codes, without the codes' reach."""
        return (((points - self.codes) * self.spread) ** 2).sum(axis=-1) - self.reach


def balance(squares):
    """How much to take off the squared distances from each code so that equally many points are nearest to each.

    Stochastic ascent of the dual of semi-discrete optimal transport (Genevay et al. 2016, eq. 12), with all points in
    each step.

    Parameters
    ----------
    squares : numpy.ndarray [points, codes]

    Returns
    -------
    numpy.ndarray [codes]
    """
    points, codes = squares.shape
    reach, step = np.zeros(codes), squares.std()
    for _ in range(BALANCING):
        nearest = np.bincount((squares - reach).argmin(axis=1), minlength=codes)
        reach += step * (1 / codes - nearest / points)
    return reach


def _shares(squares, softness):
    weights = np.exp(-(squares - squares.min(axis=1, keepdims=True)) / (2 * softness**2))
    return weights / weights.sum(axis=1, keepdims=True)
