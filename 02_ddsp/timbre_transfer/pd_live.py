"""The Pd object inside `[timbre_transfer~]`, which plays live; runs on Pd's thread."""

import pyext
from pdworker.host.arguments import message, number
from pdworker.host.live_object import LiveObject
from pdworker.host.settings import Number

USUAL_LATENCY_MS = 40
NO_MODEL = ("none", "-")


class timbre_transfer_live(LiveObject):
    """An instrument that plays what comes in, now.

    Arguments: the abstraction's $0, and MODEL and MILLISECONDS of its box.
    """

    WORKER = "timbre_transfer.worker"
    SETTINGS = {
        "octave": Number(0.0, -20, 20, unit="octaves", help="higher or lower than what comes in"),
        "threshold": Number(0.2, 0, 1, unit="confidence", help="no pitch is played below it"),
        "loudness": Number(0.0, -100, 100, unit="dB", help="louder or softer than what comes in"),
    }

    def __init__(self, box=0, model=None, milliseconds=0):
        super().__init__(box)
        self._milliseconds = milliseconds or USUAL_LATENCY_MS
        if model and str(model) not in NO_MODEL:
            pyext.call_soon(self.load_1, model)

    def play_arguments(self):
        return {"milliseconds": self._milliseconds, **self._controls()}

    def setting_changed(self, name):
        self.change(**self._controls())

    @message("latency MILLISECONDS")
    def latency_1(self, milliseconds):
        """Set the time from sound to sound, as near as the machine and the model allow."""
        self._milliseconds = number(milliseconds, "the latency", 1, 2000)
        self.play()

    def _controls(self):
        return {
            "octave_shift": self.settings["octave"],
            "threshold": self.settings["threshold"],
            "loudness_shift": self.settings["loudness"],
        }
