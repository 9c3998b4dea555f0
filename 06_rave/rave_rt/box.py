"""The signal part of `[rave~]` and `[nn~]`: as many inlets and outlets as the box asks for. Runs on Pd's thread."""

import itertools
from dataclasses import dataclass

import pyext

STEP = 15  # pixels from one inlet to the next: all stand left of the last outlet, which is at 5000
USUAL_BUFFER = 4096
USUAL_LATENTS = 8
MOST = 256
INLET, TO_STREAM, FROM_STREAM, OUTLET = 0, 6, 7, 8  # objects of rave~.pd, by number
FLAGS = {"-m": "multichannel", "-d": "disabled", "-g": "gpu", "-gpu": "gpu"}
NO_MODEL = ("none", "-", "void")


@dataclass(frozen=True)
class Asked:
    """What a box asks for with the words [-m] [-d] [-g] MODEL METHOD BUFFER INPUTS OUTPUTS.

    flags: what FLAGS says of the first words; model: "" for none; channels: (inputs, outputs), as usual for the method
    where the box says none.
    """

    flags: frozenset
    model: str
    method: str
    buffer: int
    channels: tuple

    @classmethod
    def of(cls, words):
        """What the words of a box say; those that it does not have may be 0."""
        flags = list(itertools.takewhile(FLAGS.__contains__, words))
        model, method, buffer, *counts = [*words[len(flags) :], 0, 0, 0, 0, 0][:5]
        method = str(method) if method else "forward"
        usual = {"encode": (1, USUAL_LATENTS), "decode": (USUAL_LATENTS, 1), "prior": (1, USUAL_LATENTS)}
        wanted = zip(counts, usual.get(method, (1, 1)))
        return cls(
            frozenset(FLAGS[flag] for flag in flags),
            "" if not model or str(model) in NO_MODEL else str(model),
            method,
            _count(buffer, USUAL_BUFFER),
            tuple(min(max(1, _count(*of)), MOST) for of in wanted),
        )

    @property
    def multichannel(self):
        """Whether all signals of a side go through one cord; never in a Pd that has no such cords."""
        return "multichannel" in self.flags and pyext._multichannel()

    @property
    def sides(self):
        """How many signal inlets and outlets the box has."""
        return (1, 1) if self.multichannel else self.channels


def _count(word, usual):
    """The number that a word of a box is, else what is usual."""
    return int(word) if word and isinstance(word, (int, float)) else usual


class Maker(pyext._class):
    """An object, the last one of an abstraction, that makes others and cords while the abstraction is loaded.

    What it makes is there before itself, numbered from `first`, and before the cords of the patch around it. So nothing
    may be deleted: the external would do that later, and with it all that follows. In a patch that was opened by
    itself, to be changed and saved, nothing is made.
    """

    _inlets = _outlets = 0

    def begin(self, first):
        """Say what number the next object has."""
        self._count = int(first)

    def make(self, x, y, *words):
        """Make an object and return its number."""
        self._tocanvas("obj", x, y, *words)
        self._count += 1
        return self._count - 1

    def make_row(self, y, kind, first, count):
        """Make inlets or outlets behind the one that is there, and return the numbers of all."""
        return [first] + [self.make(20 + STEP * index, y, kind) for index in range(1, count)]

    def connect(self, source, outlet, target, inlet):
        """Make a cord."""
        self._tocanvas("connect", source, outlet, target, inlet)


class box(Maker):
    """Gives rave~.pd its `[pystream~]`, and inlets and outlets for all signals, while it is loaded.

    Arguments: `first`, and the words of the abstraction's box.
    """

    def __init__(self, first, *words):
        if self._patch_arguments is None:
            return
        asked = Asked.of(words)
        self.begin(first)
        kind = ["-m"] if asked.multichannel else []
        stream = self.make(20, 150, "pystream~", *kind, *asked.channels)
        inputs, outputs = asked.sides
        self.connect(TO_STREAM, 0, stream, 0)
        self.connect(stream, outputs, FROM_STREAM, 0)
        for channel, inlet in enumerate(self.make_row(60, "inlet~", INLET, inputs)):
            self.connect(inlet, 0, stream, channel)
        for channel, outlet in enumerate(self.make_row(240, "outlet~", OUTLET, outputs)):
            self.connect(stream, channel, outlet, 0)
