"""Train a GANSynth by regression: the generator learns to paint the notes of a set, each from a code of its own.

    setup/dlwa train gansynth [--preset minutes|coffee|night] [--from starter_instruments]

It is no adversarial training: there is no discriminator, and random points are blends of the notes that it has seen.
Ctrl-C stops and keeps what was learned; the same command goes on. The run folder holds the page `report.html` and the
model, in a folder of the run's own name, which patches can load at any time.
"""

import hashlib
import shutil
import sys
import time
from dataclasses import dataclass

import torch
from dlwakit.training.options import given, train_parser
from dlwakit.training.run import Plot, Run
from modelfiles.errors import UserError

from .folder import ModelFolder
from .presets import DATA, RUNS
from .training.loop import Trainer
from .training.notes import Notes
from .training.presets import PRESETS, flags_for
from .training.warm import open_source, sizes_of

DISTANCE = "how far its notes are from yours, decibels (lower is better)"
PLOTS = [
    Plot(DISTANCE, {"training_db": "notes that it learns from", "held_out_db": "held out"}),
    Plot("losses", {"power": "power", "linear": "frequency", "sound": "sound"}),
]
NOTHING = "nothing"  # to begin with: random weights
DEFAULTS = {
    "data": str(DATA),
    "source": NOTHING,
    "preset": "minutes",
    "seed": 0,
    "batch_size": 8,
    "learning_rate": 0.008,
}
STATE = "last.pt"
STAGES = "stages"  # models of the run's youth, at powers of two of the time
FIRST_STAGE = 15  # seconds
CHECKS = (20, 60, 200)  # seconds between checks: at least, at most; checks in a training
FAR = 10**9  # images that no training reaches: the time is its end
MEASURED = 10  # steps from which the speed is known


@dataclass
class Training:
    """What a training needs: its run, its notes, magenta's flags, a model to begin with, seconds it may last."""

    run: Run
    notes: Notes
    flags: dict
    source: ModelFolder | None
    seconds: float | None


def open_training(options):
    """The Training that the options mean, to begin or to go on with. Raises UserError, FileNotFoundError."""
    folder = options.run or RUNS / f"my_{options.preset or DEFAULTS['preset']}"
    run = Run(
        folder,
        "gansynth",
        DEFAULTS,
        given(options, DEFAULTS),
        goal=FAR,
        check_every=FAR,
        plots=PLOTS,
        watch="training_db",
        unit="image",
        may_change=("data",),
    )
    preset, source = run.settings["preset"], None
    if preset not in PRESETS:
        hint = "adversarial runs go on with setup/dlwa train gansynth-adversarial"
        raise UserError("input", f"there is no preset '{preset}': take {', '.join(PRESETS)}", hint)
    notes = Notes(run.settings["data"])
    run.fix(pitches=notes.pitches, sounds=hashlib.sha256(notes.audio).hexdigest()[:12])
    run.describe(
        {
            "notes": len(notes),
            "timbres": len(notes.timbres),
            "pitches": len(notes.pitches),
            "held out": len(notes.held_out),
            "seconds of each": notes.audio_length / notes.sample_rate,
        }
    )
    flags = flags_for(preset, notes.sample_rate, notes.audio_length)
    if run.settings["source"] != NOTHING and not (run.checkpoints / STATE).exists():
        source = open_source(run.settings["source"])
        run.settings["sizes"] = sizes_of(source, notes.sample_rate)
    flags |= run.settings.get("sizes", {})
    run.goal = options.steps * run.settings["batch_size"] if options.steps else FAR
    seconds = None if options.steps else 60 * (options.minutes or PRESETS[preset]["minutes"])
    return Training(run, notes, flags, source, seconds)


class Clock:
    """How much of a training is over, by images or by time, and when a check is due."""

    def __init__(self, run, seconds):
        self._run, self._seconds = run, seconds
        self._begun = self._checked = None

    def progress(self, images):
        """0 to 1; ends the run when its time is over, and tells it how many images it will be."""
        if self._seconds is None:
            return images / self._run.goal
        spent = self._run.seconds
        if self._begun is None:
            self._begun = spent, images
        if spent >= self._seconds:
            self._run.enough(f"{self._seconds / 60:g} minutes are over")
        learned = images - self._begun[1]
        if learned >= MEASURED * self._run.settings["batch_size"]:
            left = (self._seconds - spent) * learned / (spent - self._begun[0])
            self._run.goal = images + max(1, round(left))
        return min(1.0, spent / self._seconds)

    def check_due(self, images):
        """Whether it is time for a check: at regular intervals, at stages, before a stop."""
        now = time.monotonic()
        if self._checked is None:
            self._checked = now
        between = min(CHECKS[1], max(CHECKS[0], (self._seconds or 0) / CHECKS[2]))
        due = now - self._checked >= between or not self._run.wants_more(images)
        if due:
            self._checked = now
        return due


def train(training):
    """Train until the time is over, the goal is reached or a signal comes; the exit status."""
    run = training.run
    model = run.folder / run.folder.name
    with run:
        trainer = Trainer(training.notes, training.flags, run.settings, training.source)
        trainer.go_on(run.checkpoints / STATE)
        run.begin(trainer.images)
        clock = Clock(run, training.seconds)
        progress = clock.progress(trainer.images)
        while run.wants_more(trainer.images):
            run.progress(trainer.images, **trainer.learn(progress))
            progress = clock.progress(trainer.images)
            if clock.check_due(trainer.images):
                _check(run, trainer, model)
        if model.exists():
            run.log(f"wrote {model}")
            run.log(f"next  setup/dlwa checkpoints add {model}")
    return run.exit_status


def _check(run, trainer, model):
    trainer.save(run.checkpoints / STATE)
    trainer.export(model)
    before = run.history.seconds
    run.check(trainer.images, **run.means(), **trainer.judge())
    run.preview(trainer.images, trainer.preview(), trainer.notes.sample_rate)
    stage = FIRST_STAGE
    while 2 * stage <= run.history.seconds:
        stage *= 2
    if before < stage <= run.history.seconds:
        _keep(model, run.folder / STAGES / f"{stage:06d}s")


def _keep(model, stage):
    """Keep a copy of the model as it is now."""
    shutil.rmtree(stage, ignore_errors=True)
    shutil.copytree(model, stage)


def main(arguments=None):
    """Run the program; returns its exit status."""
    parser = train_parser(
        "gansynth",
        __doc__,
        DEFAULTS,
        steps="as many as the preset has time for",
        unit="image",
        preset={"choices": PRESETS},
        batch_size={"help": "notes in one step"},
    )
    parser.begin.add_argument(
        "--from",
        dest="source",
        metavar="MODEL",
        help=f"model or run folder to begin with, or {NOTHING} (default: {NOTHING})",
    )
    options = parser.parse(arguments)
    torch.set_num_threads(options.threads or torch.get_num_threads())
    return parser.run(lambda: train(open_training(options)))


if __name__ == "__main__":
    sys.exit(main())
