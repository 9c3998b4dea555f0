"""Steps, averaged weights, checks and saved states of a training; the program `train`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from dlwakit.training.averaging import Average, cosine_rate
from dlwakit.training.saving import save_state

from ..engine.encodings import OneHot
from ..model import MelodyRnn
from .bundles import write_bundle
from .examples import Batches, inputs_of, pad
from .graphs import ATTENTION_LENGTH
from .held_out import HeldOut, per_event
from .melodies import Dataset
from .metrics import Score
from .recurrent import Network, mean_loss

AVERAGING = 0.99
LARGEST_GRADIENT = 3.0
JUDGED = 96  # melodies of a check


class Trainer:
    """A network and what is needed to train it.

    Parameters
    ----------
    dataset : Dataset
    settings : dict
        Those of the run, `layers` among them.
    weights : mapping of str to numpy.ndarray, optional
        By role, to begin with.
    """

    def __init__(
        self, dataset: Dataset, settings: dict, weights: Mapping[str, np.ndarray] | None = None
    ) -> None:
        torch.manual_seed(settings["seed"])
        self.settings, self.step = settings, 0
        self.is_warm = weights is not None
        self.network = Network(settings["network"], settings["layers"], settings["keep"])
        if weights:
            self.network.take(weights)
        self.average = Average(self.network, AVERAGING)
        learned = [weight for weight in self.network.parameters() if weight.requires_grad]
        self._optimiser = torch.optim.Adam(learned, lr=settings["learning_rate"])
        self._batches = Batches(dataset, self.network.encoding, settings)
        self.held_out = HeldOut(dataset, self.network.encoding, JUDGED)

    def learn(self, progress: float) -> float:
        """Take one step; returns the batch's mean cross-entropy in nats for each sixteenth.

        Parameters
        ----------
        progress : float
            How much of the training is over, 0 to 1.
        """
        for group in self._optimiser.param_groups:
            group["lr"] = cosine_rate(self.settings["learning_rate"], progress, self.step)
        inputs, labels, lengths = map(torch.from_numpy, self._batches[self.step])
        torch.manual_seed(self.settings["seed"] + self.step)  # dropout, the same for a run that goes on
        loss = mean_loss(self.network(inputs.float()), labels, lengths)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        self._optimiser.step()
        self.average.follow()
        self.step += 1
        return loss.item()

    # What it has learned: the averaged weights.

    def judge(self) -> Score:
        """How well it predicts held-out melodies."""
        return self.held_out.score(lambda melodies: predict(self.average.module, melodies))

    def preview(self) -> list[int]:
        """Events of the first held-out theme and of what the network goes on with."""
        network = self.average.module
        units = network.layers[0]
        width = 2 * sum(network.layers) + (1 + ATTENTION_LENGTH) * units
        playing = MelodyRnn(network.configuration, network.variables(), width)
        theme = self.held_out.theme
        rng = np.random.RandomState(self.settings["seed"])
        return [*theme, *playing.continue_melody(theme, 2 * len(theme), rng=rng)[0]]

    def export(self, path: Path, description: str) -> None:
        """Write the network as a bundle."""
        write_bundle(path, self.average.module, description)

    # Stopping and going on.

    def save(self, path: Path) -> None:
        """Write the state, whole or not at all."""
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "step": self.step,
        }
        save_state(state, path)

    def go_on(self, path: Path) -> None:
        """Take up what `save` wrote."""
        held = torch.load(path, weights_only=True)
        self.network.load_state_dict(held["network"])
        self.average.load_state_dict(held["average"])
        self._optimiser.load_state_dict(held["optimiser"])
        self.step = held["step"]


@torch.no_grad()
def predict(network: Network, melodies: Sequence[Sequence[int]], batch: int = 32) -> list[np.ndarray]:
    """For each melody, in the key and range of the network, what `HeldOut.score` asks for."""
    encoding: OneHot = network.encoding
    results: list[np.ndarray] = [np.empty(0)] * len(melodies)
    order = sorted(range(len(melodies)), key=lambda number: len(melodies[number]))
    for start in range(0, len(order), batch):
        numbers = order[start : start + batch]
        inputs = [inputs_of(encoding, np.asarray(melodies[number]))[:-1] for number in numbers]
        rows = network(torch.from_numpy(pad(inputs)).float()).softmax(-1).numpy().astype(np.float64)
        for number, row in zip(numbers, rows):
            results[number] = per_event(encoding, row[: len(melodies[number]) - 1], melodies[number])
    return results
