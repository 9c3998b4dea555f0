"""Train a SampleRNN on a data set of `dataset`. On the command line.

    setup/dlwa train samplernn [--preset minutes|coffee|night] [--from starter_voice]
    setup/dlwa train samplernn --preset course     # for a graphics card, which is used if there is one
    setup/dlwa train samplernn --preset my.config.json

Stop it at any time: the same command goes on where it stopped.

Truncated backpropagation through time: every stream of a batch reads one chunk from beginning to end, `seq_len`
samples a step, and hands its recurrent state on to the next step. The run folder holds the best model so far
(NAME.safetensors and its configuration) and the page `report.html`: curves, previews to listen to, and a verdict.
"""

import dataclasses
import hashlib
import math
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from dlwakit.training import nearness
from dlwakit.training.listening import level as decibels
from dlwakit.training.options import given, old_learning_rate, train_parser
from dlwakit.training.patience import ENDLESS, MINUTES, NOTHING, Clock, keep_stage, seconds_for
from dlwakit.training.run import Plot, Run
from modelfiles.errors import UserError
from modelfiles.finding import find
from modelfiles.places import checkpoint_folders

from .dataset import read_data
from .engine import store
from .engine.config import PRESETS, Config, read_config
from .evaluate import bits_per_sample
from .model import Generator
from .training.batches import Batches
from .training.trainer import LAST, Trainer, misfit

USUAL = "starter_voice"  # what trainings begin with where it fits
DEFAULTS = {
    "data": "runs/samplernn/data",
    "source": USUAL,
    "preset": "minutes",
    "batch_size": 8,
    "learning_rate": 2e-3,
    "seed": 0,
}
STEPS = 20000  # where no time is the end
PREVIEW_SECONDS, PREVIEW_TEMPERATURE = 2.0, 0.95
BITS, LEVEL = "bits per sample (lower is better)", "level of the preview, decibels above your sounds"
FARTHEST = (
    12  # decibels that a preview may differ from the sounds in level for its model to be the one that plays
)
EXPECT = {
    "minutes": "the colour of your sounds, in grains",
    "coffee": "strokes or syllables of your sounds, without order",
    "night": "as near to your sounds as a network of this size comes",
}


@dataclass
class Training:
    """What a training needs: run, configuration, chunks to learn from and held out, seconds it may last, a measure."""

    run: Run
    config: Config
    chunks: np.ndarray
    held_out: np.ndarray
    seconds: float | None
    nearness: nearness.Nearness


def read_preset(preset):
    """Return the configuration of a preset's name or of a configuration file."""
    if preset in PRESETS:
        return PRESETS[preset]
    if not Path(preset).exists():
        raise UserError(
            "input", f"there is no preset '{preset}': take {', '.join(PRESETS)}, or a configuration file"
        )
    return Config.from_dict(read_config(Path(preset)))


def open_run(options):
    """The Training that train's options mean, to begin or to go on with. Raises UserError."""
    preset = Path(options.preset or DEFAULTS["preset"]).name.split(".")[0]
    run = Run(
        options.run or Path("runs/samplernn", f"my_{preset}"),
        "samplernn",
        DEFAULTS,
        given(options, DEFAULTS),
        goal=ENDLESS,
        check_every=options.check_every or ENDLESS,
        plots=[
            Plot(BITS, {"training_bits": "what it learns from", "bits": "held out (never trained on)"}),
            Plot(LEVEL, {"level_db": "at temperature 0.95"}),
            nearness.PLOT,
        ],
        watch="bits",
        learned="training_bits",
        may_change=("data",),
    )
    chunks, held_out, facts = read_data(Path(run.settings["data"]))
    config = dataclasses.replace(read_preset(run.settings["preset"]), sample_rate=facts["sample_rate"])
    run.fix(**config.to_dict())
    run.use_data(hashlib.sha256(chunks).hexdigest()[:12])
    about = {name.replace("_", " "): value for name, value in facts.items() if "sounds" not in name}
    run.describe({"sounds": len(facts.get("sounds", [])), **about}, run.settings["data"])
    run.compare(BITS, {"blind guessing": math.log2(config.q_levels)})
    near = nearness.Nearness(chunks, held_out, config.sample_rate)
    run.compare(nearness.PLOT.title, near.lines)
    minutes = MINUTES.get(run.settings["preset"])
    seconds = seconds_for(options, minutes) if minutes or options.minutes else None
    run.goal = options.steps or (STEPS if seconds is None else ENDLESS)
    return Training(run, config, chunks, held_out, seconds, near)


def begin(run, trainer):
    """Let a trainer go on where its run is, or begin with the model that the run names. Raises UserError."""
    source = run.settings["source"]
    if (run.checkpoints / LAST).exists():
        trainer.restore(run.checkpoints)
    elif source == USUAL:
        _begin_as_usual(run, trainer)
    elif source != NOTHING:
        trainer.begin_with(open_source(source), source)


def _begin_as_usual(run, trainer):
    try:
        model = open_source(USUAL)
    except UserError:
        run.log(f"begins with random weights: there is no model '{USUAL}' yet")
        return
    if misfit(trainer.config, model.config):
        run.log(f"begins with random weights: '{USUAL}' is a network of another size")
    else:
        trainer.begin_with(model, USUAL)
        run.log(f"begins with the weights of '{USUAL}'; --from {NOTHING} begins with random ones")


def open_source(name):
    """The SampleRNN of a model's name or file, or of a run's folder. Raises UserError."""
    return store.read(find(name, checkpoint_folders(__file__), suffixes=(".safetensors",)), {}, name)


def train(training):
    """Train until the time is over, the goal is reached or a signal comes; the exit status."""
    run, config, settings = training.run, training.config, training.run.settings
    model = run.folder / f"{run.folder.name}.safetensors"
    with run:
        device = "cuda" if torch.cuda.is_available() else "cpu"
        trainer = Trainer(config, settings["learning_rate"], settings["seed"], device)
        begin(run, trainer)
        batches = Batches(training.chunks, settings["batch_size"], config, settings["seed"])
        run.begin(trainer.step)
        if training.seconds:
            minutes = training.seconds / 60
            run.log(f"{minutes:g} minutes in all: {EXPECT.get(settings['preset'], 'as long as you say')}")
        if run.lacks_check(trainer.step, trainer.is_warm):
            check(training, trainer, model)
        clock = Clock(run, training.seconds)
        progress = clock.progress(trainer.step)
        while run.wants_more(trainer.step):
            bits = trainer.train_step(*batches[trainer.step], progress)
            run.progress(trainer.step, training_bits=bits)
            progress = clock.progress(trainer.step)
            counted = run.check_every != ENDLESS
            if run.check_due(trainer.step) if counted else clock.check_due(trainer.step):
                check(training, trainer, model)
        if model.exists():
            run.log(f"the best so far is {model}: load it with the button 'own model' of day 5")
    return run.exit_status


def check(training, trainer, model):
    """Save the state, judge the averaged weights; the best so far become the model that plays."""
    run = training.run
    means = run.means()
    trainer.save(run.checkpoints)
    network = trainer.network()
    bits = bits_per_sample(network, training.held_out, trainer.device)
    sound = preview(network, trainer.step)
    level = decibels(sound) - decibels(training.chunks / 32768)
    if is_best(bits, level, run.history.comparable) or not model.exists():
        store.save(model, network)
    run.preview(trainer.step, sound, training.config.sample_rate)
    keep_stage(run, [model, store.config_path(model)])
    run.check(trainer.step, **means, bits=bits, level_db=level, **training.nearness.of(sound))


def preview(network, seed):
    """Two seconds of a network, float32 [samples]; it then lies in the memory of the processor."""
    generator = Generator(network, device="cpu")
    return generator.generate(PREVIEW_SECONDS, temperature=[PREVIEW_TEMPERATURE], seed=seed)[0]


def is_best(bits, level, rows):
    """Whether a check is better than those before: sound at the level of the data counts first, then fewer bits."""

    def rank(bits, level):
        return abs(level) > FARTHEST, bits

    return all(rank(bits, level) < rank(row["bits"], row.get("level_db", 0.0)) for row in rows)


def main(arguments=None):
    """Run the program; returns its exit status."""
    preset = {"help": f"{', '.join(PRESETS)}, or a configuration file"}
    batch = {"help": "streams side by side"}
    steps = "as many as the preset has time for"
    parser = train_parser("samplernn", __doc__, DEFAULTS, steps=steps, preset=preset, batch_size=batch)
    parser.add("--check-every", says="by time", group=parser.today)
    parser.add_hidden("--batch", dest="batch_size", type=int)
    parser.add_hidden("--rate", dest="learning_rate", type=old_learning_rate)
    options = parser.parse(arguments)
    torch.set_num_threads(options.threads or torch.get_num_threads())
    return parser.run(lambda: train(open_run(options)))


if __name__ == "__main__":
    sys.exit(main())
