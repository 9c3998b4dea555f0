"""Averaged weights and a learning rate that falls to its end, for trainings in torch. Runs in a training."""

import copy
import math

import torch


class Average:
    """The exponential moving average of a module's weights: what is judged, heard and exported.

    Parameters
    ----------
    module : torch.nn.Module
    keep : float
        How much of the average stays at each step; less in the first steps.
    """

    def __init__(self, module, keep):
        self._module, self._keep, self._steps = module, keep, 0
        self.module = copy.deepcopy(module).requires_grad_(False).eval()

    @torch.no_grad()
    def follow(self):
        """Take in the weights of now; buffers are those of now."""
        self._steps += 1
        keep = min(self._keep, (1 + self._steps) / (10 + self._steps))
        for averaged, weight in zip(self.module.parameters(), self._module.parameters()):
            averaged.lerp_(weight, 1 - keep)
        for kept, buffer in zip(self.module.buffers(), self._module.buffers()):
            kept.copy_(buffer)

    def state_dict(self):
        """What `load_state_dict` takes."""
        return {"steps": self._steps, "module": self.module.state_dict()}

    def load_state_dict(self, state):
        """Go on from what `state_dict` returned."""
        self._steps = state["steps"]
        self.module.load_state_dict(state["module"])


def cosine_rate(rate, progress, step, warm_up=50, last=0.02):
    """The learning rate: up in `warm_up` steps, then along half a cosine to `last` of it when the training ends.

    Parameters
    ----------
    rate : float
        The highest.
    progress : float
        How much of the training is over, 0 to 1.
    step : int
        Steps taken.
    """
    cosine = 0.5 + 0.5 * math.cos(math.pi * min(progress, 1.0))
    return rate * (last + (1 - last) * cosine) * min(1.0, (step + 1) / warm_up)
