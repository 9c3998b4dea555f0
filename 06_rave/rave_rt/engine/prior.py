"""NAME.prior.safetensors: a prior beside a model, read as data, and what it makes up. Runs in trainings and in forks.

The file holds the weights of a `PriorNetwork`, the training latents' mean, spread and range, and in its header, under
`prior`, what decides the shapes as JSON.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from modelfiles.errors import UserError
from modelfiles.safetensors_file import read_safetensors
from numpy.typing import ArrayLike, NDArray
from safetensors.torch import save

from .prior_network import PriorNetwork, Size

HEADER = "prior"
MOST_BYTES = 64 << 20
LIMITS = {"latents": 1024, "hidden": 2048, "layers": 4, "components": 64, "rate": 384_000, "ratio": 1 << 16}
STATISTICS = ("mean", "spread", "lowest", "highest")
MARGIN = 0.25  # beyond the range of the training's latents, as a share of it, where what is made up ends
LONGEST_START = 4096  # latent vectors of a beginning that are listened to
TELL_EVERY = 50  # vectors


class Prior:
    """How latents of a model go on.

    Parameters
    ----------
    network : PriorNetwork
    statistics : mapping of str to ndarray of float32, shape (latents,)
        Of the training's latents: STATISTICS.
    rate, ratio : int
        The model's sample rate in Hz, and samples for one latent vector.
    """

    def __init__(
        self, network: PriorNetwork, statistics: Mapping[str, ArrayLike], rate: int, ratio: int
    ) -> None:
        self.network, self.rate, self.ratio = network.eval(), rate, ratio
        self.statistics = {name: np.asarray(statistics[name], np.float32) for name in STATISTICS}
        self.size = network.size

    def player(self) -> Player:
        """Return what makes up one sequence."""
        return Player(self)

    def scaled(self, latents: NDArray[np.float32]) -> torch.Tensor:
        """Return latents [latents, n] as the network takes them, [n, latents]."""
        return torch.from_numpy((latents.T - self.statistics["mean"]) / self.statistics["spread"])

    def check(self, inputs: int, ratio: int, rate: int) -> Prior:
        """Return it. Raises UserError where a model's `decode` does not take what it makes up."""
        if (self.size.latents, self.ratio) == (inputs, ratio) and rate in (0, self.rate):
            return self
        raise UserError(
            "checkpoint",
            f"the prior does not fit the model: it makes {self.size.latents} latents for {self.ratio} samples at "
            f"{self.rate} Hz, the model takes {inputs} for {ratio} at {rate}",
            "train it anew: setup/dlwa train prior MODEL --data FOLDER",
        )


class Player:
    """One sequence that a prior makes up, vector by vector; it draws with torch's generator.

    Parameters
    ----------
    prior : Prior
    """

    def __init__(self, prior: Prior) -> None:
        self._prior = prior
        self._last = torch.zeros(1, 1, prior.size.latents)
        self._state: torch.Tensor | None = None
        statistics = prior.statistics
        margin = MARGIN * (statistics["highest"] - statistics["lowest"])
        edges = np.stack([statistics["lowest"] - margin, statistics["highest"] + margin], 1)
        self._low, self._high = prior.scaled(edges).reshape(2, 1, 1, -1)

    @torch.inference_mode()
    def follow(self, latents: NDArray[np.float32]) -> None:
        """Go on from a sequence, float32 [latents, n]; from its end, where it is long."""
        heard = self._prior.scaled(latents[:, -LONGEST_START:])
        if len(heard):
            before = torch.cat([self._last[0], heard[:-1]])
            _, self._state = self._prior.network.units(before[None], self._state)
            self._last = heard[None, -1:]

    @torch.inference_mode()
    def play(
        self,
        temperatures: Iterable[float],
        progress: Callable[[float], None] = lambda fraction: None,
    ) -> NDArray[np.float32]:
        """Make up latents.

        Parameters
        ----------
        temperatures : iterable of float
            One for each vector, see `Mixture.draw`.
        progress : callable
            Called with the fraction that is done.

        Returns
        -------
        ndarray of float32, shape (latents, n)
        """
        wanted = list(temperatures)
        made = np.zeros((len(wanted), self._prior.size.latents), np.float32)
        for place, temperature in enumerate(wanted):
            mixture, self._state = self._prior.network(self._last, self._state)
            self._last = torch.clamp(mixture.draw(temperature), self._low, self._high)
            made[place] = self._last[0, 0].numpy()
            if place % TELL_EVERY == 0:
                progress(place / len(wanted))
        statistics = self._prior.statistics
        return np.ascontiguousarray((made * statistics["spread"] + statistics["mean"]).T)


def temperature_of(value: float) -> float:
    """Return the temperature that the input of a RAVE's own `prior` means: 0 is 1, as it was trained."""
    return float(np.logaddexp(0.0, value) / math.log(2))


def input_of(temperature: float) -> float:
    """Return what `temperature_of` takes; below a hundredth of a degree it is the same."""
    return float(np.log(np.expm1(max(temperature, 0.01) * math.log(2))))


# Files.


def write_prior(path: Path, prior: Prior) -> None:
    """Write a prior, whole or not at all."""
    facts = {**vars(prior.size), "rate": prior.rate, "ratio": prior.ratio}
    tensors = {name: torch.from_numpy(value) for name, value in prior.statistics.items()}
    weights = {
        name: weight.detach().cpu().contiguous() for name, weight in prior.network.state_dict().items()
    }
    part = path.with_suffix(".part")
    part.write_bytes(save({**weights, **tensors}, {HEADER: json.dumps(facts)}))
    part.replace(path)


def read_prior(path: str | Path) -> Prior:
    """Read a prior; nothing in the file is run.

    Raises
    ------
    UserError
        There is no such file, or it holds anything else than a prior.
    """
    path = Path(path)
    header, arrays = read_safetensors(path, MOST_BYTES)
    facts = _facts(header.get(HEADER, ""), path.name)
    rate, ratio = facts.pop("rate"), facts.pop("ratio")
    with torch.device("meta"):
        network = PriorNetwork(Size(**facts))
    wanted = {name: tuple(weight.shape) for name, weight in network.state_dict().items()}
    wanted.update(dict.fromkeys(STATISTICS, (facts["latents"],)))
    held = {name: array.shape for name, array in arrays.items()}
    if wanted != held:
        name = min(name for name in wanted.keys() | held.keys() if wanted.get(name) != held.get(name))
        raise UserError("checkpoint", f"{path.name} is damaged: its {name} does not fit its header")
    if not all(array.dtype == np.float32 and np.isfinite(array).all() for array in arrays.values()):
        raise UserError("checkpoint", f"{path.name} is damaged: it holds something that is not a number")
    if not (arrays["spread"] > 0).all() or not (arrays["lowest"] <= arrays["highest"]).all():
        raise UserError("checkpoint", f"{path.name} is damaged: its latents have no range")
    statistics = {name: arrays.pop(name) for name in STATISTICS}
    network.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()}, assign=True)
    return Prior(network, statistics, rate, ratio)


def _facts(text: str, name: str) -> dict[str, int]:
    """What a prior's header says, each within LIMITS. Raises UserError."""
    try:
        facts: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise UserError("checkpoint", f"{name} is no prior: its header does not say so") from None
    if not isinstance(facts, dict) or facts.keys() != LIMITS.keys():
        raise UserError("checkpoint", f"{name} is no prior: its header has not {', '.join(LIMITS)}")
    for key, most in LIMITS.items():
        if type(facts[key]) is not int or not 1 <= facts[key] <= most:
            raise UserError("checkpoint", f"{name}: {key} is {facts[key]!r}, it can be 1 to {most}")
    return facts
