"""Train a Melody RNN on the melodies that `dataset` collected, and write it as a `.mag` bundle.

    setup/dlwa train melody                                       # attention_rnn, about 20 minutes
    setup/dlwa train melody --config basic_rnn --steps 500        # a quick first try
    setup/dlwa train melody                                       # again: goes on where it was stopped
    setup/dlwa train melody --evaluate runs/melody/my_basic_rnn/my_basic_rnn.mag       # only judge a bundle

Ctrl-C stops after the current step and keeps what was learned. The run folder holds the bundle and the page
`report.html`: curves, previews to listen to, and a word on how it is going.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from pathlib import Path

from dlwakit.training.run import program

from ai_duet.training.settings import DEFAULT_DATA, RUNS, Settings, melodies, open_run

CONFIGS = ("basic_rnn", "mono_rnn", "lookback_rnn", "attention_rnn")


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="dlwa train melody", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    begin = parser.add_argument_group("the run (kept in it when it goes on)")
    begin.add_argument("--config", choices=CONFIGS, help="kind of network (default: attention_rnn)")
    begin.add_argument("--layers", type=_layers, metavar="N,N", help="units of each layer (default: 128,128)")
    begin.add_argument("--batch-size", type=int, help="melodies in one step (default: 64)")
    begin.add_argument("--window", type=int, help="sixteenths of a melody in one step (default: 128)")
    begin.add_argument("--learning-rate", type=float, help="size of the corrections (default: 0.005)")
    begin.add_argument("--keep", type=float, help="share of outputs that dropout keeps (default: 0.8)")
    begin.add_argument("--transpose", type=int, help="semitones to move melodies for mono_rnn (default: 6)")
    begin.add_argument("--seed", type=int, help="start of all random choices (default: 0)")
    today = parser.add_argument_group("today")
    today.add_argument(
        "--run", type=Path, help="run folder; its name names the bundle (runs/melody/my_CONFIG)"
    )
    today.add_argument("--data", help=f"folder written by `dlwa dataset melody` (default: {DEFAULT_DATA})")
    today.add_argument("--steps", type=int, default=2000, help="steps in all (default: %(default)s)")
    today.add_argument(
        "--check-every", type=int, default=100, help="steps between checks (default: %(default)s)"
    )
    today.add_argument(
        "--patience", type=int, default=10, help="checks without gain until it stops (default: %(default)s)"
    )
    today.add_argument("--threads", type=int, default=0, help="processor cores to use (default: all)")
    parser.add_argument(
        "--evaluate",
        nargs="+",
        type=Path,
        metavar="BUNDLE",
        help="train nothing; judge .mag bundles that you made or trust by the held-out melodies",
    )
    options = parser.parse_args(arguments)
    options.chosen = {
        name: value
        for name in (field.name for field in fields(Settings))
        if (value := getattr(options, name)) is not None
    }
    options.run = options.run or RUNS / f"my_{options.config or Settings.config}"
    return options


def _layers(text: str) -> tuple[int, ...]:
    return tuple(int(units) for units in text.split(","))


def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(arguments)

    def work() -> int:
        if options.evaluate:
            dataset = melodies(Path(options.data or DEFAULT_DATA))
        else:
            run, dataset = open_run(options.run, options.chosen, options.steps, options.check_every)
        from ai_duet.training.loop import evaluate, train  # TensorFlow takes seconds; --help should not

        if options.evaluate:
            evaluate(options.evaluate, dataset)
            return 0
        return train(run, dataset, options.patience, options.threads)

    return program("melody", work)


if __name__ == "__main__":
    sys.exit(main())
