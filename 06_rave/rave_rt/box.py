"""The signal part of `[rave~]`: as many inlets and outlets as the box asks for."""

import pyext

STEP = 60  # pixels from one inlet to the next
USUAL_LATENTS = 8
MOST = 256
# Objects of rave~.pd, by number.
INLET, STREAM, TO_STREAM, FROM_STREAM, OUTLET = 0, 6, 7, 8, 9


def channels(method, inputs=0, outputs=0):
    """(inputs, outputs) of a box, from its arguments; what is 0 is as usual for the method."""
    usual = {"encode": (1, USUAL_LATENTS), "decode": (USUAL_LATENTS, 1), "prior": (1, USUAL_LATENTS)}
    wanted = zip((inputs, outputs), usual.get(method, (1, 1)))
    return tuple(min(max(1, int(count or default)), MOST) for count, default in wanted)


class box(pyext._class):
    """Gives rave~.pd more than one signal inlet and outlet, when it is loaded.

    It is the abstraction's last object, and what it makes is numbered from `first`. The `[pystream~ 1 1]` of the file
    loses its cords to another one. Arguments: `first`, and METHOD, INPUTS and OUTPUTS of the abstraction's box.
    """

    _inlets = _outlets = 0

    def __init__(self, first, method="forward", inputs=0, outputs=0):
        inputs, outputs = channels(str(method), inputs, outputs)
        if (inputs, outputs) == (1, 1):
            return
        self._count = int(first)
        stream = self._make(20, 150, "pystream~", inputs, outputs)
        for source, outlet, sink in (
            (INLET, 0, STREAM),
            (TO_STREAM, 0, STREAM),
            (STREAM, 0, OUTLET),
            (STREAM, 1, FROM_STREAM),
        ):
            self._tocanvas("disconnect", source, outlet, sink, 0)
        inlets = [INLET] + [self._make(20 + STEP * i, 60, "inlet~") for i in range(1, inputs)]
        outlets = [OUTLET] + [self._make(20 + STEP * i, 240, "outlet~") for i in range(1, outputs)]
        self._tocanvas("connect", TO_STREAM, 0, stream, 0)
        self._tocanvas("connect", stream, outputs, FROM_STREAM, 0)
        for channel, inlet in enumerate(inlets):
            self._tocanvas("connect", inlet, 0, stream, channel)
        for channel, outlet in enumerate(outlets):
            self._tocanvas("connect", stream, channel, outlet, 0)

    def _make(self, x, y, *words):
        """Make an object and return its number."""
        self._tocanvas("obj", x, y, *words)
        self._count += 1
        return self._count - 1
