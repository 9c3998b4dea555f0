"""Train a SampleRNN on a data set of `dataset`. On the command line.

    setup/dlwa train samplernn                     # the size for a laptop
    setup/dlwa train samplernn --preset course     # for a graphics card, which is used if there is one
    setup/dlwa train samplernn --preset my.config.json

Stop it at any time: the same command goes on where it stopped.

Truncated backpropagation through time: every stream of a batch reads one chunk from beginning to end, `seq_len`
samples a step, and hands its recurrent state on to the next step. The run folder holds the best model so far
(NAME.safetensors and its configuration) and the page `report.html`: curves, previews to listen to, and a verdict.
"""

import copy
import dataclasses
import hashlib
import math
import sys
from pathlib import Path

import numpy as np
import torch
from dlwakit.training.options import given, old_learning_rate, train_parser
from dlwakit.training.run import Plot, Run
from modelfiles.errors import UserError
from torch.nn import functional

from .dataset import read_data
from .engine import store
from .engine.config import PRESETS, Config, read_config
from .engine.network import SampleRNN
from .engine.quantise import encode
from .evaluate import bits_per_sample, with_silence
from .model import Generator

CLIP = 5.0
LOWEST_GAIN, LOWEST_RATE = 0.5, 0.02
PREVIEW_SECONDS = 2.0
LAST = "last.pt"
DEFAULTS = {
    "data": "runs/samplernn/data",
    "preset": "laptop",
    "batch_size": 16,
    "learning_rate": 1e-3,
    "seed": 0,
}
BITS = "bits per sample (lower is better)"


class Batches:
    """What each step learns from: batches[step] is (codes [size, big_frame_size + seq_len] int64, if a group starts).

    chunks [n, samples] int16. A group of `size` chunks is read side by side, step by step; each begins at a place of
    its own and at a loudness of its own. All depends on `seed` and the step alone.
    """

    def __init__(self, chunks, size, config, seed):
        self.chunks, self.size, self.config, self.seed = chunks, size, config, seed
        self.steps = chunks.shape[1] // config.seq_len - 1
        if self.steps < 1:
            raise UserError(
                "input",
                f"chunks of {chunks.shape[1]} samples are too short for steps of {config.seq_len}: make the data set "
                "with a larger --chunk",
            )
        self._group, self._codes = None, None

    def __getitem__(self, step):
        group, place = divmod(step, self.steps)
        if group != self._group:
            self._group, self._codes = group, self._read(group)
        start, length = place * self.config.seq_len, self.config.big_frame_size + self.config.seq_len
        return torch.from_numpy(self._codes[:, start : start + length].astype(np.int64)), place == 0

    def _read(self, group):
        round_, place = divmod(group, -(-len(self.chunks) // self.size))
        order = np.random.default_rng([self.seed, round_]).permutation(len(self.chunks))
        chosen = np.take(order, range(place * self.size, (place + 1) * self.size), mode="wrap")
        random = np.random.default_rng([self.seed, round_, place])
        length = self.steps * self.config.seq_len
        shifts = random.integers(0, self.config.seq_len, self.size)
        audio = np.stack([self.chunks[chunk, shift : shift + length] for chunk, shift in zip(chosen, shifts)])
        gains = random.uniform(LOWEST_GAIN, 1, (self.size, 1)) * random.choice([-1, 1], (self.size, 1))
        return with_silence(
            encode(audio / 32768 * gains, self.config.q_type, self.config.q_levels), self.config
        )


class Trainer:
    """A model and what is needed to train it on: optimiser, recurrent states, how many steps it has learned."""

    def __init__(self, config, rate, goal, seed, device):
        torch.manual_seed(seed)
        self.config, self.rate, self.goal, self.device = config, rate, goal, device
        self.model = SampleRNN(config).to(device)
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=rate)
        self.scaler = torch.amp.GradScaler(device, enabled=device == "cuda")
        self.states, self.step = (None, None), 0

    def train_step(self, codes, is_start):
        """Learn from one batch; returns its bits per sample. Half precision on a graphics card."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * max(LOWEST_RATE, 0.5 + 0.5 * math.cos(math.pi * self.step / self.goal))
        codes = codes.to(self.device)
        with torch.autocast(self.device, enabled=self.device == "cuda"):
            logits, states = self.model(codes, (None, None) if is_start else self.states)
            target = codes[:, self.config.big_frame_size :].flatten()
            loss = functional.cross_entropy(logits.flatten(0, 1).float(), target)
        self.optimiser.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimiser)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.states, self.step = detach(states), self.step + 1
        return loss.item() / math.log(2)

    def validate(self, chunks):
        """Bits per sample on chunks [n, samples] int16."""
        self.model.eval()
        bits = bits_per_sample(self.model, chunks, self.device)
        self.model.train()
        return bits

    def preview(self):
        """Two seconds from the model as it is."""
        generator = Generator(copy.deepcopy(self.model), device="cpu")
        return generator.generate(PREVIEW_SECONDS, temperature=[0.95], seed=self.step)[0]

    def save(self, folder):
        """Write all that is needed to go on into a folder, whole or not at all."""
        state = {name: getattr(self, name).state_dict() for name in ("model", "optimiser", "scaler")}
        torch.save(state | {"states": self.states, "step": self.step}, folder / "last.part")
        (folder / "last.part").replace(folder / LAST)

    def restore(self, folder):
        """Go on from what `save` wrote, if there is anything."""
        if (folder / LAST).exists():
            state = torch.load(folder / LAST, map_location=self.device, weights_only=True)
            for name in ("model", "optimiser", "scaler"):
                getattr(self, name).load_state_dict(state[name])
            self.states, self.step = state["states"], state["step"]


def detach(states):
    """Return recurrent states without the graph that made them."""
    if torch.is_tensor(states):
        return states.detach()
    return type(states)(map(detach, states))


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
    """(run, configuration, training chunks, validation chunks) that train's options mean, to begin or to go on with."""
    preset = Path(options.preset or DEFAULTS["preset"]).name.split(".")[0]
    run = Run(
        options.run or Path("runs/samplernn", f"my_{preset}"),
        "samplernn",
        DEFAULTS,
        given(options, DEFAULTS),
        goal=options.steps,
        minutes=options.minutes,
        check_every=options.check_every,
        plots=[Plot(BITS, {"training_bits": "what it learns from", "bits": "held out (never trained on)"})],
        watch="bits",
        learned="training_bits",
        may_change=("data",),
    )
    chunks, validation, facts = read_data(Path(run.settings["data"]))
    config = dataclasses.replace(read_preset(run.settings["preset"]), sample_rate=facts["sample_rate"])
    run.fix(sounds=hashlib.sha256(chunks).hexdigest()[:12], **config.to_dict())
    run.describe({name.replace("_", " "): value for name, value in facts.items() if name != "sounds"})
    run.compare(BITS, {"blind guessing": math.log2(config.q_levels)})
    return run, config, chunks, validation


def train(run, config, chunks, validation):
    """Train until the goal or a signal; the exit status."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    settings = run.settings
    best_model = run.folder / f"{run.folder.name}.safetensors"
    with run:
        trainer = Trainer(config, settings["learning_rate"], run.goal, settings["seed"], device)
        trainer.restore(run.checkpoints)
        batches = Batches(chunks, settings["batch_size"], config, settings["seed"])
        run.begin(trainer.step)
        while run.wants_more(trainer.step):
            run.progress(trainer.step, training_bits=trainer.train_step(*batches[trainer.step]))
            if run.check_due(trainer.step):
                before, bits = run.history.best("bits"), trainer.validate(validation)
                if not before or bits < before["bits"]:
                    store.save(best_model, trainer.model)
                trainer.save(run.checkpoints)
                run.check(trainer.step, **run.means(), bits=bits)
                run.preview(trainer.step, trainer.preview(), config.sample_rate)
        if best_model.exists():
            run.log(f"the best so far is {best_model}: load it with the button 'own model' of day 5")
    return run.exit_status


def main(arguments=None):
    """Run the program; returns its exit status."""
    preset = {"help": f"{', '.join(PRESETS)}, or a configuration file"}
    batch = {"help": "streams side by side"}
    parser = train_parser(
        "samplernn", __doc__, DEFAULTS, steps=20000, check_every=250, preset=preset, batch_size=batch
    )
    parser.add_hidden("--batch", dest="batch_size", type=int)
    parser.add_hidden("--rate", dest="learning_rate", type=old_learning_rate)
    options = parser.parse(arguments)
    torch.set_num_threads(options.threads or torch.get_num_threads())
    return parser.run(lambda: train(*open_run(options)))


if __name__ == "__main__":
    sys.exit(main())
