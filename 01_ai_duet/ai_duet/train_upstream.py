"""Train a Melody RNN with magenta itself, in the environment `tensorflow`.

    setup/dlwa train melody-upstream --data runs/melody/data --network basic_rnn --steps 500

The same data set, run folder and bundle as those of the model `melody`, which needs no TensorFlow; from random weights.
"""

from __future__ import annotations

import argparse
import sys

from dlwakit.training.options import given, train_parser

from .train import add_sizes
from .training.settings import DEFAULTS, HEALTHY, NETWORKS, NEW_RATE, RUNS, fingerprint, open_run

MODEL = "melody-upstream"
OWN = {name: value for name, value in DEFAULTS.items() if name not in ("preset", "source")}
OWN["learning_rate"] = NEW_RATE
OWN |= {"layers": (128, 128)}


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = train_parser(MODEL, __doc__, OWN, steps=2000, check_every=100)
    network = {"choices": NETWORKS, "help": f"kind of network (default: {OWN['network']})"}
    parser.begin.add_argument("--network", **network)
    add_sizes(parser)
    patience = {
        "type": int,
        "default": 10,
        "help": "checks without gain until it stops (default: %(default)s)",
    }
    parser.today.add_argument("--patience", metavar="N", **patience)
    options = parser.parse(arguments)
    options.parser = parser
    options.chosen = given(options, OWN)
    options.run = options.run or RUNS / f"my_upstream_{options.network or OWN['network']}"
    return options


def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(arguments)

    def work() -> int:
        run, dataset = open_run(options, MODEL, OWN)
        run.fix(melodies=fingerprint(dataset))
        run.healthy = HEALTHY / f"{run.settings['network']}.csv"
        from .training.upstream.loop import train  # TensorFlow takes seconds; --help should not

        return train(run, dataset, options.patience, options.threads)

    return options.parser.run(work)


if __name__ == "__main__":
    sys.exit(main())
