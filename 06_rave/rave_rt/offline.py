"""What a model makes of a whole sound, or makes up, from a model as it is in the file. Runs in forks of the worker.

loaded: (module, prior or None, settings, bends). random: a number to repeat by what is drawn, or None.
"""

import numpy as np
import torch

from . import generation
from .engine.torchscript import Model
from .engine.weights import bending_of
from .model import transform

MAKING = 0.5  # share of the progress that making up latents is, where sound is made of them


def run(link, loaded, name, values, rate, threads, random=None):
    """Send a method's answer to a whole signal through the link, as a result with one array [outputs, m].

    values: float32 [channels, n]; rate: see `model.transform`.
    """
    model = prepared(loaded, threads, random)
    answer, rate = transform(model, name, values, rate, telling(link, name))
    send(link, answer, rate)


def encode(link, loaded, audio, rate, threads, random):
    """Send a sound's latents through the link, without progress: it is one of many."""
    send(link, *transform(prepared(loaded, threads, random), "encode", audio, rate))


def generate(link, loaded, seconds, temperature, start, rate, as_sound, threads, random=None):
    """Send what the prior makes up, as sound or as latents, through the link, as a result with one array [channels, m].

    start: a sound to go on from, float32 [channels, n], or None; rate: of that and of the answer in Hz, or 0.
    """
    model, prior = prepared(loaded, threads, random), loaded[1]
    before = generation.begin(model, prior, start, rate)
    share = MAKING if as_sound else 1.0
    made = generation.latents(prior, before, seconds, temperature, telling(link, "prior", 0, share))
    if not as_sound:
        send(link, made, model.rate)
        return
    progress = telling(link, "decode", share, 1 - share)
    send(link, *generation.sound(model, before, made, seconds, rate, progress))


def picture(link, loaded, layer, columns):
    """Send a picture of a layer's weights as they are bent, see `modelfiles.bending`, as a result with one array."""
    bending = bending_of(loaded[0])
    bending.put(loaded[3])
    link.send("result", [bending.picture(layer, columns)], id=0, values={})


def prepared(loaded, threads, random):
    """The Model to run."""
    module, prior, settings, bends = loaded
    bending_of(module).put(bends)
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    torch.seed() if random is None else torch.manual_seed(random)  # else each fork would draw the same
    model = Model(module, prior)
    model.set_all(settings)
    return model


def telling(link, text, begin=0.0, share=1.0):
    """A function that sends a fraction of a part as progress of the whole."""
    return lambda fraction: link.send("progress", id=0, fraction=begin + share * fraction, text=text)


def send(link, answer, rate):
    """Send a result."""
    link.send("result", [np.ascontiguousarray(answer)], id=0, values={"rate": rate})
