"""The signal part of `[rave~]`: as many inlets and outlets as the box asks for."""

import pyext

STEP = 60  # pixels from one inlet to the next
USUAL_LATENTS = 8
MOST = 64


def channels(method, inputs=0, outputs=0):
    """(inputs, outputs) of a box, from its arguments; what is 0 is as usual for the method."""
    usual = {"encode": (1, USUAL_LATENTS), "decode": (USUAL_LATENTS, 1), "prior": (1, USUAL_LATENTS)}
    wanted = zip((inputs, outputs), usual.get(method, (1, 1)))
    return tuple(min(max(1, int(count or default)), MOST) for count, default in wanted)


class box(pyext._class):
    """Puts `[pystream~]` with its inlets and outlets into the abstraction that it stands in, when that is loaded.

    It is the abstraction's last object, number `first`; what it makes is numbered from there. Object 0 is the first
    inlet. Arguments: the abstraction's $0, `first`, and METHOD, INPUTS and OUTPUTS of its box.
    """

    _inlets = _outlets = 0

    def __init__(self, name, first, method="forward", inputs=0, outputs=0):
        inputs, outputs = channels(str(method), inputs, outputs)
        self._count = int(first)
        to_stream = self._make(20, 120, "r", f"{name:g}-stream")
        inlets = [0] + [self._make(20 + STEP * i, 60, "inlet~") for i in range(1, inputs)]
        stream = self._make(20, 180, "pystream~", inputs, outputs)
        outlets = [self._make(20 + STEP * i, 240, "outlet~") for i in range(outputs)]
        from_stream = self._make(20 + STEP * outputs, 210, "s", f"{name:g}-from-stream")
        say = self._make(20 + STEP * outputs, 120, "r", f"{name:g}-say")
        last = self._make(20 + STEP * outputs, 240, "outlet")
        self._tocanvas("connect", to_stream, 0, stream, 0)
        for channel, inlet in enumerate(inlets):
            self._tocanvas("connect", inlet, 0, stream, channel)
        for channel, outlet in enumerate(outlets):
            self._tocanvas("connect", stream, channel, outlet, 0)
        self._tocanvas("connect", stream, outputs, from_stream, 0)
        self._tocanvas("connect", say, 0, last, 0)

    def _make(self, x, y, *words):
        """Make an object and return its number."""
        self._tocanvas("obj", x, y, *words)
        self._count += 1
        return self._count - 1
