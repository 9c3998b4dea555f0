"""The steps of a training: batches, losses, optimisers, saved state. Runs in a training."""

import numpy as np
import torch

from .export import export
from .losses import Critic, critic_loss, decoder_loss, spectral_distance
from .network import Rave, Size

WARM_UP_STEPS = 1000  # until the divergence counts in full
STEADY_STEPS = 2000  # after which the learning rate falls with the root of their number
BETAS = (0.5, 0.9)
HELD_OUT_SEGMENTS = 8
COMPONENTS_FROM = 64  # segments
MATCHING = 10.0  # weight of feature matching


class Trainer:
    """A network, its critic, and their optimisers.

    size: keywords of network.Size. sounds: {"train", "held_out"}: int16 [n]. segment: samples of a training example.
    settings: batch, learning_rate, beta, seed. first_stage: steps until the critic comes in.
    """

    def __init__(self, size, sounds, segment, settings, first_stage, threads=0):
        if threads:
            torch.set_num_threads(threads)
        torch.manual_seed(settings["seed"])
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._sounds, self._segment, self._settings = sounds, segment, settings
        self._first_stage = first_stage
        self.rave = Rave(Size(**size)).to(self._device)
        self._critic = Critic(size["capacity"] // 2).to(self._device)
        self._optimisers = {
            "rave": self._adam(self.rave.parameters()),
            "critic": self._adam(self._critic.parameters()),
        }

    def _adam(self, weights):
        learned = [weight for weight in weights if weight.requires_grad]
        return torch.optim.Adam(learned, self._settings["learning_rate"], BETAS)

    def learn(self, step):
        """One step of the first or the second stage; its numbers."""
        torch.manual_seed(hash((self._settings["seed"], step)) % 2**31)
        for optimiser in self._optimisers.values():
            for group in optimiser.param_groups:
                group["lr"] = self._settings["learning_rate"] * min(1.0, (STEADY_STEPS / (step + 1)) ** 0.5)
        real = self._draw("train", step)
        return self._first(real, step) if step < self._first_stage else self._second(real)

    def _first(self, real, step):
        made, divergence = self.rave(real)
        distance = self._distance(real, made)
        beta = self._settings["beta"] * min(1.0, step / WARM_UP_STEPS)
        self._lower("rave", distance + beta * divergence)
        return {"distance": distance.item(), "divergence": divergence.item()}

    def _second(self, real):
        with torch.no_grad():
            mean, std = self.rave.encoder(real)
            z = mean + std * torch.randn_like(std)
        made = self.rave.decoder(z)
        judged = critic_loss(self._critic(real), self._critic(made.detach()))
        self._lower("critic", judged)
        distance = self._distance(real, made)
        adversarial, matching = decoder_loss(self._critic(real), self._critic(made))
        self._lower("rave", distance + adversarial + MATCHING * matching)
        return {"distance": distance.item(), "critic": judged.item()}

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

    @torch.no_grad()
    def judge(self):
        """The mean spectral distance of held-out segments, always the same ones."""
        real = self._draw("held_out", 0, HELD_OUT_SEGMENTS)
        mean, _ = self.rave.encoder(real)
        return float(self._distance(real, self.rave.decoder(mean)))

    @torch.no_grad()
    def play(self):
        """Held-out segments, each followed by what is made of it: float32 [n]."""
        real = self._draw("held_out", 0, 3)
        mean, _ = self.rave.encoder(real)
        return torch.stack([real, self.rave.decoder(mean)], 1).flatten().cpu().numpy()

    def save(self, path, step):
        """Keep everything that the training needs to go on."""
        part = path.with_suffix(".part")
        state = {
            "step": step,
            "rave": self.rave.state_dict(),
            "critic": self._critic.state_dict(),
            "optimisers": {name: each.state_dict() for name, each in self._optimisers.items()},
        }
        torch.save(state, part)
        part.replace(path)

    def restore(self, path):
        """Go on from what was kept, if anything was; the step that is next."""
        if not path.is_file():
            return 0
        state = torch.load(path, weights_only=True, map_location=self._device)
        self.rave.load_state_dict(state["rave"])
        self._critic.load_state_dict(state["critic"])
        for name, optimiser in self._optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        return state["step"]

    def export(self, path):
        """Write the network as a streaming .ts file."""
        rave = Rave(self.rave.size)
        rave.load_state_dict(self.rave.state_dict())
        export(rave.cpu(), self._draw("train", 0, COMPONENTS_FROM).cpu(), path)
