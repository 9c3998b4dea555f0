"""Day 6's worker: what Pd can ask of a TorchScript model. The model itself only ever runs in forks of this process."""

import contextlib
import os

import numpy as np
import torch
from modelfiles.finding import find
from pdworker.serving.server import WorkerError, serve

from . import offline
from .engine.torchscript import Model, load_module, resolved
from .forked import Child, Gone
from .watch import NotPlaying, Watch

STALLS = 60.0  # seconds without a sign of life from an offline call

loaded = None
watch = None


class Loaded:
    """The model that is loaded, and what was set in it."""

    def __init__(self, module, facts, threads):
        self.module, self.facts, self.threads = module, facts, threads
        self.settings = {}


def load(job, *, folders, checkpoint="starter", engine="small", threads=1):
    """Load NAME.ts. What plays goes on with the model that it has until `play`."""
    global loaded
    if engine != "small":
        raise WorkerError("engine", "RAVE has one engine", "leave --engine out")
    job.progress(0.1, f"reading {checkpoint}")
    path = find(str(checkpoint), folders, suffixes=(".ts",))
    module = load_module(path)
    job.progress(0.8, "looking at its methods")
    _, facts = in_child(job, describe, module)
    loaded = Loaded(module, facts, int(threads))
    return {"name": path.stem, **facts}


def describe(link, module):
    """What a patch may know of a model. Runs in a fork."""
    model = Model(module)
    link.send(
        "result",
        id=0,
        values={
            "rate": model.rate,
            "ratio": model.largest_ratio,
            "methods": [vars(method) for method in model.methods.values()],
            "attributes": model.attributes,
        },
    )


def in_child(job, function, *arguments):
    """(arrays, values) of the result that a fork sends. Raises WorkerError when it fails, dies or stalls."""
    child = Child(function, *arguments)
    silence = 0.0
    try:
        while silence < STALLS:
            job.check()
            look()
            frame = child.receive(0.1)
            silence = 0.0 if frame else silence + 0.1
            if frame is None:
                continue
            header = frame.header
            if frame.kind == "result":
                return frame.arrays, header["values"]
            if frame.kind == "error":
                raise WorkerError(header["error"], header["message"], header["hint"])
            if frame.kind == "progress":
                job.progress(header["fraction"], header["text"])
    except Gone as gone:
        raise WorkerError("model", f"the model's process has ended, {gone}") from None
    finally:
        child.end()
    raise WorkerError("model", f"the model does not answer: nothing in {STALLS:.0f} seconds")


def transform(job, *, method, rate=0, random=None, arrays):
    """A method of the model on whole sounds or latents, one array a channel, from a model that has heard nothing."""
    model = model_loaded()
    length = max(map(len, arrays))
    values = np.stack([np.pad(one, (0, length - len(one))) for one in arrays])
    (answer,), facts = in_child(
        job, offline.run, model.module, model.settings, method, values, int(rate), offline_threads(), random
    )
    return facts, list(answer)


def offline_threads():
    """All cores but one, which is Pd's."""
    return max(1, len(os.sched_getaffinity(0)) - 1)


def play(job, *, stream, method, buffer, enabled, bend):
    """Play a method on a stream of Pd's; the answer comes at once, `report` tells when it has begun."""
    global watch
    stop(job)
    spec = {
        "stream": stream,
        "method": method,
        "buffer": buffer,
        "enabled": enabled,
        "bend": bend,
        "settings": model_loaded().settings,
    }
    watch = Watch(loaded.module, spec, loaded.threads)
    return {}


def stop(job):
    """Stop playing."""
    global watch
    if watch is not None:
        watch.end()
    watch = None
    return {}


def look():
    """Keep the watch."""
    if watch is not None:
        watch.look()


def report(job):
    """What plays, how it goes, and what there is to say since the last report."""
    if watch is None:
        return {"watched": False, "playing": None, "lines": []}
    watch.look()
    lines, watch.lines = watch.lines, []
    pulse = watch.pulse
    return {
        "watched": True,
        "playing": watch.facts,
        "lines": lines,
        "played": pulse.played,
        "spent": pulse.spent,
    }


def get(job, *, name):
    """The values of an attribute: of the model that plays, else as a fresh one would have them."""
    if watch is not None:
        with contextlib.suppress(NotPlaying):
            return tell("get", name=name)
    model = model_loaded()
    return in_child(job, try_attribute, model.module, model.settings, name)[1]


def set_attribute(job, *, name, values, arrays=()):
    """Set an attribute of what plays, and of all that will. {"array": i, "rate": hz} among the values is an array."""
    model = model_loaded()
    settings = {**model.settings, name: resolved(values, arrays)}
    try:
        tell("set", arrays, name=name, values=values)
    except NotPlaying:
        in_child(job, try_attribute, model.module, settings, None)
    model.settings.update(settings)
    return {}


def try_attribute(link, module, settings, name):
    """Send the values of an attribute, if one is named, after the others were set. Runs in a fork."""
    model = Model(module)
    model.set_all(settings)
    link.send("result", id=0, values={"values": model.get(name) if name else []})


def enable(job, *, on):
    """Let it sound, or not."""
    if watch is not None:
        watch.spec["enabled"] = on
        with contextlib.suppress(NotPlaying):
            tell("enable", on=on)
    return {}


def bend(job, *, scale, bias):
    """Scale and shift the latents of forward."""
    if watch is not None:
        with contextlib.suppress(NotPlaying):
            tell("bend", scale=scale, bias=bias)
        watch.spec["bend"] = {"scale": scale, "bias": bias}
    return {}


def tell(call, /, arrays=(), **arguments):
    """Let what plays answer a call. Raises NotPlaying when there is nothing, or no answer."""
    if watch is None:
        raise NotPlaying
    return watch.call(call, arrays, **arguments)


def model_loaded():
    if loaded is None:
        raise WorkerError("order", "no model is loaded", "load one first")
    return loaded


if __name__ == "__main__":
    torch.set_num_threads(1)  # here nothing is computed, and threads do not survive a fork
    serve(
        {
            "load": load,
            "transform": transform,
            "get": get,
            "set": set_attribute,
            "play": play,
            "stop": stop,
            "report": report,
            "enable": enable,
            "bend": bend,
        }
    )
