"""Train an instrument: a DDSP model of ddsp's own layout, in torch.

    setup/dlwa train ddsp [--preset minutes|coffee|night] [--from starter_cello]

It begins with the weights of an instrument that comes with the lesson, or of the one that --from names. Ctrl-C stops
and keeps what was learned; the same command goes on. The run folder holds the page `report.html` and the model, in a
folder of the run's own name, which patches can load at any time.
"""

import sys

import numpy as np
import torch
from dlwakit.training.options import given, train_parser
from dlwakit.training.patience import ENDLESS, NOTHING, Clock, keep_stage, seconds_for
from dlwakit.training.run import Plot, Run
from modelfiles.errors import UserError

from .engine.pitch import SAMPLE_RATE
from .training.examples import load_examples
from .training.loop import Trainer
from .training.presets import INPUTS, PRESETS, RUNS, SIZES, minutes_of
from .training.warm import USUAL, open_source

LOSS = "spectral loss (lower is better)"
DEFAULTS = {
    "data": str(RUNS / "data"),
    "source": "",
    "preset": "minutes",
    "batch_size": 8,
    "learning_rate": 0.01,
    "seed": 0,
}
STATE = "last.pt"
STRETCH = 250  # frames that a step learns from


def open_training(options):
    """(Run, Trainer, seconds) that the options mean, to begin or to go on with. Raises UserError."""
    run = Run(
        options.run or RUNS / f"my_{options.preset or DEFAULTS['preset']}",
        "ddsp",
        DEFAULTS,
        given(options, DEFAULTS),
        goal=options.steps or ENDLESS,
        check_every=ENDLESS,
        plots=[Plot(LOSS, {"training": "what it learns from", "held_out": "held out"})],
        watch="held_out",
        learned="training",
        may_change=("data",),
    )
    examples = load_examples(run.settings["data"])
    run.use_data(examples.fingerprint)
    learned = examples.learned
    run.describe(
        {
            "examples": len(learned["audio"]),
            "held out": len(examples.held_out["audio"]),
            "seconds of each": learned["audio"].shape[1] / SAMPLE_RATE,
            "with a pitch": f"{np.mean(learned['f0_confidence'] >= 0.5):.0%}",
        },
        run.settings["data"],
    )
    size, begin = model_of(run)
    settings = {**run.settings, "frames": STRETCH}
    return (
        run,
        Trainer(examples, settings, size, begin),
        seconds_for(options, minutes_of(run.settings["preset"])),
    )


def model_of(run):
    """(size, weights to begin with or None) of a run's model; a run that goes on has its own weights."""
    settings = run.settings
    size = PRESETS[settings["preset"]]
    if (run.checkpoints / STATE).exists():
        return settings["size"], {"inputs": settings["inputs"]}
    if run.history.rows:
        hint = f"give another --run; --from {run.folder} begins with its weights"
        raise UserError("state", f"the run in {run.folder} was trained by the ddsp package", hint)
    settings["source"] = settings["source"] or (USUAL if settings["preset"] in SIZES else NOTHING)
    begin = {"inputs": INPUTS}
    if settings["source"] != NOTHING:
        size, begin = open_source(settings["source"], size["reverb"])
    settings |= {"size": size, "inputs": list(begin["inputs"])}
    return size, begin


def train(run, trainer, seconds):
    """Train until the time is over, the goal is reached or a signal comes; the exit status."""
    model = run.folder / run.folder.name
    with run:
        trainer.go_on(run.checkpoints / STATE)
        run.begin(trainer.step)
        if run.since == trainer.step:
            trainer.best = float("inf")
        run.log(expected(run, trainer, seconds))
        if run.lacks_check(trainer.step, trainer.is_warm):
            check(run, trainer, model)
        clock = Clock(run, seconds)
        progress = clock.progress(trainer.step)
        while run.wants_more(trainer.step):
            loss = trainer.learn(progress)
            run.progress(trainer.step, training=loss)
            progress = clock.progress(trainer.step)
            if clock.check_due(trainer.step):
                check(run, trainer, model)
        if model.exists():
            run.log(f"wrote {model}: load it in day 2's patch")
    return run.exit_status


def expected(run, trainer, seconds):
    """What a person can expect of this training, in a line."""
    long = f"{trainer.settings['preset']}: {seconds / 60:g} minutes" if seconds else f"{run.goal} steps"
    source = run.settings["source"]
    if source == NOTHING:
        return f"{long} from random weights; an instrument is heard after two to three minutes"
    return f"{long} from {source}; your instrument is heard after the first minute"


def check(run, trainer, model):
    """Judge the averaged weights, keep them, and make them the model that plays if none before was better."""
    means = run.means()
    held_out = trainer.examples.held_out
    judged, made = trainer.judge(held_out)
    better = judged <= trainer.best
    trainer.best = min(judged, trainer.best)
    trainer.save(run.checkpoints / STATE)
    if better:
        trainer.export(model)
    recorded = held_out["audio"][0]
    loudest = max(np.abs(recorded).max(), 1e-3)
    made = made * min(1.0, loudest / max(np.abs(made).max(), 1e-9))
    run.preview(trainer.step, np.concatenate([recorded, made[: len(recorded)]]), SAMPLE_RATE)
    keep_stage(run, [model])
    run.check(trainer.step, **means, held_out=judged)


def main(arguments=None):
    """Run the program; returns its exit status."""
    parser = train_parser(
        "ddsp",
        __doc__,
        DEFAULTS,
        steps="as many as the preset has time for",
        preset={"choices": PRESETS},
        batch_size={"help": "stretches of sound in one step"},
    )
    options = parser.parse(arguments)
    torch.set_num_threads(options.threads or torch.get_num_threads())
    return parser.run(lambda: train(*open_training(options)))


if __name__ == "__main__":
    sys.exit(main())
