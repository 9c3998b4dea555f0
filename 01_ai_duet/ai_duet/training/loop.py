"""One training run from its first step, or the one where it was stopped, to the bundle."""

from __future__ import annotations

import math
import shlex
import signal
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf

from ai_duet.training import curve, metrics, network
from ai_duet.training.held_out import HeldOut, compare
from ai_duet.training.melodies import Dataset
from ai_duet.training.run_folder import History, RunError, open_run
from ai_duet.training.trainer import Batches, Trainer

DIVERGED = 50.0  # nats a step; blind guessing among 130 events loses 4.9


@dataclass(frozen=True)
class Limits:
    """When to check against the held-out melodies, and when to stop."""

    steps: int  # in the life of the run
    check_every: int  # steps
    patience: int  # checks without gain


def run(folder: Path, chosen: dict, limits: Limits, threads: int) -> int:
    """Train in the run `folder` until a limit or a signal stops it; write the bundle; return the exit code.

    `chosen` holds the settings that differ from `Settings`; 0 `threads` stands for all cores. Raises RunError
    when the run cannot go on, FileNotFoundError or ValueError for data that are missing or of another kind.
    """
    settings, dataset = open_run(folder, chosen)
    config = network.configuration(
        settings.config,
        batch_size=settings.batch_size,
        rnn_layer_sizes=list(settings.layers),
        dropout_keep_prob=settings.keep,
        learning_rate=settings.learning_rate,
    )
    history = History(folder / "history.csv")
    stop = StopSignal()
    with Trainer(config, settings, folder, threads) as trainer:
        begins = f"goes on from step {trainer.step}" if trainer.step else "begins"
        counts = f"{len(dataset.training)} melodies, {len(dataset.eval)} held out"
        print(f"{settings.config} {begins}: {counts}", flush=True)
        batches, held_out = Batches(dataset, config, settings), HeldOut(dataset, config)
        print(_train(trainer, batches, held_out, history, limits, stop))
    if history.best:
        bundle = folder / f"{folder.name}.mag"
        checkpoint = tf.train.latest_checkpoint(str(folder / "best"))
        description = f"{settings.config}, {len(dataset.training)} melodies of {dataset.source}"
        network.write_bundle(config, checkpoint, bundle, description)
        evaluate([bundle], dataset)
        taken = f"step {history.best['step']:.0f}, {_minutes(history.best['seconds'])} of training"
        print(f"wrote {bundle} ({taken})")
        print(f"next  setup/dlwa checkpoints add {shlex.quote(str(bundle))}")
    return 130 if stop.asked else 0


def evaluate(bundles: list[Path], dataset: Dataset) -> None:
    """Print for each bundle how well it and the baselines foretell the held-out melodies."""
    for bundle in bundles:
        print(metrics.table(compare(bundle, dataset)), flush=True)


def _train(
    trainer: Trainer, batches: Batches, held_out: HeldOut, history: History, limits: Limits, stop: StopSignal
) -> str:
    """Take training steps, with a check every so many; returns why it stopped."""
    step = begun_at = trainer.step
    history.forget_after(step)
    spent, started, losses = history.seconds, time.monotonic(), []
    while step < limits.steps and not stop.asked:
        losses.append(trainer.train(batches[step]))
        step += 1
        if not losses[-1] < DIVERGED:
            raise RunError(
                f"the loss ran away to {losses[-1]:.3g} at step {step}; try a smaller --learning-rate"
            )
        seconds = time.monotonic() - started
        left = f"{_minutes((limits.steps - step) * seconds / (step - begun_at))} left"
        if step % limits.check_every and step < limits.steps and not stop.asked:
            _progress(f"step {step}/{limits.steps}  loss {losses[-1]:.3f}  {left}")
            continue
        training_perplexity, losses = math.exp(np.mean(losses)), []
        score = _check(trainer, held_out, history, step, spent + seconds, training_perplexity)
        print(
            f"step {step}/{limits.steps}  perplexity {training_perplexity:.3f}, "
            f"held out {score.perplexity:.3f}  next note {100 * score.note_accuracy:.1f} %  {left}",
            flush=True,
        )
        if step - history.best["step"] >= limits.patience * limits.check_every:
            return f"stopped at step {step}: no gain on the held-out melodies in {limits.patience} checks"
    return (
        f"stopped at step {step}, the same command goes on" if step < limits.steps else f"{step} steps done"
    )


def _check(
    trainer: Trainer,
    held_out: HeldOut,
    history: History,
    step: int,
    seconds: float,
    training_perplexity: float,
) -> metrics.Score:
    """Save, judge by the held-out melodies, write the history and draw its curve."""
    with network.Predictor.of_checkpoint(held_out.config, trainer.save("latest")) as predictor:
        score = held_out.score(predictor)
    if not history.best or score.perplexity < history.best["perplexity"]:
        trainer.save("best")
    history.add(step=step, seconds=seconds, training_perplexity=training_perplexity, **asdict(score))
    markov = next(iter(held_out.baselines.values()))
    curve.draw(history, trainer.folder / "loss.png", trainer.folder.name, markov.perplexity)
    return score


class StopSignal:
    """Remembers that Ctrl-C or a polite kill came, so that the step in hand can be finished and kept."""

    def __init__(self):
        self.asked = False
        for kind in (signal.SIGINT, signal.SIGTERM):
            signal.signal(kind, self._ask)

    def _ask(self, number, frame) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a second Ctrl-C ends at once


def _progress(text: str) -> None:
    if sys.stdout.isatty():
        print(f"\r{text}\x1b[K\r", end="", flush=True)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
