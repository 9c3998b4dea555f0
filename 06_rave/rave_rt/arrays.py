"""Signals of several channels in Pd arrays, NAME for a single one, NAME-1 NAME-2 ... for more; on Pd's thread."""

import numpy as np
import pyext
from modelfiles.errors import UserError


class ArraySets:
    """Reads and writes sets of arrays. What a patch has no arrays for is remembered from the last write.

    A patch may show eight latents of a model that has sixteen: the others come back as they were. A sound in one array
    NAME goes to all channels of a model that takes more, and its first channel comes back there.

    Parameters
    ----------
    pd_object : pdworker.host.message_object.MessageObject
        Whose `read` and `write` are used.
    """

    def __init__(self, pd_object):
        self._pd_object = pd_object
        self._written = {}

    def of(self, name, channels):
        """The names of the arrays that are there. Raises UserError when there is none."""
        numbered = [f"{name}-{channel}" for channel in range(1, channels + 1)]
        for names in ([name], numbered) if channels == 1 else (numbered, [name]):
            there = [one for one in names if len(pyext.Buffer(one))]
            if there:
                return there
        wanted = f"{numbered[0]} to {numbered[-1]}" if channels > 1 else f"{name}, nor {name}-1"
        raise UserError("input", f"there is no array {wanted}")

    async def read(self, name, channels):
        """[float32 array, ...], one for each channel."""
        there = self.of(name, channels)
        signals = [await self._pd_object.read(array) for array in there]
        others = self._written.get(name, [])[len(signals) : channels]
        return signals * channels if there == [name] and not others else signals + others

    async def write(self, name, there, signals):
        """Put signals into the arrays `there`, resized to fit, and remember the others."""
        self._written[name] = [np.array(signal, np.float32) for signal in signals]
        for array, signal in zip(there, signals):
            await self._pd_object.write(array, signal)


def stretch(curve, length):
    """A curve [n] over `length` points."""
    places = np.linspace(0, len(curve) - 1, length)
    return np.interp(places, np.arange(len(curve)), curve).astype(np.float32)
