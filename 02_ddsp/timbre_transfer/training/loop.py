"""A training of a DDSP model: batches in, losses out; what it keeps to go on. Runs in a training."""

import numpy as np
import torch
from dlwakit.training.averaging import Average, cosine_rate
from dlwakit.training.saving import save_state

from ..engine.pitch import HOP_SIZE
from .instrument import Instrument
from .losses import spectral_loss
from .presets import gin_text
from .statistics import statistics_of
from .writer import write_model

AVERAGING = 0.99
LARGEST_GRADIENT = 3.0
UNSURE = 0.2  # confidence below which players play no pitch
CURVES = ("f0_hz", "f0_confidence", "loudness_db")


class Trainer:
    """An instrument and what is needed to train it.

    Parameters
    ----------
    examples : Examples
    settings : dict
        seed, batch_size, learning_rate, frames (of what a step learns from).
    size : dict
        See `presets.gin_text`.
    begin : dict, optional
        "tensors" and "inputs" of a model to begin with.
    """

    def __init__(self, examples, settings, size, begin=None):
        torch.manual_seed(settings["seed"])
        self.examples, self.settings = examples, settings
        self.instrument = Instrument(size, seed=settings["seed"], **(begin or {}))
        self.average = Average(self.instrument, AVERAGING)
        self.optimiser = torch.optim.Adam(self.instrument.parameters(), lr=settings["learning_rate"])
        self.step, self.best = 0, float("inf")
        self.is_warm = "tensors" in (begin or {})  # whether it began with the weights of a model
        self._statistics = statistics_of(examples.learned)

    def learn(self, progress):
        """Take a step on a batch that follows from seed and step alone; the loss. progress: 0 to 1."""
        sound, curves = self._batch()
        rate = cosine_rate(self.settings["learning_rate"], progress, self.step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad(set_to_none=True)
        loss = spectral_loss(sound, self.instrument(*curves))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.instrument.parameters(), LARGEST_GRADIENT)
        self.optimiser.step()
        self.step += 1
        self.average.follow()
        return loss.item()

    def _batch(self):
        """(sound [batch, samples], (f0, loudness, noise)): stretches of examples; in half of them no unsure pitch."""
        random = np.random.default_rng([self.settings["seed"], self.step])
        learned, batch = self.examples.learned, self.settings["batch_size"]
        frames = min(self.settings["frames"], learned["f0_hz"].shape[1])
        rows = random.integers(len(learned["audio"]), size=batch)
        starts = random.integers(learned["f0_hz"].shape[1] - frames + 1, size=batch)
        f0_hz, sure, loudness = (
            np.stack([learned[name][row, start : start + frames] for row, start in zip(rows, starts)])
            for name in CURVES
        )
        f0_hz[::2] *= sure[::2] >= UNSURE
        sound = np.stack(
            [
                learned["audio"][row, start * HOP_SIZE : (start + frames) * HOP_SIZE]
                for row, start in zip(rows, starts)
            ]
        )
        noise = random.uniform(-1, 1, sound.shape).astype(np.float32)
        return torch.from_numpy(sound), [torch.from_numpy(values) for values in (f0_hz, loudness, noise)]

    def judge(self, examples):
        """Mean loss of the averaged weights on examples, and what they make of the first one, float32 [samples]."""
        losses, first = [], None
        for sound, f0_hz, loudness in zip(examples["audio"], examples["f0_hz"], examples["loudness_db"]):
            made = self.play(f0_hz, loudness)
            losses.append(float(spectral_loss(torch.from_numpy(sound)[None], made)))
            first = made[0].numpy() if first is None else first
        return float(np.mean(losses)), first

    @torch.no_grad()
    def play(self, f0_hz, loudness_db):
        """Sound [1, samples] by the averaged weights, of curves [frames]."""
        noise = np.random.default_rng(0).uniform(-1, 1, (1, len(f0_hz) * HOP_SIZE)).astype(np.float32)
        curves = [torch.from_numpy(values) for values in (f0_hz[None], loudness_db[None], noise)]
        return self.average.module(*curves)

    def export(self, folder):
        """Write the averaged weights as a model's folder."""
        averaged = self.average.module
        frames = self.examples.learned["f0_hz"].shape[1]
        gin = gin_text(averaged.size, frames, averaged.inputs)
        write_model(folder, averaged.tensors(), gin, self._statistics, self.step)

    # Stopping and going on.

    def save(self, path):
        """Write all that is needed to go on, whole or not at all."""
        state = {
            "instrument": self.instrument.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "best": self.best,
        }
        save_state(state, path)

    def go_on(self, path):
        """Take up what `save` wrote, if there is anything."""
        if not path.exists():
            return
        held = torch.load(path, weights_only=True)
        self.instrument.load_state_dict(held["instrument"])
        self.average.load_state_dict(held["average"])
        self.optimiser.load_state_dict(held["optimiser"])
        self.step, self.best = held["step"], held["best"]
