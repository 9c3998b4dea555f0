"""A TorchScript model that follows nn~'s convention (acids-ircam/nn_tilde), on numpy arrays. Runs in forks.

Such a file names its methods (`get_methods`, or whatever has a `<method>_params`), how many channels each takes and
gives and at what fraction of the sample rate, and its attributes with their types. RAVE exports are the best known.
"""

import zipfile
from dataclasses import dataclass

import numpy as np
import torch
from modelfiles import bounded
from modelfiles.errors import UserError

from .prior import temperature_of

TYPES = ("bool", "int", "float", "str", "tensor", "buffer")


@dataclass(frozen=True)
class Method:
    """float32 [inputs, n / in_ratio] to [outputs, n / out_ratio]; the ratios count samples of audio per value."""

    name: str
    inputs: int
    in_ratio: int
    outputs: int
    out_ratio: int
    input_labels: tuple
    output_labels: tuple


def load_module(path):
    """The TorchScript module in a file. Raises UserError when there is none."""
    try:
        return torch.jit.load(path, map_location="cpu").eval()
    except (RuntimeError, ValueError, OSError) as error:
        raise UserError(
            "checkpoint",
            f"{path.name} is not a TorchScript file, or is damaged: {last_line(error)}",
            "export or download it again",
        ) from error


def runs_when_loaded(path):
    """Whether the program in a TorchScript file has a part that runs when it is loaded; True where it is unreadable.

    Raises UserError where the program would unpack to far more than the file has.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            programs = [one for one in members if "/code/" in one.filename and one.filename.endswith(".py")]
            bounded.check_unpacked(path, programs)
            return any(b"__setstate__" in archive.read(one) for one in programs)
    except (ValueError, *bounded.UNREADABLE):
        return True


def last_line(error):
    """The line of torch's long messages that tells what happened."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__).removeprefix("builtins.")[:300]


def resolved(values, arrays):
    """The values of an attribute, with what stands for an array, {"array": i, "rate": hz}, as (array, rate)."""
    return [(arrays[value["array"]], value["rate"]) if isinstance(value, dict) else value for value in values]


def _prior_method(prior):
    """The Method of a Prior, as RAVE exports with one describe theirs."""
    count, ratio = prior.size.latents, prior.ratio
    labels = tuple(f"(signal) latent {index + 1}" for index in range(count))
    return Method("prior", 1, ratio, count, ratio, ("(signal) temperature",), labels)


class Model:
    """What a TorchScript module can do.

    rate: the model's own sample rate in Hz, 0 when it has none; methods: {name: Method}; attributes:
    {name: types}.
    With a `Prior` it has the method `prior`, in place of one of its own: its input is a temperature as a RAVE's own
    takes it (see `prior.temperature_of`).
    Raises UserError when the module does not follow the convention.
    """

    def __init__(self, module, prior=None):
        self._module = module
        self.rate = self._read_rate()  # before anybody sets another one
        self.methods = {name: self._method(name) for name in self._method_names()}
        if not self.methods:
            raise UserError(
                "checkpoint", "this TorchScript file has no methods for signals: it is not made for nn~"
            )
        self.attributes = {name: self._types(name) for name in self._attribute_names()}
        self._buffers = {}  # (attribute, place): the array and its rate that were set last
        self._player = None  # of the prior
        if prior is not None:
            self._player = prior.player()
            self.methods["prior"] = _prior_method(prior)

    @property
    def largest_ratio(self):
        """The shortest piece of audio, in samples, that every method can take."""
        return max(max(method.in_ratio, method.out_ratio) for method in self.methods.values())

    def method(self, name):
        """The method of this name, else `forward`, as nn~ does. Raises UserError when there is neither."""
        found = self.methods.get(name) or self.methods.get("forward")
        if found is None:
            raise UserError("input", f"the model has no method {name}, only {', '.join(self.methods)}")
        return found

    @torch.inference_mode()
    def run(self, name, values):
        """Call a method: float32 [inputs, n] to float32 [outputs, m].

        Raises UserError when the model fails, or answers something else than its `_params` promise.
        """
        if name == "prior" and self._player is not None:
            return self._player.play(map(temperature_of, values[0]))
        method = self.methods[name]
        tensor = torch.from_numpy(np.ascontiguousarray(values, np.float32))[None]
        try:
            answer = getattr(self._module, name)(tensor)
        except Exception as error:  # whatever a stranger's program raises
            raise UserError("checkpoint", f"{name} failed: {last_line(error)}") from error
        wanted = [1, method.outputs, values.shape[1] * method.in_ratio // method.out_ratio]
        if not isinstance(answer, torch.Tensor):
            raise UserError("checkpoint", f"{name} answered {type(answer).__name__}, not a tensor")
        if list(answer.shape) != wanted:
            raise UserError("checkpoint", f"{name} answered {list(answer.shape)}, it promises {wanted}")
        return answer[0].to(torch.float32).numpy()

    @torch.inference_mode()
    def get(self, name):
        """The values of an attribute, a list."""
        self._check_attribute(name)
        values = self._call(f"get_{name}")
        values = list(values) if isinstance(values, (tuple, list)) else [values]
        return [value.flatten().tolist() if isinstance(value, torch.Tensor) else value for value in values]

    @torch.inference_mode()
    def set(self, name, values):
        """Set an attribute. values: one for each of its types; for tensor and buffer (float32 [n], rate in Hz)."""
        types = self._check_attribute(name)
        if len(values) != len(types):
            raise UserError(
                "input", f"{name} takes {len(types)} values ({' '.join(types)}), not {len(values)}"
            )
        try:
            converted = [self._value(name, place, *pair) for place, pair in enumerate(zip(types, values))]
            if self._call(f"set_{name}", *converted) not in (0, None):
                raise UserError("input", f"the model refuses this value of {name}")
        except UserError:
            self._put_buffers_back(name)
            raise
        for place, kind in enumerate(types):
            if kind == "buffer":
                self._buffers[name, place] = values[place]

    def _put_buffers_back(self, name):
        """Give the buffers of an attribute what was set last, or nothing."""
        for place, kind in enumerate(self.attributes[name]):
            if (name, place) in self._buffers:
                self._value(name, place, kind, self._buffers[name, place])
            elif kind == "buffer" and self._has("clear_buffer_attribute"):
                self._call("clear_buffer_attribute", f"{name}#{place}")

    def set_all(self, settings):
        """Set several attributes, {name: values}."""
        for name, values in settings.items():
            self.set(name, values)

    def set_rate(self, rate):
        """Set the sample rate in Hz of a model that has none of its own."""
        if self.rate == 0 and self._has("set_sample_rate"):
            self._call("set_sample_rate", int(rate))

    def follow(self, latents):
        """Let the prior go on from latents, float32 [latents, n]. Raises UserError where there is no `Prior`."""
        if self._player is None:
            raise UserError("input", "this model has no prior that could go on from a sound")
        self._player.follow(latents)

    # The module's own description.

    def _has(self, method):
        return method in self._compiled()

    def _compiled(self):
        """The names of all methods; torch has no public way to list those of a program."""
        if isinstance(self._module, torch.jit.ScriptModule):
            return self._module._c._method_names()
        return [name for name in vars(type(self._module)) if not name.startswith("_")]

    def _call(self, method, *values):
        if not self._has(method):
            raise UserError("checkpoint", f"the model has no {method}")
        try:
            return getattr(self._module, method)(*values)
        except Exception as error:  # whatever a stranger's program raises
            raise UserError("checkpoint", f"{method} failed: {last_line(error)}") from error

    def _read_rate(self):
        if self._has("get_sample_rate"):
            return self._number(self._call("get_sample_rate"))
        for module in (self._module, getattr(self._module, "_rave", None)):
            for name in ("sr", "sampling_rate"):
                if hasattr(module, name):
                    return self._number(getattr(module, name))
        return 0

    def _number(self, value):
        try:
            return max(0, int(value))
        except (TypeError, ValueError, RuntimeError):
            return 0

    def _method_names(self):
        if self._has("get_methods"):
            return [str(name) for name in self._call("get_methods")]
        return [name for name in self._compiled() if hasattr(self._module, f"{name}_params")]

    def _method(self, name):
        params = getattr(self._module, f"{name}_params", None)
        if not self._has(name) or not isinstance(params, torch.Tensor):
            raise UserError(
                "checkpoint", f"the model names a method {name} but has no {name} with {name}_params"
            )
        numbers = params.flatten().tolist()
        if len(numbers) != 4 or any(number != int(number) or number < 1 for number in numbers):
            raise UserError(
                "checkpoint", f"{name}_params is {numbers}; it should be four whole numbers from 1"
            )
        inputs, in_ratio, outputs, out_ratio = map(int, numbers)
        return Method(
            name,
            inputs,
            in_ratio,
            outputs,
            out_ratio,
            self._labels(f"{name}_input_labels", inputs, "(signal) model input"),
            self._labels(f"{name}_output_labels", outputs, "(signal) model output"),
        )

    def _labels(self, name, count, default):
        labels = getattr(self._module, name, [])
        labels = [str(label) for label in labels] if isinstance(labels, (list, tuple)) else []
        return tuple(labels[:count] + [f"{default} {index}" for index in range(len(labels), count)])

    def _attribute_names(self):
        if self._has("get_attributes"):
            return [str(name) for name in self._call("get_attributes") if name != "none"]
        setters = [name[4:] for name in self._compiled() if name.startswith("set_")]
        return [name for name in setters if hasattr(self._module, f"{name}_params")]

    def _types(self, name):
        params = getattr(self._module, f"{name}_params", None)
        codes = params.flatten().tolist() if isinstance(params, torch.Tensor) else None
        if codes is None or any(code not in range(len(TYPES)) for code in codes):
            raise UserError("checkpoint", f"{name}_params should be a tensor of type codes from 0 to 5")
        return tuple(TYPES[int(code)] for code in codes)

    def _check_attribute(self, name):
        if name not in self.attributes:
            there = ", ".join(self.attributes) or "none"
            raise UserError("input", f"the model has no attribute {name} (it has: {there})")
        return self.attributes[name]

    def _value(self, name, place, kind, value):
        try:
            if kind == "tensor":
                return torch.as_tensor(value[0], dtype=torch.float32)
            if kind == "buffer":
                samples = torch.as_tensor(value[0], dtype=torch.float32)[None]
                if self._call("set_buffer_attribute", f"{name}#{place}", samples, int(value[1])) not in (
                    0,
                    None,
                ):
                    raise UserError("input", f"the model refuses this array for {name}")
                return f"{name}#{place}"
            if kind == "bool":
                return {"true": True, "false": False}[value] if isinstance(value, str) else bool(value)
            if kind == "str":
                return value if isinstance(value, str) else f"{value:g}"  # Pd has no words that are numbers
            return {"int": int, "float": float}[kind](value)
        except (TypeError, ValueError, KeyError) as error:
            raise UserError("input", f"{name}: {value} is no {kind}") from error
