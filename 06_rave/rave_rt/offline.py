"""Whole sounds through a model, from a model that has heard nothing before."""

import numpy as np
import torch
from modelfiles.errors import UserError
from modelfiles.resample import resample

from .model import Model

PIECE = 1 << 16  # samples at once: long enough to be quick, short enough to tell how far it is


def run(link, module, settings, name, values, rate, threads, random=None):
    """Send a method's answer to a whole signal through the link, as a result with one array [outputs, m].

    values: float32 [channels, n]. Where the method takes sound, at `rate` Hz; sound that it gives comes at that rate,
    too (0: the model's own). Latents are at the model's rate of latents. random: a number to repeat it by.
    """
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    if random is not None:
        torch.manual_seed(random)
    model = Model(module)
    model.set_all(settings)
    method = model.methods.get(name)
    if method is None:
        raise UserError("input", f"the model has no method {name}, only {', '.join(model.methods)}")
    own = model.rate or rate
    rate = rate or own
    samples = values.shape[1] * method.in_ratio
    if method.in_ratio == 1:
        values = resample(values, rate, own)
    answer = whole(model, method, values, lambda done: link.send("progress", id=0, fraction=done, text=name))
    if method.out_ratio == 1:
        length = samples if method.in_ratio == 1 else round(samples * rate / own)
        answer = fitted(resample(answer, own, rate), length)
    link.send(
        "result",
        [np.ascontiguousarray(answer)],
        id=0,
        values={"rate": rate if method.out_ratio == 1 else own},
    )


def whole(model, method, values, progress=lambda fraction: None):
    """A method's answer to a whole signal at the model's rate: float32 [channels, n] to [outputs, m].

    The model gets it in pieces that follow each other, the last one filled up with zeros; channels that are missing
    are zeros. The answer is cut to the length that belongs to the input, and must be numbers all through.
    """
    count = values.shape[1]
    smallest = model.largest_ratio // method.in_ratio
    piece = max(PIECE // method.in_ratio // smallest, 1) * smallest
    padded = np.zeros((method.inputs, -(-count // smallest) * smallest), np.float32)
    values = values[: method.inputs]
    padded[: len(values), :count] = values
    answers = [np.zeros((method.outputs, 0), np.float32)]
    for start in range(0, padded.shape[1], piece):
        progress(start / padded.shape[1])
        answers.append(model.run(method.name, padded[:, start : start + piece]))
        if not np.isfinite(answers[-1]).all():
            raise UserError("checkpoint", f"{method.name} answered something that is not a number")
    length = -(-count * method.in_ratio // method.out_ratio)
    return np.concatenate(answers, 1)[:, :length]


def fitted(signals, length):
    """Exactly `length` values of each channel: cut, or filled up with zeros."""
    return np.pad(signals[:, :length], ((0, 0), (0, max(0, length - signals.shape[1]))))
