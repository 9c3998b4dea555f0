"""Train a small RAVE on what `setup/dlwa dataset rave` has made.

    setup/dlwa train rave DATASET [--preset laptop] [--run FOLDER] [--steps N]
    setup/dlwa train rave DATASET --evaluate MODEL.ts

The run's folder gets NAME.ts, which [rave~] plays. The same command again goes on where the run was stopped.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from dlwakit.training.run import Plot, Run, program
from modelfiles.errors import UserError

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
DEFAULTS = {"preset": "laptop", "batch": 8, "learning_rate": 1e-3, "beta": 0.002, "first_stage": 0, "seed": 0}


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="dlwa train rave", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", type=Path, help="folder that `dlwa dataset rave` has written")
    begin = parser.add_argument_group("the run (kept in it when it goes on)")
    begin.add_argument("--preset", choices=PRESETS, help="size of the network (laptop)")
    begin.add_argument("--batch", type=int, help="segments in one step (8)")
    begin.add_argument("--learning-rate", type=float, help="size of the corrections (0.001)")
    begin.add_argument("--beta", type=float, help="how much the latents must look like noise (0.002)")
    begin.add_argument(
        "--first-stage",
        type=int,
        help="steps until the encoder rests and a critic teaches the decoder (as the preset has it)",
    )
    begin.add_argument("--seed", type=int, help="start of all random choices (0)")
    today = parser.add_argument_group("today")
    today.add_argument("--run", type=Path, help="run folder; its name names the model (runs/rave/my_PRESET)")
    today.add_argument("--steps", type=int, help="steps in all (twice the preset's first stage)")
    today.add_argument("--check-every", type=int, default=250, help="steps between checks (%(default)s)")
    today.add_argument("--threads", type=int, default=0, help="processor cores to use (all)")
    parser.add_argument(
        "--evaluate",
        nargs="+",
        type=Path,
        metavar="MODEL",
        help="train nothing; judge .ts files that you made",
    )
    options = parser.parse_args(arguments)
    return program("setup/dlwa train rave", lambda: evaluate(options) if options.evaluate else train(options))


def train(options):
    chosen = {name: value for name in DEFAULTS if (value := getattr(options, name)) is not None}
    preset = chosen.get("preset", DEFAULTS["preset"])
    run = Run(
        options.run or Path("runs/rave") / f"my_{preset}",
        "rave",
        DEFAULTS,
        chosen,
        goal=options.steps or 2 * FIRST_STAGE[preset],
        check_every=options.check_every,
        plots=[
            Plot("multi-scale spectral distance (lower is better)", {"distance": "what it learns from",
                                                                      "held_out": "held out"}),
            Plot("divergence of the latents", {"divergence": "nats for each latent vector"}),
        ],
        watch="held_out",
        learned="distance",
    )  # fmt: skip
    facts, sounds = read(options.dataset)
    run.fix(seconds=facts["seconds"], rate=facts["rate"])
    run.describe({"sounds": len(facts["sounds"]), "seconds": facts["seconds"], "Hz": facts["rate"]})

    from rave_rt.training.trainer import Trainer  # torch takes seconds; --help should not

    settings = run.settings
    sizes = PRESETS[settings["preset"]]
    with run:
        trainer = Trainer(
            {"rate": facts["rate"], **{key: value for key, value in sizes.items() if key != "segment"}},
            sounds,
            sizes["segment"],
            settings,
            settings["first_stage"] or FIRST_STAGE[settings["preset"]],
            options.threads,
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


def read(folder):
    """(facts, {"train", "held_out": int16 [n]}) of a data set."""
    import numpy as np

    if not (folder / "dataset.json").is_file():
        raise UserError(
            "file", f"there is no data set in {folder}: make one with setup/dlwa dataset rave FOLDER"
        )
    facts = json.loads((folder / "dataset.json").read_text())
    return facts, {part: np.load(folder / f"{part}.npy") for part in ("train", "held_out")}


def evaluate(options):
    """Print the figures of models on the data set's held-out sounds."""
    from rave_rt.training.score import score

    facts, sounds = read(options.dataset)
    for path in options.evaluate:
        print(
            json.dumps(
                {"model": path.name, **asdict(score(path, sounds["held_out"], facts["rate"]))}, indent=2
            )
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
