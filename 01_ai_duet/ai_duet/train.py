"""Train a Melody RNN on the melodies that `dataset` collected, and write it as a `.mag` bundle.

    setup/dlwa train melody                                        # three minutes, from starter_attention_rnn
    setup/dlwa train melody --network basic_rnn --preset coffee    # half an hour
    setup/dlwa train melody --from nothing                         # from random weights
    setup/dlwa train melody                                        # again: goes on where it was stopped

Ctrl-C stops after the current step and keeps what was learned. The run folder holds the bundle and the page
`report.html`: curves, previews to listen to, and a word on how it is going. Magenta's own training is the model
`melody-upstream`; it needs the environment `tensorflow`.
"""

from __future__ import annotations

import argparse
import math
import shlex
import sys
from dataclasses import asdict

from dlwakit.training.options import given, train_parser
from dlwakit.training.patience import MINUTES, Clock, keep_stage, seconds_for
from dlwakit.training.run import Run
from modelfiles.errors import UserError

from .training.melodies import Dataset
from .training.settings import (
    DEFAULTS,
    HEALTHY,
    LEARNED_RATE,
    NETWORKS,
    NEW_RATE,
    PERPLEXITY,
    RUNS,
    begun_with_magenta,
    open_run,
)

EXPECT = {
    "minutes": "enough to take on the turns of your melodies",
    "coffee": "what a network of this size learns of a thousand melodies",
    "night": "for many thousands of melodies, or networks that are larger",
}
RATES = f"size of the corrections (default: {LEARNED_RATE}, or {NEW_RATE} from random weights)"
STATE = "last.pt"
DIVERGED = 50.0  # nats a step; blind guessing among 130 events loses 4.9


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = train_parser(
        "melody",
        __doc__,
        DEFAULTS,
        steps="as many as the preset has time for",
        preset={"choices": (*MINUTES, *NETWORKS), "metavar": "{" + ",".join(MINUTES) + "}"},
        source={
            "help": "name, path or run folder of the network to begin with, or 'nothing' for random weights"
        },
        learning_rate={"help": RATES},
    )
    begin = parser.begin.add_argument
    begin("--network", choices=NETWORKS, help=f"kind of network (default: {DEFAULTS['network']})")
    add_sizes(parser)
    parser.add("--check-every", says="by time", group=parser.today)
    parser.add_hidden("--config", dest="network", choices=NETWORKS)
    parser.add_hidden("--patience", type=int)
    parser.add_hidden("--evaluate", nargs="+")
    options = parser.parse(arguments)
    options.parser = parser
    if options.preset in NETWORKS:  # once the word for the kind of network
        options.network, options.preset = options.preset, None
    options.chosen = given(options, DEFAULTS)
    options.run = options.run or RUNS / f"my_{options.network or DEFAULTS['network']}"
    return options


def add_sizes(parser: argparse.ArgumentParser) -> None:
    """Add the options of a network's size and of how it learns."""
    begin = parser.begin.add_argument
    begin(
        "--layers",
        type=_layers,
        metavar="N,N",
        help="units of the two layers (default: as the source has them)",
    )
    begin("--window", metavar="N", type=int, help="sixteenths of a melody in one step (default: 128)")
    begin("--keep", metavar="X", type=float, help="share of outputs that dropout keeps (default: 0.8)")
    begin("--transpose", metavar="N", type=int, help="semitones to move melodies for mono_rnn (default: 6)")


def _layers(text: str) -> tuple[int, ...]:
    layers = tuple(int(units) for units in text.split(","))
    if len(layers) != 2 or min(layers) < 1:
        raise argparse.ArgumentTypeError("two numbers, such as 128,128")
    return layers


def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(arguments)
    if bundles := getattr(options, "evaluate", None):
        from .evaluate import main as evaluate

        return evaluate([*bundles, *(["--data", options.data] if options.data else [])])

    def work() -> int:
        run, dataset = open_run(options)
        if begun_with_magenta(run.settings):
            hint = "the model melody-upstream trains with magenta; give another --run to begin anew"
            raise UserError("state", f"the run in {run.folder} was begun with magenta", hint)
        run.healthy = HEALTHY / f"{run.settings['network']}.csv"
        return train(run, dataset, seconds_for(options, MINUTES[run.settings["preset"]]), options.threads)

    return options.parser.run(work)


def make_trainer(run: Run, dataset: Dataset):
    """A Trainer that goes on where the run is, or begins; says what it begins with. Raises UserError."""
    from .training.source import begin_with
    from .training.trainer import Trainer

    state = run.checkpoints / STATE
    if state.exists():
        trainer = Trainer(dataset, run.settings)
        trainer.go_on(state)
        return trainer
    layers, weights, said = begin_with(run.settings)
    run.settings["layers"] = list(layers)
    run.settings["learning_rate"] = run.settings["learning_rate"] or (LEARNED_RATE if weights else NEW_RATE)
    run.log(said)
    return Trainer(dataset, run.settings, weights)


def train(run: Run, dataset: Dataset, seconds: float | None, threads: int) -> int:
    """Train until the time is over, the goal is reached or a signal comes; the exit status.

    0 `threads` stands for all cores. Raises UserError when the run cannot go on.
    """
    import torch  # takes seconds; --help should not

    torch.set_num_threads(threads or torch.get_num_threads())
    bundle = run.folder / f"{run.folder.name}.mag"
    about = f"{run.settings['network']}, {len(dataset.training)} melodies of {dataset.source}"
    with run:
        trainer = make_trainer(run, dataset)
        scores = trainer.held_out.baselines
        run.compare(
            PERPLEXITY, {name: score.perplexity for name, score in scores.items() if score.perplexity}
        )
        run.begin(trainer.step)
        if seconds:
            run.log(f"{seconds / 60:g} minutes in all: {EXPECT[run.settings['preset']]}")
        _steps(run, trainer, seconds, lambda: trainer.export(bundle, about))
        if bundle.exists():
            run.log(f"wrote {bundle}")
            run.log(f"next  setup/dlwa checkpoints add {shlex.quote(str(bundle))}")
    return run.exit_status


def _steps(run: Run, trainer, seconds: float | None, export) -> None:
    """Take training steps, with a check now and then."""
    if run.lacks_check(trainer.step, trainer.is_warm):
        _check(run, trainer, export)
    clock = Clock(run, seconds)
    progress = clock.progress(trainer.step)
    while run.wants_more(trainer.step):
        loss = trainer.learn(progress)
        run.progress(trainer.step, loss=loss)
        if loss > DIVERGED:
            message = f"the loss ran away to {loss:.3g} at step {trainer.step}; try a smaller --learning-rate"
            raise UserError("state", message)
        progress = clock.progress(trainer.step)
        by_steps = run.check_every < run.goal
        if run.check_due(trainer.step) if by_steps else clock.check_due(trainer.step):
            _check(run, trainer, export)


def _check(run: Run, trainer, export) -> None:
    """Save and score; the best network so far is the bundle that plays, and is heard."""
    from .training import preview

    means = run.means()
    trainer.save(run.checkpoints / STATE)
    score = trainer.judge()
    best = run.history.best("perplexity")
    if best is None or score.perplexity <= best["perplexity"]:
        export()
        run.preview(trainer.step, preview.sound(trainer.preview()), preview.RATE, "theme_and_answer")
    learned = {"training_perplexity": math.exp(means["loss"])} if means else {}
    keep_stage(run, [run.folder / f"{run.folder.name}.mag"])
    run.check(trainer.step, **learned, **asdict(score))


if __name__ == "__main__":
    sys.exit(main())
