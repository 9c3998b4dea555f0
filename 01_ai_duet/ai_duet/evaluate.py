"""Evaluate Melody RNN bundles: how well they predict melodies held out of training, beside two simple guessers.

    setup/dlwa evaluate melody starter_attention_rnn [--data FOLDER] [--json FILE]

A perplexity of n: as unsure as a fair choice among n possibilities. `perplexity` is over all sixteenth steps,
`note_perplexity` and `accuracy` are over the notes alone: which pitch comes next, given that a note comes. The
guessers learn from the data set's training melodies. --page has held-out themes with the network's answers, and with
what really follows. Runs on the command line.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from dlwakit.training.evaluation import Sheet, evaluate
from dlwakit.training.options import evaluate_parser

from .model import MelodyRnn, load
from .training import preview
from .training.melodies import Dataset
from .training.metrics import Score
from .training.settings import melodies

ANSWERS = 4  # that the page has
THEME_STEPS, ANSWER_STEPS = 32, 64  # two bars, four bars


def measure(bundle: Path, dataset: Dataset) -> Sheet:
    """Figures of a `.mag` bundle and of the guessers, and answers; nothing of the bundle is run."""
    from .training.held_out import HeldOut
    from .training.source import open_network
    from .training.trainer import predict  # torch takes seconds; --help should not

    network = open_network(bundle)
    held_out = HeldOut(dataset, network.encoding)
    scores = {
        "checkpoint": held_out.score(lambda melodies: predict(network, melodies)),
        **held_out.baselines,
    }
    rows = {name: figures(score) for name, score in scores.items()}
    playing, chosen = load(bundle), held_out.melodies[:: max(1, len(held_out.melodies) // ANSWERS)][:ANSWERS]
    answers = [answer(playing, melody[:THEME_STEPS]) for melody in chosen]
    going_on = [preview.sound(melody[: THEME_STEPS + ANSWER_STEPS]) for melody in chosen]
    return Sheet(rows, {"checkpoint": answers, "data": going_on}, preview.RATE, rendered=True)


def figures(score: Score) -> dict[str, float | None]:
    """A score by the names that JSON has."""
    return {
        "perplexity": score.perplexity,
        "note_perplexity": score.note_perplexity,
        "accuracy": score.note_accuracy,
    }


def answer(playing: MelodyRnn, theme: list[int]) -> np.ndarray:
    """A theme's events and what the network goes on with, as a sound."""
    events, _ = playing.continue_melody(theme, ANSWER_STEPS, rng=np.random.RandomState(0))
    return preview.sound([*theme, *events])


def main(arguments: list[str] | None = None) -> int:
    parser = evaluate_parser("melody", __doc__, data=True)
    options = parser.parse(arguments)

    def work() -> int:
        dataset = melodies(Path(options.data))
        return evaluate("melody", options, __file__, lambda bundle: measure(bundle, dataset), (".mag",))

    return parser.run(work)


if __name__ == "__main__":
    sys.exit(main())
