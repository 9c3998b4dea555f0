"""What the soak's patch does in Python: generate, write arrays from a thread, load scripts, play."""

import numpy as np
import pyext
from pdworker.host.arguments import message
from pdworker.host.pd_object import PdObject


class generator(PdObject):
    """Puts what the worker generates into the array `soak-made`."""

    WORKER = "soaked.worker"

    count = 0

    @message("generate SAMPLES")
    async def generate_1(self, samples):
        """Generate; `generated COUNT` is the answer."""
        _, (sound,) = await self.call("generate", samples=samples)
        await self.write("soak-made", sound)
        self.count += 1
        self.output("generated", self.count)

    @message("rest")
    def rest_1(self):
        """Bring the arrays to the length they had, so that memory can be compared."""
        for name in ("soak-made", "soak-written"):
            pyext.Buffer(name).resize(1000)
        self.output("rested")


class writer(pyext._class):
    """Resizes and writes `soak-written` from the thread that its methods run in."""

    _inlets = _outlets = 1

    def write_1(self, samples):
        buffer = pyext.Buffer("soak-written")
        buffer.resize(samples)
        buffer[:] = np.linspace(-1, 1, samples, dtype=np.float32)
        buffer[: samples // 2] = buffer[samples // 2 :]
        buffer.dirty()
        self._outlet(1, samples)


class gain(pyext._class):
    """Half as loud."""

    def _signal(self):
        np.multiply(self._invec(0), np.float32(0.5), out=self._outvec(0))


class passing(pyext._class):
    """Comes and goes with its patch, and leaves a thread, a clock and a receive name behind."""

    _inlets = _outlets = 1

    def __init__(self, *words):
        self._bind("soak-pass", self.hear)
        pyext.Clock(self.hear).delay(1)

    def hear(self, *values):
        self.heard = values

    def bang_1(self):
        self._outlet(1)
