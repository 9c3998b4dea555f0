"""Train a prior for a RAVE, or any other model with encode and decode: how the latents of your sounds go on.

    setup/dlwa train prior MODEL --data FOLDER [--preset minutes|coffee|night]

FOLDER holds sounds, or is what `setup/dlwa dataset rave` has made. The run's folder gets MODEL.prior.safetensors: the
best so far, by the likelihood of sounds that it never heard. Put it beside the model, or `setup/dlwa checkpoints add`
it; then the model makes up sound by itself, in rave_prior.pd and by `generate`. Ctrl-C stops; the same command goes on.
"""

import hashlib
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from dlwakit.training.options import given, train_parser
from dlwakit.training.patience import ENDLESS, MINUTES, Clock, keep_stage, seconds_for
from dlwakit.training.run import Plot, Run
from modelfiles.errors import UserError

PATIENCE = {**MINUTES, "minutes": 2}
NATS = "negative log-likelihood, nats for each latent vector (lower is better)"
DEFAULTS = {
    "model": None,
    "data": "runs/rave/data",
    "preset": "minutes",
    "batch_size": 16,
    "learning_rate": 4e-3,
    "seed": 0,
}
STATE, LATENTS = "state.pt", "latents.npz"
VARIED_S = 900  # of sound, up to which it is also learned from in other ways
VARIATIONS = ((-1, 1.0), (1, 0.94), (-1, 1.06))  # sign and speed
USUAL_RATE = 48000  # of a model that does not tell
PREVIEW_S = 4
PREVIEW_SEED = 0
COMPARED_S = 60  # of what is learned from, and of what is held out


def main(arguments=None):
    """Run the program; returns its exit status."""
    parser = train_parser(
        "prior", __doc__, DEFAULTS, steps="as many as the preset has time for",
        preset={"choices": PATIENCE}, batch_size={"help": "segments in one step"},
        data={"help": "folder of sounds, or data set that setup/dlwa dataset rave wrote"},
    )  # fmt: skip
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="name, path or run folder of the model; only one that you made or trust",
    )
    parser.add_argument(
        "--no-program", action="store_true", help="refuse a model whose own program would have to play"
    )
    parser.add("--check-every", says="by time", group=parser.today)
    options = parser.parse(arguments)
    return parser.run(lambda: train(options))


def train(options):
    """Train until the time is over, the goal is reached or a signal comes; the exit status."""
    import torch  # takes seconds; --help should not
    from dlwakit.training.nearness import PLOT, Nearness

    from .model import load
    from .prior_files import NONE
    from .training.warm import model_path

    torch.set_num_threads(options.threads or torch.get_num_threads())
    path = model_path(options.model)
    options.model = str(path)
    model = load(path, prior=NONE, program=not options.no_program)
    if not {"encode", "decode"} <= model.methods.keys():
        raise UserError("input", f"a prior needs a model with encode and decode; {path.name} has not both")
    run = open_run(options)
    with run:
        latents = read_latents(run, model)
        trainer = make_trainer(run, model, latents)
        run.compare(NATS, trainer.baselines())
        near = Nearness(*(decoded(model, latents[part]) for part in ("train", "held_out")), model.rate)
        run.compare(PLOT.title, near.lines)
        run.begin(trainer.step)
        work(run, trainer, model, near, options)
    return run.exit_status


def open_run(options):
    """The run that the options mean. Raises UserError."""
    from dlwakit.training.nearness import PLOT

    preset = options.preset or DEFAULTS["preset"]
    run = Run(
        options.run or Path("runs/prior") / f"my_{preset}",
        "prior",
        DEFAULTS,
        given(options, DEFAULTS),
        goal=options.steps or ENDLESS,
        check_every=options.check_every or ENDLESS,
        plots=[Plot(NATS, {"nats": "what it learns from", "held_out": "held out"}), PLOT],
        watch="held_out",
        learned="nats",
        may_change=("data", "model"),
    )
    run.fix(model_sha256=hashlib.sha256(Path(options.model).read_bytes()).hexdigest())
    return run


def read_latents(run, model):
    """{"train", "held_out": float32 [latents, n]} of the sounds; kept in the run, which goes on without them."""
    import numpy as np
    from modelfiles.bounded import read_npz

    kept = run.checkpoints / LATENTS
    if not kept.is_file():
        part = kept.with_suffix(".part.npz")
        np.savez(part, **encoded(model, Path(run.settings["data"]), run.log))
        part.replace(kept)
    latents = read_npz(kept)
    run.describe(
        {
            "model": Path(run.settings["model"]).name,
            "latent vectors": latents["train"].shape[1],
            "held out": latents["held_out"].shape[1],
        }
    )
    return latents


def encoded(model, folder, log):
    """The latents of a folder's sounds; see `read_latents`.

    Little sound is encoded four times: as it is, upside down, and a semitone lower and higher.
    """
    import numpy as np

    from .dataset import read_or_build

    with TemporaryDirectory() as built:
        facts, sounds = read_or_build(folder, Path(built), model.rate or USUAL_RATE, log)
    rate = facts["rate"]
    log(f"encodes {facts['seconds']:.0f} s of sound")
    audio = {part: samples.astype(np.float32) / 32768 for part, samples in sounds.items()}
    latents = {part: model.encode(sound, rate) for part, sound in audio.items()}
    if facts["seconds"] <= VARIED_S:
        others = [model.encode(sign * audio["train"], round(speed * rate)) for sign, speed in VARIATIONS]
        latents["train"] = np.concatenate([latents["train"], *others], 1)
    return latents


def make_trainer(run, model, latents):
    """A PriorTrainer that goes on where the run is, or begins."""
    from .training.prior import PRESETS, PriorTrainer

    settings, state = run.settings, run.checkpoints / STATE
    ratio = model.methods["decode"].in_ratio
    trainer = PriorTrainer(latents, PRESETS[settings["preset"]], settings, model.rate, ratio)
    if state.is_file():
        trainer.restore(state)
    return trainer


def work(run, trainer, model, near, options):
    """The steps and checks of a training."""
    from .training.prior import EXPECT

    seconds = seconds_for(options, PATIENCE[run.settings["preset"]])
    if seconds:
        run.log(f"{seconds / 60:g} minutes in all: {EXPECT[run.settings['preset']]}")
    clock = Clock(run, seconds)
    if run.lacks_check(trainer.step):
        check(run, trainer, model, near)
    progress = clock.progress(trainer.step)
    while run.wants_more(trainer.step):
        run.progress(trainer.step + 1, nats=trainer.learn(progress))
        progress = clock.progress(trainer.step)
        if run.check_due(trainer.step) if options.check_every else clock.check_due(trainer.step):
            check(run, trainer, model, near)


def check(run, trainer, model, near):
    """Save the state and judge the averaged weights; the best so far are what plays."""
    from .engine.prior import write_prior
    from .prior_files import SUFFIX

    means, best = run.means(), run.history.best("held_out")
    file = run.folder / f"{Path(run.settings['model']).stem}{SUFFIX}"
    trainer.save(run.checkpoints / STATE)
    held_out = trainer.judge()
    if best is None or held_out < best["held_out"] or not file.exists():
        write_prior(file, trainer.prior())
        sound = preview(trainer.prior(), model)
        run.preview(trainer.step, sound, model.rate)
        means |= near.of(sound)
    keep_stage(run, [file])
    run.check(trainer.step, **means, held_out=held_out)


def decoded(model, latents):
    """What the model plays of the beginning of some latents, float32 [n]: sounds as a prior can make them at best."""
    ratio = model.methods["decode"].in_ratio
    return model.decode(latents[:, : round(COMPARED_S * model.rate / ratio)], seed=PREVIEW_SEED)[0]


def preview(prior, model):
    """What a prior makes up, as sound float32 [n] with a peak of 0.9 at most."""
    import numpy as np
    import torch

    torch.manual_seed(PREVIEW_SEED)
    latents = prior.player().play([1.0] * round(PREVIEW_S * prior.rate / prior.ratio))
    sound = model.decode(latents, seed=PREVIEW_SEED)[0]
    return sound * min(1.0, 0.9 / max(float(np.abs(sound).max()), 1e-9))


if __name__ == "__main__":
    sys.exit(main())
