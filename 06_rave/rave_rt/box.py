"""The signal part of `[rave~]`: as many inlets and outlets as the box asks for."""

import pyext

STEP = 15  # pixels from one inlet to the next: all stand left of the last outlet, which is at 5000
USUAL_LATENTS = 8
MOST = 256
INLET, FROM_STREAM, OUTLET = 0, 8, 9  # objects of rave~.pd, by number


def channels(method, inputs=0, outputs=0):
    """(inputs, outputs) of a box, from its arguments; what is 0 is as usual for the method."""
    usual = {"encode": (1, USUAL_LATENTS), "decode": (USUAL_LATENTS, 1), "prior": (1, USUAL_LATENTS)}
    wanted = zip((inputs, outputs), usual.get(method, (1, 1)))
    return tuple(min(max(1, int(count or default)), MOST) for count, default in wanted)


def stream_owner(box, channels):
    """The name before `-stream` of the receive that the stream of a box listens to.

    In rave~.pd, where `box` is the number $0, a stream of more than one channel is not the one of the file.
    """
    return f"{box:g}-wide" if isinstance(box, (int, float)) and channels != (1, 1) else box


class box(pyext._class):
    """Gives rave~.pd more than one signal inlet and outlet, while it is loaded.

    It is the abstraction's last object. What it makes is there before itself, numbered from `first`, and before the
    cords of the patch around it. So nothing may be deleted: the external would do that later, and with it all that
    follows. The `[pystream~ 1 1]` of the file keeps its cords and is silent; the new one listens to another name.
    Arguments: `first`, $0, and METHOD, INPUTS and OUTPUTS of the abstraction's box.
    """

    _inlets = _outlets = 0

    def __init__(self, first, number, method="forward", inputs=0, outputs=0):
        inputs, outputs = counts = channels(str(method), inputs, outputs)
        if counts == (1, 1):
            return
        self._count = int(first)
        stream = self._make(20, 150, "pystream~", inputs, outputs)
        messages = self._make(120, 90, "r", f"{stream_owner(number, counts)}-stream")
        inlets = [INLET] + [self._make(20 + STEP * i, 60, "inlet~") for i in range(1, inputs)]
        outlets = [OUTLET] + [self._make(20 + STEP * i, 240, "outlet~") for i in range(1, outputs)]
        self._tocanvas("connect", messages, 0, stream, 0)
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
