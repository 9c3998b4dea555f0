"""Train a Melody RNN on the melodies that `dataset` collected, and write it as a `.mag` bundle.

    setup/dlwa train melody                                       # attention_rnn, about 20 minutes
    setup/dlwa train melody --preset basic_rnn --steps 500        # a quick first try
    setup/dlwa train melody                                       # again: goes on where it was stopped

Ctrl-C stops after the current step and keeps what was learned. The run folder holds the bundle and the page
`report.html`: curves, previews to listen to, and a word on how it is going.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict

from dlwakit.training.options import given, train_parser

from .training.settings import RUNS, Settings, open_run

PRESETS = ("basic_rnn", "mono_rnn", "lookback_rnn", "attention_rnn")


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = train_parser(
        "melody",
        __doc__,
        asdict(Settings()),
        steps=2000,
        check_every=100,
        preset={"choices": PRESETS, "help": "kind of network"},
    )
    begin = parser.begin.add_argument
    begin("--layers", type=_layers, metavar="N,N", help="units of each layer (default: 128,128)")
    begin("--window", metavar="N", type=int, help="sixteenths of a melody in one step (default: 128)")
    begin("--keep", metavar="X", type=float, help="share of outputs that dropout keeps (default: 0.8)")
    begin("--transpose", metavar="N", type=int, help="semitones to move melodies for mono_rnn (default: 6)")
    parser.today.add_argument(
        "--patience",
        metavar="N",
        type=int,
        default=10,
        help="checks without gain until it stops (default: %(default)s)",
    )
    parser.add_hidden("--config", dest="preset", choices=PRESETS)
    parser.add_hidden("--evaluate", nargs="+")
    options = parser.parse(arguments)
    options.parser = parser
    options.chosen = given(options, asdict(Settings()))
    options.run = options.run or RUNS / f"my_{options.preset or Settings.preset}"
    return options


def _layers(text: str) -> tuple[int, ...]:
    return tuple(int(units) for units in text.split(","))


def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(arguments)
    if bundles := getattr(options, "evaluate", None):
        from .evaluate import main as evaluate

        return evaluate([*bundles, *(["--data", options.data] if options.data else [])])

    def work() -> int:
        run, dataset = open_run(options)
        from .training.loop import train  # TensorFlow takes seconds; --help should not

        return train(run, dataset, options.patience, options.threads)

    return options.parser.run(work)


if __name__ == "__main__":
    sys.exit(main())
