"""A training run of magenta, begun or gone on with, to the bundle; environment `tensorflow`."""

from __future__ import annotations

import math
import shlex
from dataclasses import asdict

import tensorflow.compat.v1 as tf
from dlwakit.runs.state import minutes
from dlwakit.training.run import Run
from modelfiles.errors import UserError

from ...engine.encodings import ENCODINGS
from .. import preview
from ..examples import Batches
from ..held_out import HeldOut
from ..melodies import Dataset
from ..settings import PERPLEXITY
from . import network
from .trainer import Trainer

DIVERGED = 50.0  # nats a step; blind guessing among 130 events loses 4.9


def train(run: Run, dataset: Dataset, patience: int, threads: int) -> int:
    """Train until the goal, no gain in `patience` checks, or a signal; write the bundle; the exit status.

    0 `threads` stands for all cores. Raises UserError when the run cannot go on.
    """
    settings = run.settings
    config = network.configuration(
        settings["network"],
        batch_size=settings["batch_size"],
        rnn_layer_sizes=list(settings["layers"]),
        dropout_keep_prob=settings["keep"],
        learning_rate=settings["learning_rate"],
    )
    with run, Trainer(config, settings, run.checkpoints, threads) as trainer:
        encoding = ENCODINGS[settings["network"]]
        held_out = HeldOut(dataset, encoding)
        run.compare(
            PERPLEXITY,
            {name: score.perplexity for name, score in held_out.baselines.items() if score.perplexity},
        )
        run.begin(trainer.step)
        _steps(run, trainer, Batches(dataset, encoding, settings), held_out, patience)
        best = run.history.best("perplexity")
        if best:
            bundle = run.folder / f"{run.folder.name}.mag"
            checkpoint = tf.train.latest_checkpoint(str(run.checkpoints / "best"))
            description = f"{settings['network']}, {len(dataset.training)} melodies of {dataset.source}"
            network.write_bundle(config, checkpoint, bundle, description)
            run.log(f"wrote {bundle} (step {best['step']:.0f}, {minutes(best['seconds'])} of training)")
            run.log(f"next  setup/dlwa checkpoints add {shlex.quote(str(bundle))}")
    return run.exit_status


def _steps(run: Run, trainer: Trainer, batches: Batches, held_out: HeldOut, patience: int) -> None:
    """Take training steps, with a check every so many."""
    step = trainer.step
    while run.wants_more(step):
        loss = trainer.train(batches[step])
        step += 1
        run.progress(step, loss=loss)
        if loss > DIVERGED:
            raise UserError(
                "state", f"the loss ran away to {loss:.3g} at step {step}; try a smaller --learning-rate"
            )
        if run.check_due(step):
            _check(run, trainer, held_out, step)
            if step - run.history.best("perplexity")["step"] >= patience * run.check_every:
                run.enough(f"no gain on the held-out melodies in {patience} checks")


def _check(run: Run, trainer: Trainer, held_out: HeldOut, step: int) -> None:
    """Save and score; of the best one so far keep the checkpoint and a preview."""
    checkpoint = trainer.save("latest")
    with network.Predictor(trainer.config, checkpoint) as predictor:
        score = held_out.score(predictor.event_probabilities)
    best = run.history.best("perplexity")
    run.check(step, training_perplexity=math.exp(run.means()["loss"]), **asdict(score))
    if not best or score.perplexity < best["perplexity"]:
        best_checkpoint = trainer.save("best")
        theme = held_out.theme
        events = network.continuation(
            trainer.config, best_checkpoint, theme, 3 * len(theme), run.settings["seed"]
        )
        run.preview(step, preview.sound(events), preview.RATE, "theme_and_answer")
