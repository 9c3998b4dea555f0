"""Train a small RAVE on what `setup/dlwa dataset rave` has made.

    setup/dlwa train rave [--preset laptop] [--run FOLDER] [--steps N]

The run's folder gets NAME.ts, which [rave~] plays. The same command again goes on where the run was stopped.
"""

import sys
from pathlib import Path

from dlwakit.training.options import given, train_parser
from dlwakit.training.run import Plot, Run

PRESETS = {
    "laptop": {"capacity": 32, "ratios": (4, 4, 2), "dilations": (1, 3), "latent": 8, "segment": 16384},
    "course": {
        "capacity": 64,
        "ratios": (4, 4, 4, 2),
        "dilations": (1, 3, 9),
        "latent": 16,
        "segment": 65536,
    },
    "v2-size": {
        "capacity": 96,
        "ratios": (4, 4, 4, 2),
        "dilations": (1, 3, 9),
        "latent": 128,
        "segment": 131072,
    },
}
FIRST_STAGE = {
    "laptop": 50_000,
    "course": 200_000,
    "v2-size": 1_000_000,
}  # steps; as many are left for the second
DEFAULTS = {
    "data": "runs/rave/data",
    "preset": "laptop",
    "batch_size": 8,
    "learning_rate": 1e-3,
    "beta": 0.002,
    "first_stage": 0,
    "seed": 0,
}


def main(arguments=None):
    """Run the program; returns its exit status."""
    parser = train_parser(
        "rave", __doc__, DEFAULTS, steps="twice the preset's first stage", check_every=250,
        preset={"choices": PRESETS}, batch_size={"help": "segments in one step"},
    )  # fmt: skip
    parser.begin.add_argument(
        "--beta", metavar="X", type=float, help="how much the latents must look like noise (default: 0.002)"
    )
    parser.begin.add_argument(
        "--first-stage",
        metavar="N",
        type=int,
        help="steps until the encoder rests and a critic teaches the decoder (default: as the preset has it)",
    )
    parser.add_hidden("--batch", dest="batch_size", type=int)
    parser.add_hidden("--evaluate", nargs="+")
    options = parser.parse(arguments)
    if models := getattr(options, "evaluate", None):
        from .evaluate import main as evaluate

        return evaluate([*models, *(["--data", options.data] if options.data else [])])
    return parser.run(lambda: train(*open_run(options), options.threads))


def open_run(options):
    """(run, facts, sounds) that the options mean, to begin or to go on. Raises UserError."""
    from .dataset import read_data  # librosa and torch take seconds; --help should not

    run = Run(
        options.run or Path("runs/rave") / f"my_{options.preset or DEFAULTS['preset']}",
        "rave",
        DEFAULTS,
        given(options, DEFAULTS),
        goal=options.steps,
        minutes=options.minutes,
        check_every=options.check_every,
        plots=[
            Plot("multi-scale spectral distance (lower is better)", {"distance": "what it learns from",
                                                                      "held_out": "held out"}),
            Plot("divergence of the latents", {"divergence": "nats for each latent vector"}),
        ],
        watch="held_out",
        learned="distance",
        may_change=("data",),
    )  # fmt: skip
    run.goal = options.steps or 2 * FIRST_STAGE[run.settings["preset"]]
    facts, sounds = read_data(Path(run.settings["data"]))
    run.fix(seconds=facts["seconds"], rate=facts["rate"])
    run.describe({"sounds": len(facts["sounds"]), "seconds": facts["seconds"], "Hz": facts["rate"]})
    return run, facts, sounds


def train(run, facts, sounds, threads):
    """Train until the goal or a signal, and export the model; the exit status."""
    from .training.trainer import Trainer

    settings = run.settings
    sizes = PRESETS[settings["preset"]]
    with run:
        trainer = Trainer(
            {"rate": facts["rate"], **{key: value for key, value in sizes.items() if key != "segment"}},
            sounds,
            sizes["segment"],
            settings,
            settings["first_stage"] or FIRST_STAGE[settings["preset"]],
            threads,
        )
        step = trainer.restore(run.checkpoints / "state.pt")
        run.begin(step)
        while run.wants_more(step):
            numbers = trainer.learn(step)
            step += 1
            run.progress(step, **numbers)
            if run.check_due(step):
                trainer.save(run.checkpoints / "state.pt", step)
                run.check(step, **run.means(), held_out=trainer.judge())
                run.preview(step, trainer.play(), facts["rate"])
                trainer.export(run.folder / f"{run.folder.name}.ts")
    return run.exit_status


if __name__ == "__main__":
    sys.exit(main())
