"""The steps of NSynth's training: batches, optimiser, averaged weights, saved state. Runs in a training."""

from __future__ import annotations

import copy
import math

import numpy as np
import torch
from dlwakit.training.averaging import Average, cosine_rate
from dlwakit.training.saving import save_state
from modelfiles.errors import UserError
from modelfiles.loops.rounding import round_layers
from torch.nn import functional

from ..engine import mulaw
from ..engine.config import LEVELS, Config
from ..engine.network import Autoencoder
from .morphing import morph, reach

CLIP, AVERAGING = 1.0, 0.998
NOISE = 1.0  # mu-law steps: the most noise (standard deviation) on what the decoder sees
PARTS = "model", "average", "optimiser"


class Trainer:
    """An autoencoder and what is needed to train it on.

    Parameters
    ----------
    config : Config
    audio : numpy.ndarray of int16, [sounds, samples]
        What it learns from.
    settings : dict
        learning_rate, batch_size, seed; blends, the share of what it learns from that lies between two sounds.
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
        one, other, shares, sound, seen = (torch.from_numpy(part).to(self.device) for part in self._batch())
        encoding, between = self.model.encode(one / mulaw.HALF), shares.nonzero()[:, 0]
        if len(between):
            away = self.model.encode(other[between] / mulaw.HALF) - encoding[between]
            encoding = encoding.index_add(0, between, shares[between, None, None] * away)
        loss = loss_of(self.model.decode(seen / mulaw.HALF, encoding), sound)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        self.optimiser.step()
        self.step += 1
        self.average.follow()
        return loss.item() / math.log(2)

    def network(self) -> Autoencoder:
        """A copy of the averaged network, its weights rounded: what is judged and played."""
        network = copy.deepcopy(self.average.module)
        round_layers(network.eight_bit_layers())
        return network

    def _batch(self):
        """Parts of two sounds, how far from one to the other, the sound there, and what the decoder sees of it.

        That carries noise, so that the decoder listens to the encoding.
        """
        random = np.random.default_rng((self.settings["seed"], self.step))
        count, (rows, samples) = self.settings["batch_size"], self.codes.shape
        hops = random.integers((samples - self.length) // self.config.hop + 1, size=count)
        parts = [slice(hop * self.config.hop, hop * self.config.hop + self.length) for hop in hops]
        pairs = random.integers(rows, size=(2, count))
        one, other = (np.stack([self.codes[row, part] for row, part in zip(row, parts)]) for row in pairs)
        shares = random.uniform(0, 1, count) * (random.uniform(0, 1, count) < self.settings["blends"])
        sound = one.copy()
        for row in shares.nonzero()[0]:
            sound[row] = self._between(pairs[:, row], parts[row], shares[row])
        noise = random.uniform(0, NOISE, (count, 1)) * random.standard_normal(sound.shape)
        seen = np.clip(sound + np.rint(noise), -128, 127).astype(np.int16)
        return one, other, np.float32(shares), sound, seen

    def _between(self, pair, part, share):
        """The codes of a part of what lies between two sounds."""
        beside = reach(self.config.sample_rate)
        start = max(part.start - beside, 0)
        ends = mulaw.decode(self.codes[pair, start : part.stop + beside])
        return mulaw.encode(morph(*ends, share, self.config.sample_rate))[part.start - start :][: self.length]

    def save(self, file) -> None:
        """Write all that is needed to go on, whole or not at all."""
        save_state({name: getattr(self, name).state_dict() for name in PARTS} | {"step": self.step}, file)

    def restore(self, file) -> None:
        """Go on from what `save` wrote."""
        state = torch.load(file, map_location=self.device, weights_only=True)
        for name in PARTS:
            getattr(self, name).load_state_dict(state[name])
        self.step = state["step"]


def loss_of(logits, sound):
    """Nats per sample of codes [sounds, samples] by what was predicted of them, [sounds, 256, samples]."""
    return functional.cross_entropy(logits, sound.long() + LEVELS // 2)


@torch.no_grad()
def bits_per_sample(model: Autoencoder, audio, device: str = "cpu") -> float:
    """Mean -log2 of the probability of every sample of sounds [sounds, samples] int16."""
    codes = torch.from_numpy(codes_of(audio, model.config)).to(device)
    nats = 0.0
    for sound in codes.split(1):
        seen = sound / mulaw.HALF
        nats += loss_of(model.decode(seen, model.encode(seen)), sound).item()
    return nats / len(codes) / math.log(2)


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
