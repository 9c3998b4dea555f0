"""Train a GANSynth by regression: the generator learns to paint the notes of a set, each from a code of its own.

    setup/dlwa train gansynth [--preset minutes|coffee|night] [--from my_run|nothing]

It is no adversarial training: there is no discriminator, and random points are blends of the notes that it has seen.
Ctrl-C stops and keeps what was learned; the same command goes on. The run folder holds the page `report.html` and the
model, in a folder of the run's own name, which patches can load at any time.
"""

import sys
from dataclasses import dataclass

import torch
from dlwakit.training import nearness
from dlwakit.training.options import given, train_parser
from dlwakit.training.patience import ENDLESS, MINUTES, NOTHING, Clock, keep_stage, seconds_for
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
    nearness.PLOT,
]
FITTING = "fitting"  # what --from means by the starter that fits, where one has the sample rate
DEFAULTS = {
    "data": str(DATA),
    "source": FITTING,
    "preset": "minutes",
    "seed": 0,
    "batch_size": 8,
    "learning_rate": 0.008,
}
STATE = "last.pt"


@dataclass
class Training:
    """What a training needs: run, notes, magenta's flags, a model to begin with, seconds it may last, a measure."""

    run: Run
    notes: Notes
    flags: dict
    source: ModelFolder | None
    seconds: float | None
    nearness: nearness.Nearness


def open_training(options):
    """The Training that the options mean, to begin or to go on with. Raises UserError, FileNotFoundError."""
    folder = options.run or RUNS / f"my_{options.preset or DEFAULTS['preset']}"
    run = Run(
        folder,
        "gansynth",
        DEFAULTS,
        given(options, DEFAULTS),
        goal=ENDLESS,
        check_every=ENDLESS,
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
    run.fix(pitches=notes.pitches, rate=notes.sample_rate, samples=notes.audio_length)
    run.use_data(notes.fingerprint)
    run.describe(
        {
            "notes": len(notes),
            "timbres": len(notes.timbres),
            "pitches": len(notes.pitches),
            "held out": len(notes.held_out),
            "seconds of each": notes.audio_length / notes.sample_rate,
        },
        run.settings["data"],
    )
    flags = flags_for(preset, notes.sample_rate, notes.audio_length)
    if not (run.checkpoints / STATE).exists():
        source = _source(run.settings["source"], notes)
        run.settings["sizes"] = sizes_of(source, notes.sample_rate) if source else {}
    flags |= run.settings.get("sizes", {})
    run.goal = options.steps * run.settings["batch_size"] if options.steps else ENDLESS
    near = nearness.Nearness(notes.audio[notes.learned], notes.audio[notes.held_out], notes.sample_rate)
    run.compare(nearness.PLOT.title, near.lines)
    return Training(run, notes, flags, source, seconds_for(options, MINUTES[preset]), near)


def _source(name, notes):
    """The model to begin with, or None. Raises UserError."""
    if name == NOTHING:
        return None
    if name != FITTING:
        return open_source(name)
    starter = open_source("starter_instruments" if len(notes.pitches) > 1 else "starter_textures")
    return starter if starter.sample_rate == notes.sample_rate else None


def train(training):
    """Train until the time is over, the goal is reached or a signal comes; the exit status."""
    run = training.run
    model = run.folder / run.folder.name
    with run:
        trainer = Trainer(training.notes, training.flags, run.settings, training.source)
        trainer.go_on(run.checkpoints / STATE)
        run.begin(trainer.images)
        if not trainer.images:
            run.log(
                f"with the weights of {training.source.name}" if training.source else "with random weights"
            )
        if run.lacks_check(trainer.images):
            _check(training, trainer, model)
        clock = Clock(run, training.seconds)
        progress = clock.progress(trainer.images)
        while run.wants_more(trainer.images):
            numbers = trainer.learn(progress)
            run.progress(trainer.images, **numbers)
            progress = clock.progress(trainer.images)
            if clock.check_due(trainer.images):
                _check(training, trainer, model)
        if model.exists():
            run.log(f"wrote {model}")
            run.log(f"next  setup/dlwa checkpoints add {model}")
    return run.exit_status


def _check(training, trainer, model):
    run, means = training.run, training.run.means()
    trainer.save(run.checkpoints / STATE)
    best, figures = run.history.best("training_db"), trainer.judge()
    if best is None or not model.exists() or figures["training_db"] <= best["training_db"]:
        trainer.export(model)
    sound = trainer.preview()
    run.preview(trainer.images, sound, trainer.notes.sample_rate)
    keep_stage(run, [model])
    run.check(trainer.images, **means, **figures, **training.nearness.of(sound))


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
    options = parser.parse(arguments)
    torch.set_num_threads(options.threads or torch.get_num_threads())
    return parser.run(lambda: train(open_training(options)))


if __name__ == "__main__":
    sys.exit(main())
