"""The settings of a training run, and its data set; the program `train`."""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from dlwakit.training.run import Plot, Run
from modelfiles.errors import UserError

from .melodies import Dataset

RUNS = Path("runs/melody")
DEFAULT_DATA = str(RUNS / "data")
HEALTHY = Path(__file__).with_name("healthy")  # histories of the starters' trainings

PERPLEXITY = "perplexity (lower is better)"
PLOTS = [
    Plot(
        PERPLEXITY,
        {"training_perplexity": "melodies it learns from", "perplexity": "melodies held out"},
    ),
    Plot("share of next notes that it guesses right", {"note_accuracy": "melodies held out"}),
]


@dataclass(frozen=True)
class Settings:
    """A run that goes on keeps these; only `data` may have moved."""

    preset: str = "attention_rnn"
    data: str = DEFAULT_DATA
    layers: tuple[int, ...] = (128, 128)  # units of each LSTM layer
    batch_size: int = 64  # melodies in one step
    window: int = 128  # sixteenth steps of each melody in one training step
    learning_rate: float = 0.005
    transpose: int = 6  # semitones up and down in which mono_rnn, which knows no key, hears each melody
    keep: float = 0.8  # share of each layer's outputs that dropout keeps
    seed: int = 0

    @classmethod
    def of(cls, run: Run) -> Settings:
        """The settings that a run has."""
        return cls(**{**run.settings, "layers": tuple(run.settings["layers"])})


def open_run(options: argparse.Namespace) -> tuple[Run, Dataset]:
    """The run that train's options mean, to begin or to go on, and its melodies.

    Raises UserError when the settings or the melodies are not what the run began with, or not there.
    """
    run = Run(
        options.run,
        "melody",
        asdict(Settings()),
        options.chosen,
        goal=options.steps,
        minutes=options.minutes,
        check_every=options.check_every,
        plots=PLOTS,
        watch="perplexity",
        learned="training_perplexity",
        may_change=("data",),
    )
    dataset = melodies(Path(run.settings["data"]))
    run.healthy = HEALTHY / f"{run.settings['preset']}.csv"
    content = json.dumps(asdict(dataset)).encode()
    run.fix(melodies=hashlib.sha256(content).hexdigest()[:12])
    run.describe(
        {
            "source": dataset.source,
            "melodies to learn from": len(dataset.training),
            "melodies held out": len(dataset.eval),
            "bars": round(sum(melody.bars for melody in dataset.training + dataset.eval)),
            "notes": sum(len(melody.pitches) for melody in dataset.training + dataset.eval),
        }
    )
    return run, dataset


def melodies(folder: Path) -> Dataset:
    """The melodies that `dataset` has put into a folder. Raises UserError when there are none."""
    try:
        return Dataset.load(folder)
    except FileNotFoundError as error:
        raise UserError(
            "file", f"no melodies in {error.filename}; first: setup/dlwa dataset melody FOLDER"
        ) from None
