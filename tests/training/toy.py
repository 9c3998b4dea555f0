"""The smallest training there is, for the tests: a few numbers learn the weights of a noisy sum.

python -m toy --run FOLDER [--steps 40] [--learning-rate 0.02] [--pause 0]
"""

import sys
import time
from pathlib import Path

import numpy as np
from dlwakit.training.options import given, train_parser
from dlwakit.training.run import Plot, Run

LOSS = "squared error"
DEFAULTS = {"learning_rate": 0.02, "seed": 0}


def main(arguments=None):
    parser = train_parser("toy", __doc__, DEFAULTS, steps=40, check_every=5)
    parser.begin.add_argument("--data", type=Path, help="a file with one number, the noise")
    parser.today.add_argument("--pause", type=float, default=0, help="seconds in each step")
    parser.today.add_argument("--heavy", type=int, default=0, help="bytes of ballast in the checkpoint")
    options = parser.parse(arguments)
    return parser.run(lambda: train(options))


def train(options):
    noise = float(options.data.read_text()) if options.data else 0.1
    run = Run(
        options.run or Path("runs/toy/my_toy"),
        "toy",
        DEFAULTS,
        given(options, DEFAULTS),
        goal=options.steps,
        minutes=options.minutes,
        check_every=options.check_every,
        plots=[Plot(LOSS, {"loss": "what it learns from", "held_out": "held out"})],
        watch="held_out",
        learned="loss",
    )
    run.describe({"sums": 256, "noise": noise})
    wanted = np.arange(1, 9) / 4
    with run:
        weights, step = np.zeros(8), 0
        if (run.checkpoints / "toy.npz").exists():
            kept = np.load(run.checkpoints / "toy.npz")
            weights, step = kept["weights"], int(kept["step"])
        run.begin(step)
        while run.wants_more(step):
            random = np.random.default_rng([run.settings["seed"], step])
            inputs = random.standard_normal((64, 8))
            error = inputs @ (weights - wanted) + noise * random.standard_normal(64)
            weights = weights - run.settings["learning_rate"] * inputs.T @ error / 64
            time.sleep(options.pause)
            step += 1
            run.progress(step, loss=float(error @ error / 64))
            if run.check_due(step):
                means = run.means()
                save(run.checkpoints / "toy.npz", weights, step, options.heavy)
                held_out = float(np.sum((weights - wanted) ** 2))
                run.preview(step, np.sin(np.arange(4000) * weights[-1] / 4), 8000)
                run.check(step, **means, held_out=held_out)
    return run.exit_status


def save(path, weights, step, heavy):
    part = path.with_suffix(".part.npz")
    np.savez(part, weights=weights, step=step, ballast=np.zeros(heavy, np.uint8))
    part.replace(path)


if __name__ == "__main__":
    sys.exit(main())
