"""The Pd object of day 6, `[pyext. 1 1 rave_rt.pd rave]`, also inside `[rave~]`; runs on Pd's thread."""

import itertools

import numpy as np
import pyext
from modelfiles.errors import UserError
from modelfiles.finding import find
from modelfiles.overview import overview
from pdworker import options
from pdworker.host.arguments import message, name, number, only
from pdworker.host.arrays import draw, existing
from pdworker.host.live_object import LiveObject
from pdworker.host.settings import Number, Text, Toggle, Whole

from .arrays import ArraySets, stretch
from .box import USUAL_BUFFER, Asked
from .learning import PriorLearner
from .mapped import RaveMap
from .nn import NnWords
from .prior_files import find_prior
from .takes import RaveTakes

MAX_LATENTS = 256


class rave(NnWords, RaveTakes, RaveMap, PriorLearner, LiveObject):
    """A TorchScript model that follows nn~'s convention.

    LATENTS stands for the arrays LATENTS-1, LATENTS-2 and so on. Where a message takes --sr HZ, that is the sample
    rate of the arrays; --random N makes what the model draws repeatable.

    Out of the outlet, beside what every LiveObject, MappedObject and BendableObject says: `done METHOD TO LENGTH HZ`,
    `playing METHOD BUFFER HZ`, `method NAME INPUTS RATIO OUTPUTS RATIO`, `label METHOD input|output N TEXT`,
    `attribute NAME TYPE ...`, `value NAME ...`, `note TEXT`, `learned MESSAGE ...` (see PriorLearner).
    """

    WORKER = "rave_rt.worker"
    PROGRAM = True  # a .ts file is one
    SETTINGS = {
        "enable": Toggle(True, help="play, or be silent; in [rave~]"),
        "method": Text("forward", help="the method that plays; in [rave~]"),
        "buffer": Whole(
            USUAL_BUFFER,
            0,
            1 << 16,
            unit="samples",
            help="how many the model gets at once, 0: the least; in [rave~]",
        ),
        "temperature": Number(
            1.0, 0, 5, help="how freely generate and continue draw: 1 as trained, 0 what is likeliest"
        ),
        "seed": Whole(
            None,
            -1,
            2**24,
            none_below=0,
            help="the same gives the same sound again where --random says nothing",
        ),
    }

    ALIASES = {"bufsize": "buffer"}

    def __init__(self, box=None, *words):
        asked = self._asked = Asked.of(words)
        self._channels = asked.channels
        super().__init__(box)
        self.settings.update(method=asked.method, buffer=asked.buffer, enable="disabled" not in asked.flags)
        self._scale, self._bias = [], []
        self._arrays = ArraySets(self)
        if asked.model:
            self.awaited = True
            pyext.call_soon(self.load_1, asked.model)
        pyext.call_soon(self.tell_missing, asked)

    @property
    def _methods(self):
        """{name: what is known} of the model's methods."""
        return {method["name"]: method for method in (self.facts or {}).get("methods", ())}

    @property
    def _attributes(self):
        """{name: types} of the model's attributes."""
        return (self.facts or {}).get("attributes", {})

    def facts_to_show(self, facts):
        names = [method["name"] for method in facts["methods"]]
        shown = {name: value for name, value in facts.items() if name not in ("reason", "layers")}
        return {**shown, "methods": names, "attributes": list(facts["attributes"])}

    def model_loaded(self, facts):
        super().model_loaded(facts)
        if facts["reason"]:
            self.note(f"the program in {facts['name']} plays: {facts['reason']}")

    def model_files(self, arguments):
        name = arguments.get("checkpoint", self.USUAL_MODEL)
        path = find(name, arguments["folders"], suffixes=self.MODEL_SUFFIXES)
        self._trusted = self._trusted or path.parent == self._day_folder() / "checkpoints"
        named = arguments.get("prior")
        prior = find_prior(path, named, arguments["folders"])
        beside = {"prior" if named else "beside": str(prior)} if prior else {}
        return {"checkpoint": str(path), **beside}

    @message("load [NAME] [--prior NAME|none] [--threads N] [--trusted] [--python PROGRAM]")
    def load_1(self, *words):
        """Load a model by name, and start its worker; --trusted: even where nothing can confine its program."""
        super().load_1(*words)

    # What the model has.

    @message("methods")
    def methods_1(self):
        """Get the model's methods, with their channels, ratios and labels."""
        for method in self._methods.values():
            facts = (method[key] for key in ("name", "inputs", "in_ratio", "outputs", "out_ratio"))
            self.output("method", *facts)
            for side in ("input", "output"):
                for index, label in enumerate(method[f"{side}_labels"]):
                    self.output("label", method["name"], side, index + 1, label)

    @message("attributes")
    def attributes_1(self):
        """Get the model's attributes with their types."""
        for attribute, types in self._attributes.items():
            self.output("attribute", attribute, *types)

    @message("get ATTRIBUTE")
    async def get_1(self, *words):
        """Get the values of an attribute."""
        attribute = self._attribute(only(words))
        answer, _ = await self.call("get", name=attribute)
        self.output("value", attribute, *answer["values"])

    @message("set ATTRIBUTE VALUE ...")
    async def set_1(self, *words):
        """Set an attribute (a tensor or buffer by the name of an array), or a setting."""
        if words and str(words[0]) in self.SETTINGS and str(words[0]) not in self._attributes:
            super().set_1(*words)
            return
        attribute = self._attribute(only(words[:1]))
        arrays, values = [], []
        for value, kind in itertools.zip_longest(words[1:], self._attributes[attribute]):
            if value is None:
                continue
            if kind in ("tensor", "buffer"):
                arrays.append(np.array(existing(name(value))[:], np.float32))
                value = {"array": len(arrays) - 1, "rate": int(pyext._samplerate())}
            values.append(str(value) if isinstance(value, str) else value)
        await self.call("set", arrays=arrays, name=attribute, values=values)
        self.was_set[attribute] = values
        self.output("set", attribute)

    def _attribute(self, value):
        """The name of an attribute that the model has."""
        attribute = name(value)
        self.require_model()
        if attribute not in self._attributes:
            there = ", ".join(self._attributes) or "none"
            raise UserError("input", f"this model has no attribute {attribute} (it has: {there})")
        return attribute

    # Whole sounds.

    @message("forward ARRAY ARRAY [--sr HZ] [--random N]")
    async def forward_1(self, *words):
        """Send a sound through the model into another array."""
        await self._transform("forward", words, ["forward", *words])

    @message("encode ARRAY LATENTS [--sr HZ] [--random N]")
    async def encode_1(self, *words):
        """Get the latents of a sound."""
        await self._transform("encode", words, ["encode", *words])

    @message("decode LATENTS ARRAY [--sr HZ] [--random N]")
    async def decode_1(self, *words):
        """Make a sound of latents."""
        await self._transform("decode", words, ["decode", *words])

    @message("apply METHOD FROM TO [--sr HZ] [--random N]")
    async def apply_1(self, *words):
        """Send arrays through any method of the model."""
        if not words:
            raise UserError("usage", "no method is named")
        await self._transform(name(words[0]), words[1:], ["apply", *words])

    @message("prior LATENTS SECONDS [TEMPERATURE]")
    async def prior_1(self, latents, seconds, temperature=0):
        """Let the model make up latents; TEMPERATURE is its prior's input, 0 as it was trained."""
        facts = self._method("prior")
        target = name(latents)
        outputs = self._arrays.of(target, facts["outputs"])
        seconds = number(seconds, "the length", 0.1, 600)
        temperature = number(temperature, "the temperature", -20, 20)
        rate = self.facts["rate"] or int(pyext._samplerate())
        frames = max(1, round(seconds * rate / facts["in_ratio"]))
        temperatures = [np.full(frames, temperature, np.float32)]
        making = self._making_transformed(["prior"], "prior", temperatures, rate, self.settings["seed"])
        await self._put_transformed("prior", target, outputs, making)

    @message("generate ARRAY SECONDS [--start ARRAY] [--sr HZ] [--random N]")
    async def generate_1(self, *words):
        """Let the prior beside the model make up a sound, on from the one in --start."""
        plain, given = options.parse(words)
        if len(plain) != 2:
            raise UserError("usage", f"{len(plain)} words instead of an array and its seconds")
        start = name(given["start"]) if "start" in given else None
        await self._make_up("generate", name(plain[0]), "outputs", plain[1], start, given)

    @message("continue ARRAY LATENTS SECONDS [--sr HZ] [--random N]")
    async def continue_1(self, *words):
        """Let the prior beside the model make up latents that go on from a sound."""
        plain, given = options.parse(words)
        if len(plain) != 3:
            raise UserError("usage", f"{len(plain)} words instead of an array, latents and their seconds")
        start, target = map(name, plain[:2])
        await self._make_up("continue", target, "inputs", plain[2], start, given)

    @message("follow ARRAY [--sr HZ]")
    async def follow_1(self, *words):
        """Let the prior that plays go on from a sound; in [rave~]."""
        plain, given = options.parse(words)
        source, inputs = name(only(plain)), self._method("encode")["inputs"]
        signals = await self._arrays.read(source, inputs)
        await self.call("follow", arrays=signals, rate=int(sample_rate(given)))
        self.output("done", "follow", source)

    async def _make_up(self, message, target, side, seconds, start, given):
        """Put what the prior makes up into arrays, as many as `decode` has on a side."""
        outputs = self._arrays.of(target, self._method("decode")[side])
        signals = await self._arrays.read(start, self._method("encode")["inputs"]) if start else []
        making = self.making(
            [message, target, seconds, *(word for option in given.items() for word in _option(*option))],
            "generate",
            arrays=signals,
            shown=self._shown(start, signals) if start else {},
            seconds=number(seconds, "the length", 0.01, 600),
            temperature=self.settings["temperature"],
            rate=int(sample_rate(given)),
            random=self._random(given),
            as_sound=side == "outputs",
        )
        values, arrays = await making.call()
        if side == "outputs":
            making.keep_sounds({target: arrays}, values["rate"])
        self.output("progress", 1, f"{message} done")
        await self._arrays.write(target, outputs, arrays)
        self.output("done", message, target, len(arrays[0]), values["rate"])

    def _method(self, method):
        """What is known of a method that the model has."""
        self.require_model()
        if method not in self._methods:
            raise UserError("input", f"this model has no {method}, only {', '.join(self._methods)}")
        return self._methods[method]

    async def _transform(self, method, words, message):
        """Put a method's answer to one set of arrays into another."""
        plain, given = options.parse(words)
        if len(plain) != 2:
            raise UserError("usage", f"{len(plain)} names instead of two")
        source, target = map(name, plain)
        facts = self._method(method)
        outputs = self._arrays.of(target, facts["outputs"])
        rate, random = sample_rate(given), self._random(given)
        signals = await self._arrays.read(source, facts["inputs"])
        shown = self._shown(source, signals)
        making = self._making_transformed(message, method, signals, rate, random, shown)
        await self._put_transformed(method, target, outputs, making, facts["out_ratio"] == 1)

    def _making_transformed(self, message, method, signals, rate, random, shown=None):
        arguments = {"method": method, "rate": int(rate), "random": random}
        return self.making(message, "transform", arrays=signals, shown=shown, **arguments)

    def _shown(self, source, signals):
        """Which arrays of the patch hold which signals."""
        return {array: index for index, array in enumerate(self._arrays.of(source, len(signals)))}

    def _random(self, given):
        """What --random says, else the seed that is set, else None."""
        random = given.get("random")
        return self.settings["seed"] if random is None else int(number(random, "--random", 0, 1 << 31))

    async def _put_transformed(self, method, target, outputs, making, is_sound=False):
        values, arrays = await making.call()
        if is_sound:
            making.keep_sounds({target: arrays}, values["rate"])
        self.output("progress", 1, f"{method} done")
        await self._arrays.write(target, outputs, arrays)
        self.output("done", method, target, len(arrays[0]), values["rate"])

    # Latents.

    @message("mix LATENTS LATENTS TO AMOUNT")
    async def mix_1(self, first, second, target, amount):
        """Put latents between two sounds into a third: 0 is the first, 1 the second; so is the length."""
        first, second, target = name(first), name(second), name(target)
        amount = number(amount, "the amount", 0, 1)
        latents = self._method("decode")["inputs"]
        outputs = self._arrays.of(target, latents)
        ones, others = await self._arrays.read(first, latents), await self._arrays.read(second, latents)
        length = round((1 - amount) * len(ones[0]) + amount * len(others[0]))
        mixed = [
            (1 - amount) * stretch(one, length) + amount * stretch(other, length)
            for one, other in zip(ones, others)
        ]
        await self._arrays.write(target, outputs, mixed)
        self.output("done", "mix", target, length)

    @message("adjust LATENTS N TIMES PLUS")
    async def adjust_1(self, latents, index, times, plus):
        """Scale and shift one latent."""
        target, count = name(latents), self._method("decode")["inputs"]
        index = int(number(index, "the latent", 1, count))
        times, plus = number(times, "times", -1000, 1000), number(plus, "plus", -1000, 1000)
        outputs = self._arrays.of(target, count)
        signals = await self._arrays.read(target, count)
        signals[index - 1] = signals[index - 1] * times + plus
        await self._arrays.write(target, outputs, signals)
        self.output("done", "adjust", target)

    @message("view ARRAY PICTURE")
    async def view_1(self, array, picture):
        """Draw an overview of a long array: the lowest and the highest of each stretch in turn."""
        columns = len(existing(name(picture))) // 2
        (samples,) = await self._arrays.read(name(array), 1)
        draw(name(picture), overview(samples, columns))

    # Playing.

    def play_arguments(self):
        return {
            "method": self.settings["method"],
            "buffer": self.settings["buffer"],
            "enabled": self.settings["enable"],
            "scale": self._scale,
            "bias": self._bias,
            "bends": self.bend_list,
        }

    def setting_changed(self, name):
        if name == "enable":
            if self.playing is not None:
                self.call("enable", on=self.settings["enable"])
        elif name in ("method", "buffer"):
            self.play()

    @message("scale LATENT VALUE")
    def scale_1(self, latent, value):
        """Multiply a latent while forward plays; in [rave~]."""
        self._move(self._scale, latent, value, 1.0)

    @message("bias LATENT VALUE")
    def bias_1(self, latent, value):
        """Add to a latent while forward plays; in [rave~]."""
        self._move(self._bias, latent, value, 0.0)

    def _move(self, column, latent, value, neutral):
        latent = int(number(latent, "the latent", 1, MAX_LATENTS))
        column += [neutral] * (latent - len(column))
        column[latent - 1] = number(value, "the value", -100, 100)
        self.change(scale=self._scale, bias=self._bias)

    def started_playing(self, playing):
        self.output("playing", playing["method"], playing["buffer"], playing["rate"])
        if playing["method"] != self.settings["method"]:
            wanted = self.settings["method"]
            self.note(f"the model has no method {wanted}: {playing['method']} plays instead")
        if (wanted := self.settings["buffer"]) > 0 and playing["buffer"] != wanted:
            self.note(f"the model can't have a buffer of {wanted} samples: it has {playing['buffer']}")
        signals = playing["inputs"], playing["outputs"]
        if signals != self._channels and self._asked.multichannel:
            self._channels = signals
            pyext._send(self._to_stream, "channels", list(signals))  # whose new memory is played on from then
        elif signals != self._channels:
            words = self.facts["name"], playing["method"], playing["buffer"], *signals
            counts = "{} inputs and {} outputs, but [rave~] was created with {} and {}".format(
                *signals, *self._channels
            )
            self.note(f"this method has {counts}; a box for all: [rave~ {' '.join(map(str, words))}]")
        if playing["rate"] != playing["sample_rate"]:
            rates = f"{playing['rate']} Hz, Pd at {playing['sample_rate']}"
            self.note(f"the model runs at {rates}: resampled")


def sample_rate(given):
    """What --sr says, else Pd's sample rate, in Hz."""
    return number(given.get("sr", pyext._samplerate()), "--sr", 1000, 384000)


def _option(option, value):
    """The words of an option."""
    return [f"--{option}", *([] if value is True else [value])]
