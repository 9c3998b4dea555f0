"""Evaluate Melody RNN bundles: how well they predict melodies held out of training, beside two simple guessers.

    setup/dlwa evaluate melody starter_attention_rnn [--data FOLDER] [--json FILE]

A perplexity of n: as unsure as a fair choice among n possibilities. `perplexity` is over all sixteenth steps,
`note_perplexity` and `note_accuracy` are over the notes alone: which pitch comes next, given that a note comes. The
guessers learn from the data set's training melodies. Runs on the command line, in the environment `tensorflow`.
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
    """Figures of a `.mag` bundle (one that you made or trust: its own graph is built) and of the guessers."""
    from .training import network  # TensorFlow takes seconds; --help should not
    from .training.held_out import HeldOut

    with network.Predictor.of_bundle(bundle) as predictor:
        held_out = HeldOut(dataset, predictor.config)
        scores = {"checkpoint": held_out.score(predictor), **held_out.baselines}
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
