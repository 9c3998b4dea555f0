"""Evaluate Melody RNN bundles: how well they predict melodies held out of training, beside two simple guessers.

    setup/dlwa evaluate melody starter_attention_rnn [--data FOLDER] [--json FILE]

A perplexity of n: as unsure as a fair choice among n possibilities. `perplexity` is over all sixteenth steps,
`note_perplexity` and `note_accuracy` are over the notes alone: which pitch comes next, given that a note comes. The
guessers learn from the data set's training melodies. Runs on the command line.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

from dlwakit.training.evaluation import evaluate
from dlwakit.training.options import evaluate_parser

from .training.melodies import Dataset
from .training.settings import melodies


def measure(bundle: Path, dataset: Dataset) -> dict[str, dict]:
    """Figures of a `.mag` bundle and of the guessers; nothing of the bundle is run."""
    from .training.held_out import HeldOut
    from .training.source import open_network
    from .training.trainer import predict  # torch takes seconds; --help should not

    network = open_network(bundle)
    held_out = HeldOut(dataset, network.encoding)
    scores = {
        "checkpoint": held_out.score(lambda melodies: predict(network, melodies)),
        **held_out.baselines,
    }
    return {name: asdict(score) for name, score in scores.items()}


def main(arguments: list[str] | None = None) -> int:
    parser = evaluate_parser("melody", __doc__, data=True)
    options = parser.parse(arguments)

    def work() -> int:
        dataset = melodies(Path(options.data))
        return evaluate("melody", options, __file__, lambda bundle: measure(bundle, dataset), (".mag",))

    return parser.run(work)


if __name__ == "__main__":
    sys.exit(main())
