"""Train a small RAVE on what `setup/dlwa dataset rave` has made.

    setup/dlwa train rave [--preset minutes|coffee|night] [--from starter_drums]

The run's folder gets NAME.ts, which [rave~] plays: the best so far, by its distance on sounds that it never heard.
Ctrl-C stops; the same command goes on. A training begins with the weights of `base` where its size is the same.
"""

import hashlib
import sys
from pathlib import Path

from dlwakit.training.options import given, train_parser
from dlwakit.training.patience import ENDLESS, MINUTES, NOTHING, Clock, keep_stage, seconds_for
from dlwakit.training.run import Plot, Run

from .training.presets import EXPECT, FIRST_STAGE, PRESETS, STEPS, USUAL_FIRST_STAGE

BASE = "base"
DEFAULTS = {
    "data": "runs/rave/data",
    "source": BASE,
    "preset": "minutes",
    "batch_size": 4,
    "learning_rate": 1e-3,
    "beta": 0.002,
    "first_stage": 0,
    "seed": 0,
}
STATE = "state.pt"
PLOTS = [
    Plot(
        "multi-scale spectral distance (lower is better)",
        {
            "distance": "what it learns from",
            "held_out": "held out",
            "playable": "held out, the model that plays",
        },
    ),
    Plot("divergence of the latents", {"divergence": "nats for each latent vector"}),
]


def main(arguments=None):
    """Run the program; returns its exit status."""
    parser = train_parser(
        "rave", __doc__, DEFAULTS, steps="as many as the preset has time for",
        preset={"choices": PRESETS}, batch_size={"help": "segments in one step"},
    )  # fmt: skip
    parser.begin.add_argument(
        "--beta", metavar="X", type=float, help="how much the latents must look like noise (default: 0.002)"
    )
    parser.begin.add_argument(
        "--first-stage",
        metavar="N",
        type=int,
        help="steps until the encoder rests and a discriminator teaches the decoder (default: as the preset has it)",
    )
    parser.add("--check-every", says="by time", group=parser.today)
    parser.add_hidden("--batch", dest="batch_size", type=int)
    parser.add_hidden("--evaluate", nargs="+")
    options = parser.parse(arguments)
    if models := getattr(options, "evaluate", None):
        from .evaluate import main as evaluate

        return evaluate([*models, *(["--data", options.data] if options.data else [])])
    return parser.run(lambda: train(*open_run(options)))


def open_run(options):
    """(run, (facts, sounds), seconds it may last or None, threads) that the options mean. Raises UserError."""
    from .dataset import read_data  # librosa and torch take seconds; --help should not

    run = Run(
        options.run or Path("runs/rave") / f"my_{options.preset or DEFAULTS['preset']}",
        "rave",
        DEFAULTS,
        given(options, DEFAULTS),
        goal=ENDLESS,
        check_every=options.check_every or ENDLESS,
        plots=PLOTS,
        watch="held_out",
        learned="distance",
        may_change=("data",),
    )
    preset = run.settings["preset"]
    facts, sounds = read_data(Path(run.settings["data"]))
    run.fix(rate=facts["rate"])
    run.use_data(hashlib.sha256(sounds["train"]).hexdigest()[:12])
    about = {"sounds": len(facts["sounds"]), "seconds": facts["seconds"], "Hz": facts["rate"]}
    run.describe(about, run.settings["data"])
    seconds = None
    if options.minutes or preset in MINUTES:
        seconds = seconds_for(options, MINUTES.get(preset))
    run.goal = options.steps or (STEPS[preset] if seconds is None else ENDLESS)
    return run, (facts, sounds), seconds, options.threads


def make_trainer(run, facts, sounds):
    """A Trainer that goes on where the run is, or begins; says what it begins with. Raises UserError."""
    from .training import warm
    from .training.trainer import Trainer

    settings = run.settings
    size = {"rate": facts["rate"], **PRESETS[settings["preset"]]}
    trainer = Trainer(size, sounds, size.pop("segment"), settings)
    state, source = run.checkpoints / STATE, settings["source"]
    if state.is_file():
        trainer.restore(state)
    elif source == BASE:
        weights, said = warm.usual_source(source, trainer.rave)
        run.log(said)
        if weights:
            trainer.begin_with(weights, source)
    elif source != NOTHING:
        trainer.begin_with(warm.open_source(source), source)
    return trainer


def stage(settings, progress, trainer):
    """(whether it is the second stage, how much of the stage is over) at a progress of 0 to 1."""
    if settings["first_stage"]:
        return trainer.step >= settings["first_stage"], progress
    share = FIRST_STAGE.get(settings["preset"], USUAL_FIRST_STAGE)
    if progress < share and not trainer.second:
        return False, progress / share
    return share < 1, max(0.0, progress - share) / (1 - share) if share < 1 else progress


def train(run, data, seconds, threads):
    """Train until the time is over, the goal is reached or a signal comes; the exit status."""
    import torch

    torch.set_num_threads(threads or torch.get_num_threads())
    by_steps = run.check_every != ENDLESS
    with run:
        trainer = make_trainer(run, *data)
        run.begin(trainer.step)
        if seconds:
            run.log(
                f"{seconds / 60:g} minutes in all: {EXPECT.get(run.settings['preset'], 'as long as you say')}"
            )
        clock = Clock(run, seconds)
        if run.lacks_check(trainer.step, trainer.is_warm):
            check(run, trainer, data[0]["rate"])
        progress = clock.progress(trainer.step)
        while run.wants_more(trainer.step):
            second, part = stage(run.settings, progress, trainer)
            numbers = trainer.learn(part, second)
            run.progress(trainer.step, **numbers)
            progress = clock.progress(trainer.step)
            if run.check_due(trainer.step) if by_steps else clock.check_due(trainer.step):
                check(run, trainer, data[0]["rate"])
    return run.exit_status


def check(run, trainer, rate):
    """Save the state, judge the averaged weights and, where they are good enough, make them the model that plays."""
    from .training.trainer import may_play

    model, means = run.folder / f"{run.folder.name}.ts", run.means()
    trainer.save(run.checkpoints / STATE)
    found = trainer.judge()
    playable = {}
    if may_play(found.distance, run.history, trainer.second) or not model.exists():
        trainer.export(model, found.gain)
        playable = {"playable": found.distance}
    elif run.history.comparable:
        playable = {name: value for name, value in run.history.rows[-1].items() if name == "playable"}
    run.preview(trainer.step, trainer.play(found.gain), rate)
    keep_stage(run, [model])
    run.check(trainer.step, **means, held_out=found.distance, **playable)


if __name__ == "__main__":
    sys.exit(main())
