"""The Pd object of day 6: `[pyext. 1 1 rave_rt.pd rave]`, and inside `[rave~]` with its signals."""

import itertools
import time

import numpy as np
import pyext
from pdworker import options as command_line
from pdworker.host.arguments import Refused, Unclear, message, name, number, only
from pdworker.host.arrays import draw, existing
from pdworker.host.pd_object import WorkerObject

from rave_rt.arrays import Arrays
from rave_rt.box import channels

REPORT = 200  # milliseconds from one report to the next
CPU_OVER = 1.0  # seconds of sound that the share of the processor is told of
NO_MODEL = ("none", "-")
MOST_LATENTS = 64
MOST_DEATHS, A_WHILE = 5, 30.0  # so many of the worker's in so many seconds: then it stays dead


class rave(WorkerObject):
    """A TorchScript model that follows nn~'s convention.

    In:  load NAME, unload, cancel, status (see WorkerObject), reload
         methods, attributes           what the model has
         get ATTRIBUTE, set ATTRIBUTE VALUE ...
         forward ARRAY ARRAY, encode ARRAY LATENTS, decode LATENTS ARRAY, apply METHOD FROM TO    [--sr HZ] [--random N]
         prior LATENTS SECONDS, mix LATENTS LATENTS TO AMOUNT, adjust LATENTS N TIMES PLUS, view ARRAY PICTURE
             LATENTS stands for the arrays LATENTS-1, LATENTS-2 ...
         enable 0/1, method NAME, buffer SAMPLES, scale N VALUE, bias N VALUE    while it plays, in [rave~]
    Out: done METHOD TO LENGTH HZ
         playing METHOD BUFFER HZ, latency SAMPLES MILLISECONDS, cpu SHARE, late BLOCKS, alive 0/1
         method NAME INPUTS RATIO OUTPUTS RATIO, label METHOD input/output N TEXT, attribute NAME TYPE ...,
         value NAME ...
         and what every WorkerObject says: worker, progress, status, error
    """

    WORKER = "rave_rt.worker"
    NICENESS = 0  # its sound is played while it is made
    SANDBOX = True  # a .ts file is a program

    def __init__(self, box=None, model=None, method="forward", buffer=0, inputs=0, outputs=0):
        super().__init__()
        self._box_name = f"{box:g}" if box else None
        self._method = str(method) if method else "forward"
        self._buffer = int(buffer) or 4096
        self._channels = channels(self._method, inputs, outputs)
        self._stream = self._load_words = None
        self._enabled, self._scale, self._bias = True, [], []
        self._playing, self._latency, self._cpu = None, 0, (0.0, 0.0)
        self._arrays = Arrays()
        self._clock = pyext.Clock(self._ask)
        self._methods, self._attributes = {}, {}
        self._deaths = []
        if model and str(model) not in NO_MODEL:
            pyext.call_soon(self.load_1, model)

    # Loading.

    def load_1(self, *words):
        self._load_words = words
        super().load_1(*words)

    def reload_1(self):
        """Load the same file again, as it is now."""
        if self._load_words is None:
            self.report("there is nothing to reload: load a model first")
        else:
            self.load_1(*self._load_words)

    def _loaded(self, facts, arrays):
        self._methods = {method["name"]: method for method in facts["methods"]}
        self._attributes = facts["attributes"]
        plain = {**facts, "methods": list(self._methods), "attributes": list(self._attributes)}
        super()._loaded(plain, arrays)

    def loaded(self, facts):
        self._play()

    def unload_1(self):
        self._playing = None
        super().unload_1()

    def cancel_1(self):
        super().cancel_1()
        if self._box_name is not None:
            self._clock.delay(REPORT)  # the report on its way was cancelled, too

    def _gone(self, error):
        """What plays is replaced when its worker has died, unless it does nothing but die."""
        had_loaded = self.facts is not None
        super()._gone(error)
        self._playing = None
        now = time.monotonic()
        self._deaths = [*(death for death in self._deaths if now - death < A_WHILE), now]
        if had_loaded and self._box_name is not None and len(self._deaths) <= MOST_DEATHS:
            self.load_1(*self._load_words)

    # What the model has.

    def methods_1(self):
        for method in self._methods.values():
            self.say(
                "method", *(method[key] for key in ("name", "inputs", "in_ratio", "outputs", "out_ratio"))
            )
            for side in ("input", "output"):
                for index, label in enumerate(method[f"{side}_labels"]):
                    self.say("label", method["name"], side, index + 1, label)

    def attributes_1(self):
        for attribute, types in self._attributes.items():
            self.say("attribute", attribute, *types)

    @message("get ATTRIBUTE")
    def get_1(self, *values):
        attribute = self._known(values)
        self.call(
            "get", lambda answer, arrays: self.say("value", attribute, *answer["values"]), name=attribute
        )

    @message("set ATTRIBUTE VALUE ...; an array's name where the type is tensor or buffer")
    def set_1(self, *values):
        attribute = self._known(values[:1])
        arrays, given = [], []
        for value, kind in itertools.zip_longest(values[1:], self._attributes[attribute]):
            if kind in ("tensor", "buffer") and value is not None:
                arrays.append(np.array(existing(name(value))[:], np.float32))
                value = {"array": len(arrays) - 1, "rate": int(pyext._samplerate())}
            given += [str(value) if isinstance(value, str) else value] if value is not None else []
        self.call(
            "set", lambda answer, _: self.say("set", attribute), arrays=arrays, name=attribute, values=given
        )

    def _known(self, values):
        """The attribute that a message begins with."""
        attribute = name(only(values))
        if self.facts is None:
            raise Refused("no model is loaded: load one first, and wait until it is ready")
        if attribute not in self._attributes:
            raise Refused(
                f"this model has no attribute {attribute} (it has: {', '.join(self._attributes) or 'none'})"
            )
        return attribute

    # Whole sounds.

    @message("forward ARRAY ARRAY")
    def forward_1(self, *values):
        self._transform("forward", values)

    @message("encode ARRAY LATENTS")
    def encode_1(self, *values):
        self._transform("encode", values)

    @message("decode LATENTS ARRAY")
    def decode_1(self, *values):
        self._transform("decode", values)

    @message("apply METHOD FROM TO")
    def apply_1(self, *values):
        if not values:
            raise Unclear("no method")
        self._transform(name(values[0]), values[1:])

    @message("prior LATENTS SECONDS [TEMPERATURE]")
    def prior_1(self, *values):
        """Latents that the model makes up by itself. Temperature: the prior's input, 0 as it was trained."""
        if not 2 <= len(values) <= 3:
            raise Unclear(f"{len(values)} words instead of two or three")
        facts = self._known_method("prior")
        target = name(values[0])
        outputs = self._arrays.of(target, facts["outputs"])
        seconds = number(values[1], "the length", 0.1, 600)
        temperature = number(values[2] if len(values) == 3 else 0, "the temperature", -20, 20)
        rate = self.facts["rate"] or int(pyext._samplerate())
        frames = max(1, round(seconds * rate / facts["in_ratio"]))
        signal = np.full(frames, temperature, np.float32)
        self._call_transform("prior", target, outputs, [signal], rate, None)

    def _known_method(self, method):
        """What is known of a method that the model has; else Refused."""
        if self.facts is None:
            raise Refused("no model is loaded: load one first, and wait until it is ready")
        if method not in self._methods:
            raise Refused(f"this model has no {method}, only {', '.join(self._methods)}")
        return self._methods[method]

    def _transform(self, method, words):
        """Put a method's answer to one set of arrays into another."""
        plain, options = command_line.parse(words)
        if len(plain) != 2:
            raise Unclear(f"{len(plain)} names instead of two")
        source, target = map(name, plain)
        facts = self._known_method(method)
        outputs = self._arrays.of(target, facts["outputs"])
        rate = number(options.get("sr", pyext._samplerate()), "--sr", 1000, 384000)
        random = options.get("random")
        if random is not None:
            number(random, "--random", 0, 1 << 31)

        def go(signals):
            self._call_transform(method, target, outputs, signals, rate, random)

        self._arrays.read(source, facts["inputs"], go)

    def _call_transform(self, method, target, outputs, signals, rate, random):
        self.call(
            "transform",
            lambda values, arrays: self._transformed(method, target, outputs, values["rate"], arrays),
            arrays=signals,
            method=method,
            rate=int(rate),
            random=None if random is None else int(random),
        )

    def _transformed(self, method, target, outputs, rate, arrays):
        length = len(arrays[0])
        self.say("progress", 1, f"{method} done")
        self._arrays.write(target, outputs, arrays, lambda: self.say("done", method, target, length, rate))

    # Latents.

    @message("mix LATENTS LATENTS TO AMOUNT")
    def mix_1(self, *values):
        """Latents between two sounds: 0 is the first, 1 the second; so is the length."""
        if len(values) != 4:
            raise Unclear(f"{len(values)} words instead of four")
        one, other, target = map(name, values[:3])
        amount = number(values[3], "the amount", 0, 1)
        channels = self._latents()
        there = self._arrays.of(target, channels)

        def write(first, second):
            length = round((1 - amount) * len(first[0]) + amount * len(second[0]))
            mixed = [
                (1 - amount) * stretched(a, length) + amount * stretched(b, length)
                for a, b in zip(first, second)
            ]
            self._arrays.write(target, there, mixed, lambda: self.say("done", "mix", target, length))

        self._arrays.read(one, channels, lambda a: self._arrays.read(other, channels, lambda b: write(a, b)))

    @message("adjust LATENTS N TIMES PLUS")
    def adjust_1(self, *values):
        """Scale and shift one latent."""
        if len(values) != 4:
            raise Unclear(f"{len(values)} words instead of four")
        target, channels = name(values[0]), self._latents()
        latent = int(number(values[1], "the latent", 1, channels))
        times, plus = number(values[2], "times", -1000, 1000), number(values[3], "plus", -1000, 1000)
        there = self._arrays.of(target, channels)

        def write(latents):
            latents[latent - 1] = latents[latent - 1] * times + plus
            self._arrays.write(target, there, latents, lambda: self.say("done", "adjust", target))

        self._arrays.read(target, channels, write)

    def _latents(self):
        return self._known_method("decode")["inputs"]

    @message("view ARRAY PICTURE")
    def view_1(self, *values):
        """An overview of a long array: the lowest and the highest of each stretch in turn."""
        if len(values) != 2:
            raise Unclear(f"{len(values)} words instead of two")
        picture = existing(name(values[1]))
        columns = len(picture) // 2

        def paint(samples):
            edges = np.linspace(0, len(samples), columns, endpoint=False).astype(int)
            lows, highs = np.minimum.reduceat(samples, edges), np.maximum.reduceat(samples, edges)
            draw(name(values[1]), np.stack([lows, highs], 1).ravel())

        self._arrays.read(name(values[0]), 1, lambda signals: paint(signals[0]))

    # Playing.

    @message("enable 1, or enable 0")
    def enable_1(self, *values):
        self._enabled = bool(number(only(values), "enable", 0, 1))
        self._tell("enable", on=self._enabled)

    @message("method NAME")
    def method_1(self, *values):
        self._method = name(only(values))
        self._play()

    @message("buffer SAMPLES")
    def buffer_1(self, *values):
        self._buffer = int(number(only(values), "the buffer", 1, 1 << 16))
        self._play()

    @message("scale LATENT VALUE")
    def scale_1(self, *values):
        self._bend(self._scale, values, 1.0)

    @message("bias LATENT VALUE")
    def bias_1(self, *values):
        self._bend(self._bias, values, 0.0)

    def _bend(self, column, values, plain):
        if len(values) != 2:
            raise Unclear(f"{len(values)} words instead of two")
        latent = int(number(values[0], "the latent", 1, MOST_LATENTS))
        column += [plain] * (latent - len(column))
        column[latent - 1] = number(values[1], "the value", -100, 100)
        self._tell("bend", scale=self._scale, bias=self._bias)

    def _tell(self, call, **arguments):
        if self._playing is not None:
            self._call(call, arguments, lambda values, arrays: None)

    def stream_1(self, *words):
        """What [pystream~] says."""
        tag, values = str(words[0]), words[1:]
        if tag == "stream":
            self._stream = str(values[0])
            self._play()
        elif tag == "latency":
            self._latency = int(values[0])
            self._say_latency()
        else:
            self.say(tag, *values)

    def _play(self):
        if self._box_name is None or self.facts is None:
            return
        if self._stream is None:
            self._send(f"{self._box_name}-stream", None)
            return
        self._playing = None
        self.call(
            "play",
            lambda values, arrays: self._clock.delay(0),
            stream=self._stream,
            method=self._method,
            buffer=self._buffer,
            enabled=self._enabled,
            bend={"scale": self._scale, "bias": self._bias},
        )

    def _ask(self):
        """Ask how it goes; the answer asks again."""
        if self.facts is not None:
            self._call("report", {}, self._reported)

    def _reported(self, report, arrays):
        for line in report["lines"]:
            self.report(line)
        if report["playing"] != self._playing:
            self._playing = report["playing"]
            if self._playing is not None:
                self._begun(self._playing)
        if self._playing is not None:
            self._say_cpu(report["spent"], report["played"])
        if not report["watched"]:  # the worker was replaced
            self._play()
        self._clock.delay(REPORT)

    def _begun(self, playing):
        self._cpu = (0.0, 0.0)
        self.say("playing", playing["method"], playing["buffer"], playing["rate"])
        if playing["method"] != self._method:
            self.say("note", f"the model has no method {self._method}: {playing['method']} plays instead")
        signals = playing["inputs"], playing["outputs"]
        if signals != self._channels:
            box = " ".join(
                map(str, ("rave~", self.facts["name"], playing["method"], playing["buffer"], *signals))
            )
            self.say(
                "note",
                "this method has {} inputs and {} outputs, the box {} and {}".format(
                    *signals, *self._channels
                ),
            )
            print(f"rave: a box for all of them: [{box}]")
        if playing["rate"] != playing["host_rate"]:
            self.say(
                "note",
                f"the model runs at {playing['rate']} Hz, Pd at {playing['host_rate']}: resampled",
            )
        self._send(f"{self._box_name}-stream", "latency", [playing["latency"] // playing["block"]])

    def _say_latency(self):
        if self._playing is not None:
            self.say("latency", self._latency, 1000 * self._latency / self._playing["host_rate"])

    def _say_cpu(self, spent, played):
        before, since = self._cpu
        if played - since >= CPU_OVER:
            if since > 0:
                self.say("cpu", (spent - before) / (played - since))
            self._cpu = spent, played


def stretched(curve, length):
    """A curve [n] over `length` points."""
    places = np.linspace(0, len(curve) - 1, length)
    return np.interp(places, np.arange(len(curve)), curve).astype(np.float32)
