"""The steps of a training: batches, losses, optimisers, averaged weights, saved state. Runs in a training."""

from dataclasses import dataclass

import numpy as np
import torch
from dlwakit.training.averaging import Average, cosine_rate
from dlwakit.training.saving import save_state

from . import warm
from .export import export
from .losses import Discriminator, decoder_loss, discriminator_loss, spectral_distance
from .network import Rave, Size

WARM_UP_STEPS = 1000  # until the divergence counts in full
BETAS = (0.5, 0.9)
HELD_OUT_SEGMENTS = 16
COMPONENTS_FROM = 64  # segments
MATCHING = 10.0  # weight of feature matching
AVERAGING = 0.995
SECOND_RATE = 0.5  # of the learning rate, where the second stage begins
NEW_NAMES = {"critic": "discriminator"}  # of what older trainings have kept
SECOND_MAY_COST = 1.1  # the discriminator sharpens a sound at the cost of some distance


@dataclass(frozen=True)
class Check:
    """Of the averaged weights: the distance on held-out sound, and the gain that keeps them from being louder."""

    distance: float
    gain: float


class Trainer:
    """A network, its discriminator, their optimisers, and the average of the network's weights.

    Parameters
    ----------
    size : dict
        Keywords of network.Size.
    sounds : dict of str to numpy.ndarray, int16 [n]
        "train" and "held_out".
    segment : int
        Samples of a training example.
    settings : dict
        batch_size, learning_rate, beta, seed.
    """

    def __init__(self, size, sounds, segment, settings):
        torch.manual_seed(settings["seed"])
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._sounds, self._segment, self._settings = sounds, segment, settings
        self.rave = Rave(Size(**size)).to(self._device)
        self._discriminator = Discriminator(size["capacity"] // 2).to(self._device)
        self._average = Average(self.rave, AVERAGING)
        self._optimisers = {
            "rave": self._adam(self.rave.parameters()),
            "discriminator": self._adam(self._discriminator.parameters()),
        }
        self.step = 0
        self.second = False  # whether the discriminator has come in
        self.is_warm = False  # whether it began with the weights of a model

    def _adam(self, weights):
        learned = [weight for weight in weights if weight.requires_grad]
        return torch.optim.Adam(learned, self._settings["learning_rate"], BETAS)

    def begin_with(self, weights, name):
        """Take the weights of a model, arrays by name, before the first step. Raises UserError."""
        warm.take_weights(self.rave, weights, name)
        self._average = Average(self.rave, AVERAGING)
        self.is_warm = True

    # Learning.

    def learn(self, progress, second):
        """Take one step.

        Parameters
        ----------
        progress : float
            How much of this stage is over, 0 to 1.
        second : bool
            Whether it is the second stage: the encoder rests, and a discriminator teaches the decoder.

        Returns
        -------
        dict of str to float
            The step's numbers.
        """
        torch.manual_seed(hash((self._settings["seed"], self.step)) % 2**31)
        if second and not self.second:
            self._begin_second()
        rate = self._settings["learning_rate"] * (SECOND_RATE if self.second else 1)
        for optimiser in self._optimisers.values():
            for group in optimiser.param_groups:
                group["lr"] = cosine_rate(rate, progress, self.step)
        real = self._draw("train", self.step)
        numbers = self._second(real) if self.second else self._first(real)
        self.step += 1
        self._average.follow()
        return numbers

    def _begin_second(self):
        """Go on from the averaged weights, which are the better ones."""
        self.rave.load_state_dict(self._average.module.state_dict())
        self.second = True

    def _first(self, real):
        made, divergence = self.rave(real)
        distance = self._distance(real, made)
        beta = self._settings["beta"] * min(1.0, self.step / WARM_UP_STEPS)
        self._lower("rave", distance + beta * divergence)
        return {"distance": distance.item(), "divergence": divergence.item()}

    def _second(self, real):
        with torch.no_grad():
            mean, std = self.rave.encoder(real)
            z = mean + std * torch.randn_like(std)
        made = self.rave.decoder(z)
        judged = discriminator_loss(self._discriminator(real), self._discriminator(made.detach()))
        self._lower("discriminator", judged)
        distance = self._distance(real, made)
        adversarial, matching = decoder_loss(self._discriminator(real), self._discriminator(made))
        self._lower("rave", distance + adversarial + MATCHING * matching)
        return {"distance": distance.item(), "discriminator": judged.item()}

    def _distance(self, real, made):
        delay = self.rave.size.delay
        return spectral_distance(real[..., :-delay], made[..., delay:])

    def _lower(self, name, loss):
        optimiser = self._optimisers[name]
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(optimiser.param_groups[0]["params"], 5.0)
        optimiser.step()

    def _draw(self, part, step, count=None):
        """Random segments, float32 [count, 1, segment], each with a gain and a sign of its own."""
        random = np.random.default_rng((self._settings["seed"], step))
        samples, length = self._sounds[part], self._segment
        count = count or self._settings["batch_size"]
        samples = np.resize(samples, max(len(samples), length + 1))
        begins = random.integers(len(samples) - length, size=count)
        gains = random.uniform(0.3, 1.0, count) * random.choice([-1, 1], count)
        rows = [gain * samples[begin : begin + length] / 32768 for begin, gain in zip(begins, gains)]
        return torch.tensor(np.stack(rows)[:, None], dtype=torch.float32, device=self._device)

    # What it has learned: the averaged weights are judged, heard and exported.

    @torch.no_grad()
    def _play(self, real):
        mean, _ = self._average.module.encoder(real)
        return self._average.module.decoder(mean)

    @torch.no_grad()
    def judge(self):
        """A Check on held-out segments, always the same ones."""
        real = self._draw("held_out", 0, HELD_OUT_SEGMENTS)
        torch.manual_seed(self._settings["seed"])
        made = self._play(real)
        louder = float(made.square().mean().sqrt() / real.square().mean().sqrt().clamp(min=1e-9))
        gain = min(1.0, 1 / max(louder, 1e-9))
        return Check(float(self._distance(real, gain * made)), gain)

    def play(self, gain):
        """Held-out segments, each followed by what is made of it: float32 [n]."""
        real = self._draw("held_out", 0, 3)
        return torch.stack([real, gain * self._play(real)], 1).flatten().cpu().numpy()

    def export(self, path, gain):
        """Write the averaged weights as a streaming .ts file."""
        rave = Rave(self.rave.size)
        rave.load_state_dict(self._average.module.state_dict())
        rave.decoder.synthesis.conv.weight.mul_(gain)
        export(rave.cpu(), self._draw("train", 0, COMPONENTS_FROM).cpu(), path)

    # Stopping and going on.

    def save(self, path):
        """Keep everything that the training needs to go on, whole or not at all."""
        state = {
            "step": self.step,
            "second": self.second,
            "rave": self.rave.state_dict(),
            "average": self._average.state_dict(),
            "discriminator": self._discriminator.state_dict(),
            "optimisers": {name: each.state_dict() for name, each in self._optimisers.items()},
        }
        save_state(state, path)

    def restore(self, path):
        """Go on from what was kept."""
        state = torch.load(path, weights_only=True, map_location=self._device)
        for names in (state, state["optimisers"]):
            names.update({NEW_NAMES[name]: names.pop(name) for name in NEW_NAMES.keys() & names.keys()})
        self.rave.load_state_dict(state["rave"])
        self._average.load_state_dict(state["average"])
        self._discriminator.load_state_dict(state["discriminator"])
        for name, optimiser in self._optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        self.step, self.second = state["step"], state["second"]


def may_play(distance, history, second):
    """Whether the weights of a check become the model that plays.

    Parameters
    ----------
    distance : float
        Of this check, on held-out sound.
    history : History
        Of the checks before it.
    second : bool
        Whether the discriminator has come in; then somewhat more distance is allowed.
    """
    best = history.best("held_out")
    if best is None or distance < best["held_out"]:
        return True
    return second and distance < SECOND_MAY_COST * best["held_out"]
