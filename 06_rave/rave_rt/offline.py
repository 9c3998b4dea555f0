"""A method of a model on a whole sound, from a model as it is in the file. Runs in a fork of the worker process."""

import numpy as np
import torch

from .engine.torchscript import Model
from .model import transform


def run(link, module, settings, name, values, rate, threads, random=None):
    """Send a method's answer to a whole signal through the link, as a result with one array [outputs, m].

    values: float32 [channels, n]; rate: see `model.transform`. random: a number to repeat it by.
    """
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    if random is not None:
        torch.manual_seed(random)
    model = Model(module)
    model.set_all(settings)

    def progress(fraction):
        link.send("progress", id=0, fraction=fraction, text=name)

    answer, rate = transform(model, name, values, rate, progress)
    link.send("result", [np.ascontiguousarray(answer)], id=0, values={"rate": rate})
