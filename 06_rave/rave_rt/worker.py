"""The worker process of day 6: the calls of its Pd object. The model itself only ever runs in forks of this process."""

import contextlib
import os
from pathlib import Path

import numpy as np
import torch
from modelfiles.bending import Bending
from modelfiles.errors import UserError
from modelfiles.sounds import read_beginning
from pdworker.serving.forked import run_in_child
from pdworker.serving.server import send_event, serve
from pdworker.serving.supervisor import NotPlaying, Supervisor

from . import offline
from .engine.opening import OWN, PROGRAM, open_model
from .engine.prior import read_prior
from .engine.torchscript import Model, load_module, resolved
from .engine.weights import bending_of
from .live import LiveModel
from .model import NO_PRIOR, fitting
from .prior_files import NONE

MAP_SEED = 0  # so that a sound lies at the same place of a map each time
PLACE = np.zeros(2)  # stands for weights where only their names count


class Worker:
    """Loads a TorchScript model, runs it on whole sounds and lets it play live; the public methods are the calls."""

    def __init__(self):
        self._module = self._prior = None
        self._own = False  # whether it is a network of this day's own training, played by our layers
        self._threads = 1  # of what plays
        self._settings = {}  # values of attributes that were set
        self._layers, self._bends = [], []  # names, and what is bent, see modelfiles.bending
        self._spec = {}  # what plays, see LiveModel
        self._supervisor = None  # of what plays

    def load(self, job, *, checkpoint, folders=(), engine="small", threads=1, prior=None, beside=None):
        """Load a .ts file, and the prior that is named or lies beside it, also files; returns facts about them.

        What plays goes on with the model that it has until `play`.
        """
        if engine != "small":
            raise UserError("input", "RAVE has one engine", "leave --engine out")
        job.progress(0.1, f"reading {Path(checkpoint).name}")
        path = Path(checkpoint)
        module, reason = open_model(path, lambda path: run_in_child(job, try_loading, path))
        job.progress(0.8, "reading its methods")
        found = read_beside(prior, beside)
        facts, _ = run_in_child(job, describe, module, found)
        if misfit := facts.pop("misfit"):
            found = None
            send_event("warning", {"message": misfit})
        self._module, self._prior, self._threads, self._settings = module, found, int(threads), {}
        self._own = not reason and isinstance(module, torch.jit.ScriptModule)
        layers = bending_of(module).describe()
        self._layers, self._bends = [name for name, *_ in layers], []
        return {
            "name": path.stem,
            "engine": PROGRAM if reason else OWN,
            "reason": reason,
            "layers": layers,
            **facts,
        }

    def transform(self, job, *, method, rate=0, random=None, arrays):
        """Run a method on whole sounds or latents, one array a channel, from a model that has no memory of others."""
        arguments = self._loaded(), method, together(arrays), int(rate), offline_threads(), random
        facts, (answer,) = run_in_child(job, offline.run, *arguments)
        return facts, list(answer)

    def encode_file(self, job, *, file, longest_s):
        """Return the latents of a sound file's beginning, one array a latent, and how loud it is, in dB."""
        loaded = self._loaded()
        audio, rate = read_beginning(file, longest_s)
        arguments = loaded, audio[np.newaxis], rate, offline_threads(), MAP_SEED
        _, (latents,) = run_in_child(job, offline.encode, *arguments)
        return {"loudness": float(10 * np.log10(np.square(audio).mean()))}, list(latents)

    def generate(self, job, *, seconds, temperature, rate=0, random=None, as_sound=True, arrays=()):
        """Let the prior make up sound or latents, on from a sound if there is one; an array for each channel."""
        loaded = self._loaded()
        if self._prior is None:
            raise UserError("state", "this model has no prior beside it", NO_PRIOR)
        start = together(arrays) if arrays else None
        arguments = loaded, seconds, temperature, start, int(rate), as_sound, offline_threads(), random
        facts, (answer,) = run_in_child(job, offline.generate, *arguments)
        return facts, list(answer)

    def follow(self, job, *, rate, arrays):
        """Let the prior that plays go on from a sound."""
        loaded = self._loaded()
        if self._prior is None:
            raise UserError("state", "this model has no prior beside it", NO_PRIOR)
        arguments = loaded, "encode", together(arrays), int(rate), offline_threads()
        _, (latents,) = run_in_child(job, offline.run, *arguments)
        try:
            self._call_playing("follow", list(latents))
        except NotPlaying:
            raise UserError("state", "no prior plays") from None
        return {}

    def play(self, job, *, stream, method, buffer, enabled, scale, bias, bends=()):
        """Play a method on a stream of Pd's; how it goes is reported by events, see `serving.live`."""
        (module, prior, *_), threads = self._loaded(), self._threads
        self.stop(job)
        self._bends = self._checked(bends)
        self._spec = spec = {
            "method": method,
            "buffer": buffer,
            "enabled": enabled,
            "scale": scale,
            "bias": bias,
            "bends": self._bends,
            "settings": self._settings,
            "own": self._own,
        }
        self._supervisor = Supervisor(
            stream, lambda pulse, report: LiveModel(module, prior, spec, threads, pulse, report)
        )
        return {}

    def stop(self, job):
        """Stop playing."""
        if self._supervisor is not None:
            self._supervisor.end()
        self._supervisor = None
        return {}

    def get(self, job, *, name):
        """Return the values of an attribute: of the model that plays, else as a fresh one would have them."""
        with contextlib.suppress(NotPlaying):
            return self._call_playing("get", name=name)
        return run_in_child(job, try_attribute, self._loaded()[0], self._settings, name)[0]

    def set(self, job, *, name, values, arrays=()):
        """Set an attribute of what plays, and of all that will.

        {"array": i, "rate": hz} among the values stands for arrays[i].
        """
        module = self._loaded()[0]
        settings = {**self._settings, name: resolved(values, arrays)}
        try:
            self._call_playing("set", arrays, name=name, values=values)
        except NotPlaying:
            run_in_child(job, try_attribute, module, settings, None)
        self._settings.update(settings)
        return {}

    def enable(self, job, *, on):
        """Let what plays sound, or be silent."""
        self._spec["enabled"] = on
        with contextlib.suppress(NotPlaying):
            self._call_playing("enable", on=on)
        return {}

    def change(self, job, *, scale, bias):
        """Scale and shift the latents of forward."""
        with contextlib.suppress(NotPlaying):
            self._call_playing("move_latents", scale=scale, bias=bias)
        self._spec.update(scale=scale, bias=bias)
        return {}

    def bend_layers(self, job, *, bends):
        """Bend the network in just these ways: what plays, and all that will."""
        self._loaded()
        self._bends = self._checked(bends)
        with contextlib.suppress(NotPlaying):
            self._call_playing("bend_layers", bends=self._bends)
        self._spec["bends"] = self._bends
        return {}

    def weights(self, job, *, layer, columns):
        """Return a picture of a layer's weights as they are bent, one array."""
        arguments = self._loaded(), layer, int(columns)
        _, arrays = run_in_child(job, offline.picture, *arguments)
        return {}, list(arrays)

    def _checked(self, bends):
        """Bends that can be; raises UserError for others, and for a layer that is not there."""
        checked = Bending(dict.fromkeys(self._layers, PLACE)).checked(bends)
        return [list(bend) for bend in checked]

    def _call_playing(self, name, /, arrays=(), **arguments):
        """Let what plays answer a call. Raises NotPlaying when there is nothing, or no answer."""
        if self._supervisor is None:
            raise NotPlaying
        return self._supervisor.call(name, arrays, **arguments)

    def _loaded(self):
        """(module, prior or None, settings, bends). Raises UserError where nothing is loaded."""
        if self._module is None:
            raise UserError("state", "no model is loaded", "load one first")
        return self._module, self._prior, self._settings, self._bends


def try_loading(link, path):
    """Load a model whose program runs at that. Runs in a fork, where it may take its time and memory."""
    load_module(path)
    link.send("result", id=0, values={})


def read_beside(named, beside):
    """The prior in a file; None where there is none, or where it is damaged and was not asked for."""
    path = named or beside
    try:
        return read_prior(path) if path and path != NONE else None
    except UserError as error:
        if named:
            raise
        send_event("warning", {"message": error.brief})
        return None


def together(arrays):
    """float32 [channels, n] of arrays; shorter ones end with zeros."""
    length = max(map(len, arrays))
    return np.stack([np.pad(one, (0, length - len(one))) for one in arrays])


def describe(link, module, prior):
    """Send what a patch may know of a model, and why its prior does not fit, or "". Runs in a fork."""
    model, misfit = Model(module), ""
    if prior is not None:
        try:
            model = Model(module, fitting(prior, model))
        except UserError as error:
            misfit = error.brief
    values = {
        "misfit": misfit,
        "rate": model.rate,
        "ratio": model.largest_ratio,
        "methods": [vars(method) for method in model.methods.values()],
        "attributes": model.attributes,
    }
    link.send("result", id=0, values=values)


def try_attribute(link, module, settings, name):
    """Send the values of an attribute, if one is named, after the others were set. Runs in a fork."""
    model = Model(module)
    model.set_all(settings)
    link.send("result", id=0, values={"values": model.get(name) if name else []})


def offline_threads():
    """All cores but one, which is Pd's."""
    return max(1, len(os.sched_getaffinity(0)) - 1)


if __name__ == "__main__":
    torch.set_num_threads(1)  # here nothing is computed, and threads do not survive a fork
    serve(Worker())
