"""The steps of a training: optimiser, recurrent states, averaged weights, saved state. Runs in a training."""

import copy
import math

import torch
from dlwakit.training.averaging import Average, cosine_rate
from dlwakit.training.saving import save_state
from modelfiles.errors import UserError
from modelfiles.loops.rounding import round_layers
from torch.nn import functional

from ..engine.network import SampleRNN

CLIP = 5.0
AVERAGING = 0.99
LAST = "last.pt"
PARTS = ("model", "average", "optimiser", "scaler")


class Trainer:
    """A model and what is needed to train it on.

    Parameters
    ----------
    config : Config
    rate : float
        The highest learning rate.
    seed : int
    device : str
        Of torch.
    """

    def __init__(self, config, rate, seed, device):
        torch.manual_seed(seed)
        self.config, self.rate, self.device = config, rate, device
        self.model = SampleRNN(config).to(device)
        self.average = Average(self.model, AVERAGING)
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=rate)
        self.scaler = torch.amp.GradScaler(device, enabled=device == "cuda")
        self.states, self.step = (None, None), 0
        self.is_warm = False  # whether it began with the weights of a model

    def begin_with(self, model, name):
        """Take the weights of a SampleRNN of the same size before the first step. Raises UserError."""
        if wrong := misfit(self.config, model.config):
            raise UserError(
                "input",
                f"{name} is a network of another size: its {wrong} is {getattr(model.config, wrong)}, "
                f"not {getattr(self.config, wrong)}",
                "take another --preset, or --from nothing",
            )
        self.model.load_state_dict(model.state_dict())
        self.average = Average(self.model, AVERAGING)
        self.is_warm = True

    def train_step(self, codes, is_start, progress):
        """Learn from one batch; half precision on a graphics card.

        Parameters
        ----------
        codes : torch.Tensor of int64, [streams, big_frame_size + seq_len]
        is_start : bool
            Whether the streams begin anew.
        progress : float
            How much of the training is over, 0 to 1.

        Returns
        -------
        float
            Bits per sample.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = cosine_rate(self.rate, progress, self.step)
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
        self.average.follow()
        return loss.item() / math.log(2)

    def network(self):
        """A copy of the averaged network, its last weights rounded: what is judged, heard and exported."""
        network = copy.deepcopy(self.average.module)
        round_layers(network.sample_tier.eight_bit_layers())
        return network

    def save(self, folder):
        """Write all that is needed to go on into a folder, whole or not at all."""
        state = {name: getattr(self, name).state_dict() for name in PARTS}
        save_state(state | {"states": self.states, "step": self.step}, folder / LAST)

    def restore(self, folder):
        """Go on from what `save` wrote."""
        state = torch.load(folder / LAST, map_location=self.device, weights_only=True)
        for name in PARTS:
            getattr(self, name).load_state_dict(state[name])
        self.states, self.step = state["states"], state["step"]


def misfit(config, other):
    """The first setting by which the weights of two configurations differ in shape or meaning, or ""."""
    free = ("seq_len", "sample_rate", "rnn_dropout")
    return next(
        (
            name
            for name, value in config.to_dict().items()
            if name not in free and other.to_dict()[name] != value
        ),
        "",
    )


def detach(states):
    """Return recurrent states without the graph that made them."""
    if torch.is_tensor(states):
        return states.detach()
    return type(states)(map(detach, states))
