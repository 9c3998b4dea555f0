"""Evaluate principal components: how much of a layer's variance do they explain? Runs on the command line.

    setup/dlwa evaluate ganspace CHECKPOINT [--samples 1024]

CHECKPOINT is a GANSynth model with components beside it. The shares of the variance that the first component, the
first 8 and all explain are measured on random points from which they were not computed; `variance_ratio` in the JSON
has that of each. Beside them: as many random directions around the same mean. --page has one point, moved along the
first component from -3 to 3.
"""

import sys

import gansynth
import numpy as np
import torch
from dlwakit.training.evaluation import Sheet, evaluate
from dlwakit.training.options import evaluate_parser
from gansynth.model import load
from modelfiles.errors import UserError

from . import components
from .fitting import activations

FIRST = 8
MOVED = [[-3.0], [-1.0], [1.0], [3.0]]  # along the first component


def explained(rows, mean, directions):
    """The share of the variance of rows [n, size] around a mean [size] along orthonormal directions [k, size]."""
    centred = rows - mean
    return float(np.square(centred @ directions.T).sum() / np.square(centred).sum())


def figures(rows, mean, directions):
    """Shares of the variance that the first direction, the first FIRST and all explain, and that of each."""
    counts = {"first": 1, f"first_{FIRST}": FIRST, "all": len(directions)}
    shares = {name: explained(rows, mean, directions[:count]) for name, count in counts.items()}
    each = [explained(rows, mean, direction[None]) for direction in directions]
    return {"components": len(directions), **shares, "variance_ratio": each}


def measure(folder, samples, seed):
    """The Sheet of all components beside a model, and of random directions; by layer. Raises UserError."""
    files = sorted(folder.glob("*.npz"))
    if not files:
        raise UserError(
            "checkpoint",
            f"there are no components in {folder}",
            f"compute them: setup/dlwa train ganspace {folder}",
        )
    model, found, sounds = load(folder), {}, {}
    point = model.random(1, seed).repeat(len(MOVED), axis=0)
    for file in files:
        one = components.read(file)
        one.check(model.folder, model.layers)
        pitches = model.folder.pitches
        pitch = pitches[len(pitches) // 2] if one.pitch is None else one.pitch
        rows = activations(model, one.layer, samples, pitch, seed)
        size = rows.shape[1]
        random = np.random.default_rng(seed).standard_normal((size, one.count))
        mean = one.mean.reshape(size)
        found[one.layer] = figures(rows, mean, one.comp.reshape(-1, size))
        found[f"{one.layer}, random directions"] = figures(rows, mean, np.linalg.qr(random)[0].T)
        sounds[one.layer] = list(model.generate(point, [pitch] * len(MOVED), **one.change(MOVED)))
    return Sheet(found, sounds, model.folder.sample_rate)


def main(arguments=None):
    """Run the program; returns its exit status."""
    parser = evaluate_parser("ganspace", __doc__, threads=True)
    parser.add("--seed", 1, help="of the random points; other than that of the components")
    parser.add_argument(
        "--samples",
        metavar="N",
        type=int,
        default=1024,
        help="random points to measure on (default: %(default)s)",
    )
    options = parser.parse(arguments)
    torch.set_num_threads(options.threads or torch.get_num_threads())
    return parser.run(
        lambda: evaluate(
            "ganspace", options, gansynth.__file__, lambda path: measure(path, options.samples, options.seed)
        )
    )


if __name__ == "__main__":
    sys.exit(main())
