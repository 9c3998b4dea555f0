"""The smallest training there is, for the tests: a few numbers learn the weights of a noisy sum.

python -m toy --run FOLDER [--steps 40] [--rate 0.02] [--pause 0]
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from dlwakit.training.run import Plot, Run, program

LOSS = "squared error"


def main(arguments=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--data", type=Path, help="a file with one number, the noise")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--check-every", type=int, default=5)
    parser.add_argument("--pause", type=float, default=0, help="seconds in each step")
    parser.add_argument("--heavy", type=int, default=0, help="bytes of ballast in the checkpoint")
    options = parser.parse_args(arguments)
    return program("setup/dlwa train toy", lambda: train(options))


def train(options):
    noise = float(options.data.read_text()) if options.data else 0.1
    chosen = {} if options.rate is None else {"rate": options.rate}
    run = Run(
        options.run,
        "toy",
        {"rate": 0.02, "seed": 0},
        chosen,
        goal=options.steps,
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
            weights = weights - run.settings["rate"] * inputs.T @ error / 64
            time.sleep(options.pause)
            step += 1
            run.progress(step, loss=float(error @ error / 64))
            if run.check_due(step):
                save(run.checkpoints / "toy.npz", weights, step, options.heavy)
                held_out = float(np.sum((weights - wanted) ** 2))
                run.check(step, **run.means(), held_out=held_out)
                run.preview(step, np.sin(np.arange(4000) * weights[-1] / 4), 8000)
    return run.exit_status


def save(path, weights, step, heavy):
    part = path.with_suffix(".part.npz")
    np.savez(part, weights=weights, step=step, ballast=np.zeros(heavy, np.uint8))
    part.replace(path)


if __name__ == "__main__":
    sys.exit(main())
