"""The Pd object of the toy day; Pd's thread."""

import numpy as np
import pyext
from modelfiles.errors import UserError
from pdworker.host.arguments import message
from pdworker.host.settings import Choice, Number, Toggle, Whole
from pdworker.host.takes import TakesObject


class toy(TakesObject):
    """A bit of everything that a day's object may do."""

    WORKER = "toy.worker"
    TAKES = ("draw",)
    MODEL_SUFFIXES = (".txt",)
    SETTINGS = {
        "gain": Number(1.0, 0, 10, help="how loud"),
        "seed": Whole(None, -1, 2**24, none_below=0, label="a seed", help="below 0: by chance"),
        "tempo": Number(0.0, 20, 400, unit="BPM", words={"estimate": 0.0}, help="of the theme"),
        "loop": Toggle(False, help="again and again"),
        "shape": Choice("sine", ("sine", "saw tooth"), help="of the wave"),
    }
    ALIASES = {"plus": "add", "volume": "gain"}

    losses = 0

    def model_loaded(self, facts):
        self.output("hook", facts["name"])

    def facts_to_show(self, facts):
        return {name: fact for name, fact in facts.items() if name != "secret"}

    def worker_lost(self, error, had_model):
        self.losses += 1
        self.output("lost", self.losses, had_model)
        if had_model and self.settings["loop"] and self.losses < 3:
            self.reload()

    def setting_changed(self, name):
        self.output("set", name, str(self.settings[name]))

    @message("add A B")
    async def add_1(self, a, b):
        """Add two numbers."""
        values, _ = await self.call("add", a=a, b=b)
        self.output("added", values["sum"])

    @message("wait SECONDS")
    async def wait_1(self, seconds):
        """Wait in the worker."""
        self.require_model()
        try:
            await self.call("wait", seconds=seconds)
            self.output("waited")
        finally:
            self.output("finally")
            self.call("add", a=1, b=1)

    @message("crash")
    def crash_1(self):
        self.call("crash")

    @message("die")
    async def die_1(self):
        try:
            await self.call("die")
        except UserError as error:
            self.output("caught", error.kind)
            raise

    @message("stumble")
    async def stumble_1(self):
        await self.call("add", a=1, b=1)
        raise KeyError("a mistake in a handler")

    @message("scale FROM TO", latest=True)
    async def scale_1(self, source, target):
        """Scale one array into another."""
        samples = await self.read(source)
        self.output("read", len(samples))
        _, (scaled,) = await self.call("scale", arrays=[samples], gain=self.settings["gain"])
        await self.write(target, scaled)
        self.output("scaled", len(scaled), float(scaled.max()))

    @message("draw FROM TO")
    async def draw_1(self, source, target):
        """Add noise to an array, in another."""
        samples = await self.read(source)
        arguments = {"seed": self.settings["seed"], "gain": self.settings["gain"]}
        making = self.making(
            ["draw", source, target], "draw", arrays=[samples], shown={source: 0}, **arguments
        )
        _, (sound,) = await making.call()
        await self.write(target, sound)
        self.output("drawn")
        making.keep_sounds({target: [sound]}, 8000)

    @message("grow TO PIECES SIZE")
    async def grow_1(self, target, pieces, size):
        """Fill an array piece by piece."""
        pyext.Buffer(target).resize(pieces * size)
        grown = 0
        try:
            async for values, (piece,) in (call := self.call("grow", pieces=pieces, size=size)):
                await self.write(target, piece, start=values["start"])
                grown = values["start"] + len(piece)
                self.output("grown", grown)
            values, _ = await call
            self.output("done", values["pieces"])
        finally:
            self.output("kept", grown)

    @message("tick COUNT")
    def tick_1(self, count):
        self.call("tick", count=count)

    def event_tick(self, values, arrays):
        self.output("tick", values["number"], len(arrays))

    async def event_tock(self, values, arrays):
        await self.write("toy-tock", arrays[0])
        self.output("tock", len(arrays[0]))

    def event_bad(self, values, arrays):
        raise UserError("sound", "an event says that something is wrong")

    @message("path_of FILE")
    def path_of_1(self, *words):
        self.output("path", self.path(" ".join(words)))

    @message("noise ARRAY SIZE")
    def noise_1(self, array, size):
        pyext.Buffer(array).resize(size)
        pyext.Buffer(array)[:] = np.linspace(0, 1, size, dtype=np.float32)
        self.output("noise")
