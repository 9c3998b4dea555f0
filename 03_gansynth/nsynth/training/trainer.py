"""The steps of NSynth's training: batches, optimiser, averaged weights, saved state. Runs in a training."""

from __future__ import annotations

import math

import numpy as np
import torch
from dlwakit.training.averaging import Average, cosine_rate
from dlwakit.training.saving import save_state
from modelfiles.errors import UserError
from torch.nn import functional

from ..engine import mulaw
from ..engine.config import LEVELS, Config
from ..engine.network import Autoencoder

CLIP, AVERAGING = 1.0, 0.998
NOISE = 1.0  # mu-law steps: the most noise (standard deviation) on what the decoder sees
JUDGED = 8  # sounds in a check: more would take as long as the training itself
PARTS = "model", "average", "optimiser"


class Trainer:
    """An autoencoder and what is needed to train it on; its averaged weights are judged, heard and exported.

    Parameters
    ----------
    config : Config
    audio : numpy.ndarray of int16, [sounds, samples]
        What it learns from.
    settings : dict
        learning_rate, batch_size, seed.
    device : str
        Of torch.
    """

    def __init__(self, config: Config, audio, settings, device: str) -> None:
        torch.manual_seed(settings["seed"])
        self.config, self.device, self.settings = config, device, settings
        self.model = Autoencoder(config).to(device)
        self.average = Average(self.model, AVERAGING)
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=settings["learning_rate"])
        self.codes = codes_of(audio, config)
        self.length = min(segment_length(config), self.codes.shape[1])
        self.step = 0
        self.is_warm = False  # whether it began with the weights of a model

    def begin_with(self, model: Autoencoder, name: str) -> None:
        """Take the weights of a network of the same size before the first step. Raises UserError."""
        if wrong := misfit(self.config, model.config):
            ours, theirs = getattr(self.config, wrong), getattr(model.config, wrong)
            hint = "take another --preset, or --from nothing"
            raise UserError("input", f"{name} has another size: its {wrong} is {theirs}, not {ours}", hint)
        self.model.load_state_dict(model.state_dict())
        self.average = Average(self.model, AVERAGING)
        self.is_warm = True

    def learn(self, progress: float) -> float:
        """Learn from one batch; returns bits per sample. progress: 0 to 1, how much of the training is over."""
        for group in self.optimiser.param_groups:
            group["lr"] = cosine_rate(self.settings["learning_rate"], progress, self.step)
        sound, seen = (torch.from_numpy(part).to(self.device) for part in self._batch())
        loss = loss_of(self.model, sound, seen)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        self.optimiser.step()
        self.step += 1
        self.average.follow()
        return loss.item() / math.log(2)

    def judge(self, audio) -> float:
        """Bits per sample of the averaged weights on some sounds [sounds, samples] int16."""
        return bits_per_sample(self.average.module, audio[:JUDGED], self.device)

    def _batch(self):
        """Parts of sounds, and what the decoder sees of them: with noise, so that it listens to the encoding."""
        random = np.random.default_rng((self.settings["seed"], self.step))
        count = self.settings["batch_size"]
        rows = random.integers(len(self.codes), size=count)
        hops = random.integers((self.codes.shape[1] - self.length) // self.config.hop + 1, size=count)
        starts = hops * self.config.hop
        sound = np.stack([self.codes[row, at : at + self.length] for row, at in zip(rows, starts)])
        noise = random.uniform(0, NOISE, (count, 1)) * random.standard_normal(sound.shape)
        return sound, np.clip(sound + np.rint(noise), -128, 127).astype(np.int16)

    def save(self, file) -> None:
        """Write all that is needed to go on, whole or not at all."""
        save_state({name: getattr(self, name).state_dict() for name in PARTS} | {"step": self.step}, file)

    def restore(self, file) -> None:
        """Go on from what `save` wrote."""
        state = torch.load(file, map_location=self.device, weights_only=True)
        for name in PARTS:
            getattr(self, name).load_state_dict(state[name])
        self.step = state["step"]


def loss_of(model: Autoencoder, sound, seen):
    """Nats per sample of codes [sounds, samples], where the decoder has seen other ones."""
    logits = model.decode(seen / mulaw.HALF, model.encode(sound / mulaw.HALF))
    return functional.cross_entropy(logits, sound.long() + LEVELS // 2)


@torch.no_grad()
def bits_per_sample(model: Autoencoder, audio, device: str = "cpu") -> float:
    """Mean -log2 of the probability of every sample of sounds [sounds, samples] int16."""
    sounds = torch.from_numpy(codes_of(audio, model.config)).to(device).split(1)
    return sum(loss_of(model, one, one).item() for one in sounds) / len(sounds) / math.log(2)


def codes_of(audio, config: Config):
    """Mu-law codes int16 of sounds int16 [sounds, samples], filled up with silence to whole hops."""
    codes = mulaw.encode(np.asarray(audio, np.float32) / 32768).astype(np.int16)
    return np.pad(codes, ((0, 0), (0, -codes.shape[1] % config.hop)))


def segment_length(config: Config) -> int:
    """Samples that a step learns from: about twice what the decoder sees before a sample, in whole hops."""
    return -(-2 * config.reach // config.hop) * config.hop


def misfit(config: Config, other: Config) -> str:
    """The first size by which two networks differ, or ""; the sample rate may differ."""
    mine, theirs = config.to_dict(), other.to_dict()
    return next((name for name in mine if name != "sample_rate" and mine[name] != theirs[name]), "")
