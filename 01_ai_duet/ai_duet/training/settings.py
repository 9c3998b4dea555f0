"""The settings of a training run, and its data set; the programs `train`."""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from dlwakit.training.patience import ENDLESS
from dlwakit.training.run import Plot, Run
from modelfiles.errors import UserError

from .melodies import Dataset

RUNS = Path("runs/melody")
DEFAULT_DATA = str(RUNS / "data")
HEALTHY = Path(__file__).with_name("healthy")  # histories of the starters' trainings
NETWORKS = ("basic_rnn", "mono_rnn", "lookback_rnn", "attention_rnn")
STARTER = "starter"  # what --from means by the starter of the same network

PERPLEXITY = "perplexity (lower is better)"
PLOTS = [
    Plot(
        PERPLEXITY,
        {"training_perplexity": "melodies it learns from", "perplexity": "melodies held out"},
    ),
    Plot("share of next notes that it guesses right", {"note_accuracy": "melodies held out"}),
]

# A run that goes on keeps these; only `data` may have changed.
DEFAULTS = {
    "network": "attention_rnn",
    "preset": "minutes",
    "data": DEFAULT_DATA,
    "source": STARTER,
    "layers": None,  # units of each LSTM layer; None: those of the source
    "batch_size": 64,  # melodies in one step
    "window": 128,  # sixteenth steps of each melody in one training step
    "learning_rate": None,  # NEW_RATE or LEARNED_RATE
    "transpose": 6,  # semitones up and down in which mono_rnn, which knows no key, hears each melody
    "keep": 0.8,  # share of each layer's outputs that dropout keeps
    "seed": 0,
}


NEW_RATE = 0.005  # the learning rate of a network that begins with random weights
LEARNED_RATE = 0.001  # of one that begins with learned weights: at larger steps it soon memorises a few tunes


def begun_with_magenta(settings: dict) -> bool:
    """Whether the settings of a run are of the time when magenta trained it, and `preset` named its network."""
    return settings["preset"] in NETWORKS


def open_run(
    options: argparse.Namespace, model: str = "melody", defaults: dict = DEFAULTS
) -> tuple[Run, Dataset]:
    """The run that train's options mean, to begin or to go on, and its melodies.

    Raises UserError when the settings are not what the run began with, or there are no melodies.
    """
    run = Run(
        options.run,
        model,
        defaults,
        options.chosen,
        goal=options.steps or ENDLESS,
        minutes=options.minutes if options.steps else None,
        check_every=options.check_every or ENDLESS,
        plots=PLOTS,
        watch="perplexity",
        learned="training_perplexity",
        may_change=("data",),
    )
    dataset = melodies(Path(run.settings["data"]))
    run.use_data(fingerprint(dataset))
    run.describe(
        {
            "source": dataset.source,
            "melodies to learn from": len(dataset.training),
            "melodies held out": len(dataset.eval),
            "bars": round(sum(melody.bars for melody in dataset.training + dataset.eval)),
            "notes": sum(len(melody.pitches) for melody in dataset.training + dataset.eval),
        },
        run.settings["data"],
    )
    return run, dataset


def fingerprint(dataset: Dataset) -> str:
    """A word that tells one data set from another."""
    return hashlib.sha256(json.dumps(asdict(dataset)).encode()).hexdigest()[:12]


def melodies(folder: Path) -> Dataset:
    """The melodies that `dataset` has put into a folder. Raises UserError when there are none."""
    try:
        return Dataset.load(folder)
    except FileNotFoundError as error:
        raise UserError(
            "file", f"no melodies in {error.filename}; first: setup/dlwa dataset melody FOLDER"
        ) from None
