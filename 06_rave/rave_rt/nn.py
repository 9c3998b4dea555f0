"""What nn~ 1.6 has and `[rave~]` has no other word for: the boxes `[nn~]`, and messages. Runs on Pd's thread."""

import functools
import json
import subprocess
from pathlib import Path

import pyext
from modelfiles.errors import UserError
from modelfiles.finding import REGISTRY, find
from modelfiles.torchscript import read_modules
from pdworker.environments import data_folder
from pdworker.host.arguments import message, name, number, only
from pdworker.host.background import Background

from .box import FLAGS, NO_MODEL, USUAL_BUFFER, Asked, Maker
from .prior_files import find_prior

DAY = Path(__file__).resolve().parent.parent
INLET, OUTLET, INFO = 0, 1, 2  # objects of nn~.pd, by number
NO_GPU = "the model computes on the processor: there is no gpu here"
NO_CHANNELS = "this Pd has no multichannel signals, 0.54 and later have: -m is ignored"

_downloads = Background()


def model_folders(holder):
    """Where an object finds models by name: beside its patch, the course's, those that came, Pd's own path."""
    patches, path = map(Path, holder._canvas_dirs), map(Path, pyext._searchpaths())
    return [*patches, DAY / "checkpoints", data_folder() / "checkpoints", *path]


@functools.lru_cache(maxsize=16)
def _params(path, changed):
    """{method: its four numbers} of a TorchScript file; nothing in it is run. changed: when, in nanoseconds."""
    values = read_modules(path).values
    ends = {key.removesuffix("_params"): value for key, value in values.items() if key.endswith("_params")}
    return {method: numbers for method, value in ends.items() if (numbers := _four(value))}


def _four(value):
    """Four whole numbers of a value that has so many, else []."""
    try:
        return [int(one) for one in value] if len(value) == 4 else []
    except (TypeError, ValueError, OverflowError):  # a stranger's file may hold anything
        return []


def signal_counts(model, method, folders):
    """(inputs, outputs) of a method of a model, of its forward where it has no such method.

    Raises UserError where there is no model of this name, or what is in it says nothing.
    """
    path = find(model, folders, (".ts",))
    params = _params(path, path.stat().st_mtime_ns)
    if method == "prior" and "encode" in params and find_prior(path, None, folders):
        return 1, params["encode"][2]
    found = params.get(method) or params.get("forward")
    if found is None:
        raise UserError("checkpoint", f"{path.name} has no method {method}, and no forward")
    return found[0], found[2]


def rave_words(words, folders):
    """What a box of [rave~] says that does what one of [nn~] says: [-m] [-d] [-g] MODEL METHOD BUFFER.

    Or void INPUTS OUTPUTS BUFFER. Raises UserError as `signal_counts` does.
    """
    flags = [word for word in words if word in FLAGS]
    model, *rest = words[len(flags) :] or ["none"]
    if str(model) in NO_MODEL:
        inputs, outputs, buffer = [*rest, *(1, 1, USUAL_BUFFER)[len(rest) :]][:3]
        return [*flags, "none", "forward", _least(buffer), inputs, outputs]
    method, buffer = [*rest, *("forward", USUAL_BUFFER)[len(rest) :]][:2]
    return [*flags, model, method, _least(buffer), *signal_counts(str(model), str(method), folders)]


def _least(buffer):
    """A buffer as [rave~] takes it, where 0 stands for the usual one."""
    return max(1, int(buffer))


class nn(Maker):
    """Makes the [rave~] inside nn~.pd, with an inlet and an outlet for each signal of the method."""

    def __init__(self, first):
        words = self._patch_arguments
        if words is None:
            return
        try:
            words = rave_words(words, model_folders(self))
        except UserError as error:
            self._error(f"nn~: {error.brief}")  # the box then has one signal on each side, as nn~ has
        inputs, outputs = Asked.of(words).sides
        self.begin(first)
        player = self.make(20, 120, "rave~", *words)
        for channel, inlet in enumerate(self.make_row(60, "inlet~", INLET, inputs)):
            self.connect(inlet, 0, player, channel)
        for channel, outlet in enumerate(self.make_row(240, "outlet~", OUTLET, outputs)):
            self.connect(player, channel, outlet, 0)
        self.connect(INLET, 1, player, 0)
        self.connect(player, outputs, INFO, 0)


class NnWords:
    """Messages of nn~, for a class of Pd objects; those about a model wait until the one that is awaited is there."""

    WAIT = ("bang", "get", "set", "dump", "methods", "attributes", "follow", "scale", "bias")

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.awaited = False  # a model that the box names
        self._early = []  # messages before it came

    def checkpoint_folders(self):
        return model_folders(self)

    def tell_missing(self, asked):
        """Say which flags of the box have no effect."""
        if "multichannel" in asked.flags and not asked.multichannel:
            self.output("note", NO_CHANNELS)
        if "gpu" in asked.flags:
            self.output("note", NO_GPU)

    def handle_message(self, handler, values):
        waits = self.facts is None and (self.awaited or self._loading)
        if waits and handler.name.removesuffix("_1") in self.WAIT:
            self._early.append((handler, values))
        else:
            super().handle_message(handler, values)

    async def load(self, words):
        try:
            await super().load(words)
        finally:
            self.awaited = False
            early, self._early = self._early, []
        for one in early:  # where loading failed, that was told
            self.handle_message(*one)

    @message("bang")
    def bang_1(self):
        """Get the state in nn~'s words: loaded, enabled, model, method, attributes, bufsize, dim, ratio and others."""
        self.output("loaded", int(self.facts is not None))
        if self.facts is None:
            return
        methods = {method["name"]: method for method in self.facts["methods"]}
        wanted = self.settings["method"]
        method = methods.get(wanted) or methods.get("forward") or next(iter(methods.values()))
        self.output("enabled", int(self.settings["enable"]))
        self.output("gpu", 0)
        self.output("model", self.facts["name"])
        self.output("methods", *methods)
        self.output("method", method["name"])
        self.output("attributes", *self.facts["attributes"])
        self.output("bufsize", (self.playing or {}).get("buffer", self.settings["buffer"]))
        self.output("dim", method["inputs"], method["outputs"])
        self.output("ratio", method["in_ratio"], method["out_ratio"])

    @message("dump")
    def dump_1(self):
        """Get the values of all attributes."""
        for attribute in self.require_model()["attributes"]:
            self.get_1(attribute)

    @message("gpu 0|1")
    def gpu_1(self, on):
        """Say that there is no gpu; as nn~ does where it finds none."""
        if number(on, "gpu", 0, 1):
            self.output("note", NO_GPU)

    @message("print_available_models")
    def print_available_models_1(self):
        """Get the names of the models that `download` knows, also in Pd's console."""
        for one in json.loads((DAY / "checkpoints" / REGISTRY).read_text()):
            if one.get("url"):
                print(one["name"])
                self.output("available", one["name"])

    @message("download NAME")
    async def download_1(self, *words):
        """Fetch a model of `print_available_models` from its publisher; afterwards `load NAME` finds it."""
        wanted = name(only(words)).rpartition("/")[2]
        self.output("progress", 0, f"downloading {wanted}")
        await _downloads.run(fetch, wanted)
        self.output("done", "download", wanted)


def fetch(model):
    """Download a model by the course's command line. Raises UserError with what that says."""
    command = [DAY.parent / "setup/dlwa", "checkpoints", "get", "--", model]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise UserError("file", f"{model} was not downloaded: {' '.join(done.stderr.split())[-300:]}")
