"""The training of a prior on latents: steps, averaged weights, the figures of simple means. Runs in a training."""

import math

import numpy as np
import torch
from dlwakit.training.averaging import Average, cosine_rate
from dlwakit.training.saving import save_state

from ..engine.prior import Prior
from ..engine.prior_network import LEAST_STD, PriorNetwork, Size

PRESETS = {
    "minutes": {"hidden": 128},
    "coffee": {"hidden": 160},
    "night": {"hidden": 256, "layers": 2},
}
EXPECT = {
    "minutes": "gestures of a second or two that belong to your sounds",
    "coffee": "longer gestures; with a quarter of an hour of sound or more",
    "night": "the same from hours of sound; less sound is memorised long before",
}
SEGMENT = 128  # latent vectors of a training example
NOISE = 0.1  # on what the network hears, so that it finds back from its own errors
DROPOUT = 0.2
WEIGHT_DECAY = 0.02
AVERAGING = 0.995
MOST_GRADIENT = 1.0
LEAST_SPREAD = 1e-4  # of a latent


class PriorTrainer:
    """A network, its optimiser, and the average of its weights.

    Parameters
    ----------
    latents : dict of str to numpy.ndarray, float32 [latents, n]
        "train" and "held_out".
    size : dict
        Keywords of `Size`, but for the latents.
    settings : dict
        batch_size, learning_rate, seed.
    rate, ratio : int
        See `Prior`.
    """

    def __init__(self, latents, size, settings, rate, ratio):
        torch.manual_seed(settings["seed"])
        self._settings, self._rate, self._ratio = settings, rate, ratio
        self._statistics = statistics(latents["train"])
        self._network = PriorNetwork(Size(len(latents["train"]), **size), DROPOUT)
        self._network.begin_as_walk()
        self._average = Average(self._network, AVERAGING)
        self._optimiser = torch.optim.AdamW(
            self._network.parameters(), settings["learning_rate"], weight_decay=WEIGHT_DECAY
        )
        self._latents = {part: self.prior().scaled(values) for part, values in latents.items()}
        self.step = 0

    def learn(self, progress):
        """Take one step at a progress of 0 to 1; the mean negative log-likelihood in nats for each vector."""
        torch.manual_seed(hash((self._settings["seed"], self.step)) % 2**31)
        for group in self._optimiser.param_groups:
            group["lr"] = cosine_rate(self._settings["learning_rate"], progress, self.step)
        real = self._draw()
        loss = -likelihoods(self._network, real, NOISE).mean()
        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), MOST_GRADIENT)
        self._optimiser.step()
        self.step += 1
        self._average.follow()
        return loss.item()

    def _draw(self):
        """Random segments [batch, n, latents]."""
        train = self._latents["train"]
        length = min(SEGMENT, len(train))
        begins = torch.randint(len(train) - length + 1, (self._settings["batch_size"],))
        return torch.stack([train[begin : begin + length] for begin in begins.tolist()])

    @torch.no_grad()
    def judge(self):
        """The averaged weights' negative log-likelihood of the held-out latents, in nats for each vector."""
        return -float(likelihoods(self._average.module, self._latents["held_out"][None]).mean())

    def baselines(self):
        """See `baselines`, for these latents."""
        return baselines(self._latents["train"].numpy(), self._latents["held_out"].numpy())

    def prior(self):
        """The Prior with the averaged weights."""
        return Prior(self._average.module, self._statistics, self._rate, self._ratio)

    def save(self, path):
        """Keep everything that the training needs to go on, whole or not at all."""
        state = {
            "step": self.step,
            "network": self._network.state_dict(),
            "average": self._average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }
        save_state(state, path)

    def restore(self, path):
        """Go on from what was kept."""
        state = torch.load(path, weights_only=True)
        self._network.load_state_dict(state["network"])
        self._average.load_state_dict(state["average"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]


def statistics(latents):
    """What a Prior knows of the latents [latents, n] that it was trained on."""
    return {
        "mean": latents.mean(1),
        "spread": np.maximum(latents.std(1), LEAST_SPREAD),
        "lowest": latents.min(1),
        "highest": latents.max(1),
    }


def likelihoods(network, real, noise=0.0):
    """The logarithm of the likelihood of each vector of `real` [batch, n, latents], given those before: [batch, n]."""
    before = torch.nn.functional.pad(real[:, :-1], (0, 0, 1, 0))
    mixture, _ = network(before + noise * torch.randn_like(before) if noise else before)
    return mixture.log_likelihood(real)


def baselines(train, held_out):
    """What simple means reach on scaled latents [n, latents]: negative log-likelihood in nats for each vector.

    A normal distribution with the mean and covariance of the training's latents, and a random walk: steps from one
    vector to the next with the mean and covariance of theirs. Both have the least spread of the network's mixtures.
    """
    steps, first = np.diff(held_out, axis=0), held_out[:1]
    walked = negative_log_density(np.diff(train, axis=0), steps)
    walked = np.concatenate([negative_log_density(train, first), walked])
    return {
        "Gaussian": float(negative_log_density(train, held_out).mean()),
        "random walk": float(walked.mean()),
    }


def negative_log_density(sample, points):
    """Of points [n, d], in nats, under the normal distribution with the moments of a sample [m, d]."""
    mean, covariance = moments(sample)
    away = points - mean
    _, determinant = np.linalg.slogdet(covariance)
    distance = np.einsum("nd,nd->n", away, np.linalg.solve(covariance, away.T).T)
    return 0.5 * (distance + determinant + sample.shape[1] * math.log(2 * math.pi))


def moments(sample):
    """(mean [d], covariance [d, d]) of a sample [m, d], with LEAST_STD in every direction."""
    covariance = np.atleast_2d(np.cov(sample.astype(np.float64), rowvar=False, bias=True))
    return sample.mean(0, dtype=np.float64), covariance + LEAST_STD**2 * np.eye(sample.shape[1])
