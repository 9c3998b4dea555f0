"""The principal components of day 4 as one short program: the longest directions of a cloud. Runs anywhere.

Only numpy is needed. A row is one point of the cloud: all activations of a layer for one random point of the model.
"""

import numpy as np


def principal_components(rows, count):
    """The directions in which a cloud [points, numbers] is longest.

    Returns the mean [numbers], the directions [count, numbers], each of length 1, the standard deviation of the cloud
    along each, and the part of the whole variance that each has.
    """
    mean = rows.mean(0)
    centred = rows - mean
    _, strengths, directions = np.linalg.svd(centred, full_matrices=False)
    variances = strengths**2 / (len(rows) - 1)
    return mean, directions[:count], np.sqrt(variances[:count]), variances[:count] / variances.sum()


def longest_direction(rows, rounds=200, seed=0):
    """The first direction alone, without a library: stretch any vector by the cloud, over and over.

    Each round makes the part along the longest direction grow faster than all others (the power method).
    """
    centred = rows - rows.mean(0)
    direction = np.random.default_rng(seed).standard_normal(rows.shape[1])
    for _ in range(rounds):
        direction = centred.T @ (centred @ direction)
        direction /= np.linalg.norm(direction)
    return direction


def offset(edits, directions, deviations):
    """What is added to the layer for edits [count]: an edit of 1 is one standard deviation along its direction."""
    return (edits * deviations) @ directions


def coordinates(row, mean, directions, deviations):
    """The way back: which edits lead from the mean to a point, as far as these directions reach."""
    return (row - mean) @ directions.T / deviations


def main():
    """Compute eight components of the layer conv0 of day 3's starter from 256 random points, and print their shares."""
    from gansynth import load

    model = load("starter")
    pitch = model.folder.pitches[len(model.folder.pitches) // 2]
    points = model.random(256, seed=1)
    rows = model.activations(points, [pitch] * len(points), "conv0").reshape(len(points), -1)
    mean, directions, deviations, shares = principal_components(rows.astype(np.float64), 8)
    print("component  deviation  share")
    for number, (deviation, share) in enumerate(zip(deviations, shares), 1):
        print(f"{number:9}  {deviation:9.2f}  {100 * share:4.1f} %")
    back = coordinates(mean + offset(np.arange(8.0), directions, deviations), mean, directions, deviations)
    print("edits 0 to 7, there and back:", np.round(back, 6))


if __name__ == "__main__":
    main()
