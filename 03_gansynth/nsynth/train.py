"""Train an NSynth, a WaveNet autoencoder, on a data set of `dataset`. On the command line.

    setup/dlwa train nsynth [--preset minutes|coffee|night] [--from starter_notes|nothing]
    setup/dlwa train nsynth --preset official    # for a graphics card, which is used if there is one

Stop it at any time: the same command goes on where it stopped. The decoder learns to predict every sample from those
before it and from the encoding of the sound; what it sees of them carries noise, so that it listens to the encoding.
With --blends it also learns what lies between two sounds, from sums of their encodings.
The run folder holds the page `report.html` and the best model so far, in a folder of the run's own name, which
patches can load at any time.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import sys
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from dlwakit.base.files import whole_folder
from dlwakit.training.options import given, train_parser
from dlwakit.training.patience import ENDLESS, MINUTES, NOTHING, Clock, keep_stage, seconds_for
from dlwakit.training.run import Plot, Run
from modelfiles.errors import UserError
from modelfiles.finding import find
from modelfiles.places import checkpoint_folders

from .blending import CORNERS
from .dataset import Set, read_set
from .engine.config import LEVELS, PRESETS, Config
from .engine.network import Autoencoder, load, save
from .engine.store import NOTES
from .model import NSynth
from .training.trainer import Trainer, bits_per_sample, misfit

USUAL = "starter_notes"  # what trainings begin with where it fits
BITS = "bits per sample (lower is better)"
STATE = "last.pt"
STEPS = 200000  # where no time is the end
JUDGED = 8  # sounds in a check: more would take as long as the training itself
EACH = 4  # notes for each corner that are kept beside the model
DEFAULTS = {
    "data": "runs/nsynth/data",
    "source": USUAL,
    "preset": "minutes",
    "batch_size": 2,
    "learning_rate": 2e-3,
    "seed": 0,
    "blends": 0.5,
}


@dataclass
class Training:
    """What a training needs: its run, the network's sizes, its sounds, seconds it may last."""

    run: Run
    config: Config
    sounds: Set
    seconds: float | None


def open_training(options) -> Training:
    """The Training that train's options mean, to begin or to go on with. Raises UserError."""
    run = Run(
        options.run or Path("runs/nsynth", f"my_{options.preset or DEFAULTS['preset']}"),
        "nsynth",
        DEFAULTS,
        given(options, DEFAULTS),
        goal=ENDLESS,
        check_every=options.check_every or ENDLESS,
        plots=[Plot(BITS, {"training_bits": "what it learns from", "bits": "held out (never trained on)"})],
        watch="bits",
        learned="training_bits",
        may_change=("data",),
    )
    sounds = read_set(Path(run.settings["data"]))
    config = replace(PRESETS[run.settings["preset"]], sample_rate=sounds.rate)
    run.fix(**config.to_dict())
    run.use_data(hashlib.sha256(sounds.audio).hexdigest()[:12])
    seconds = sounds.audio.shape[1] / sounds.rate
    facts = {"sounds": len(sounds.audio), "held out": len(sounds.held_out), "seconds of each": seconds}
    run.describe(facts, run.settings["data"])
    run.compare(BITS, {"blind guessing": math.log2(LEVELS)})
    minutes = MINUTES.get(run.settings["preset"])
    limit = seconds_for(options, minutes) if minutes or options.minutes else None
    run.goal = options.steps or (STEPS if limit is None else ENDLESS)
    return Training(run, config, sounds, limit)


def begin(run: Run, trainer: Trainer) -> None:
    """Let a trainer go on where its run is, or begin with the model that the run names. Raises UserError."""
    source, state = run.settings["source"], run.checkpoints / STATE
    if state.exists():
        trainer.restore(state)
        return
    model = usual_source(trainer.config) if source == USUAL else None
    if source not in (USUAL, NOTHING):
        model = open_source(source)
    if model is not None:
        trainer.begin_with(model, source)
    run.log("begins with random weights" if model is None else f"begins with the weights of '{source}'")


def usual_source(config: Config) -> Autoencoder | None:
    """The starter, where it is a network of the same size."""
    try:
        model = open_source(USUAL)
    except UserError:
        return None
    return None if misfit(config, model.config) else model


def open_source(name: str) -> Autoencoder:
    """The autoencoder of a model's name or folder, or of a run's folder. Raises UserError."""
    return load(find(name, checkpoint_folders(__file__), suffixes=(".index", ".tar")), name)


def train(training: Training) -> int:
    """Train until the time is over, the goal is reached or a signal comes; the exit status."""
    run, sounds = training.run, training.sounds
    model = run.folder / run.folder.name
    with run:
        device = "cuda" if torch.cuda.is_available() else "cpu"
        trainer = Trainer(training.config, sounds.audio[sounds.learned], run.settings, device)
        begin(run, trainer)
        run.begin(trainer.step)
        if run.lacks_check(trainer.step, trainer.is_warm):
            check(training, trainer, model)
        clock = Clock(run, training.seconds)
        progress = clock.progress(trainer.step)
        while run.wants_more(trainer.step):
            bits = trainer.learn(progress)
            run.progress(trainer.step, training_bits=bits)
            progress = clock.progress(trainer.step)
            counted = run.check_every != ENDLESS
            if run.check_due(trainer.step) if counted else clock.check_due(trainer.step):
                check(training, trainer, model)
        if model.exists():
            run.log(f"the best so far is {model}: load it in nsynth.pd")
    return run.exit_status


def check(training: Training, trainer: Trainer, model: Path) -> None:
    """Save the state, judge the averaged weights; the best so far become the model that plays."""
    run, sounds = training.run, training.sounds
    means, best = run.means(), run.history.best("bits")
    trainer.save(run.checkpoints / STATE)
    network = trainer.network()
    bits = bits_per_sample(network, sounds.audio[sounds.held_out[:JUDGED]], trainer.device)
    playable = NSynth(network.cpu())
    if best is None or not model.exists() or bits <= best["bits"]:
        with whole_folder(model) as place:
            save(place, network, trainer.step)
            save_notes(place, playable, sounds)
    run.preview(trainer.step, preview(playable, sounds), sounds.rate)
    keep_stage(run, [model])
    run.check(trainer.step, **means, bits=bits)


def save_notes(folder: Path, model: NSynth, sounds: Set) -> None:
    """Write the encodings of some of the sounds beside a model: the first four become the corners in the patch."""
    spread = np.unique(np.linspace(0, len(sounds.audio) - 1, CORNERS * EACH).astype(int))
    far_apart = np.concatenate([spread[start::EACH] for start in range(EACH)])
    with zipfile.ZipFile(folder / NOTES, "w") as archive:
        for row in far_apart:
            with archive.open(f"{sounds.names[row].replace(',', ' ')}.npy", "w") as file:
                np.save(file, np.float16(model.encode(sounds.audio[row] / 32768)))


def preview(model: NSynth, sounds: Set):
    """A held-out sound, encoded and decoded: float32 [samples]."""
    encoding = model.encode(sounds.audio[sounds.held_out[0]] / 32768)
    return model.decode([encoding])[0]


def share(text: str) -> float:
    """A number of the command line from 0 to 1."""
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError("it lies from 0 to 1")
    return number


def main(arguments=None):
    """Run the program; returns its exit status."""
    parser = train_parser(
        "nsynth",
        __doc__,
        DEFAULTS,
        steps="as many as the preset has time for",
        preset={"choices": PRESETS},
        batch_size={"help": "pieces of sound in one step"},
    )
    parser.begin.add_argument(
        "--blends",
        metavar="X",
        type=share,
        help=f"share of the examples that lie between two sounds, 0 to 1 (default: {DEFAULTS['blends']})",
    )
    parser.add("--check-every", says="by time", group=parser.today)
    options = parser.parse(arguments)
    torch.set_num_threads(options.threads or torch.get_num_threads())
    return parser.run(lambda: train(open_training(options)))


if __name__ == "__main__":
    sys.exit(main())
