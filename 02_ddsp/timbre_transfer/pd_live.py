"""The Pd object inside `[timbre_transfer~]`, which plays live; runs on Pd's thread."""

import pyext
from pdworker.host.arguments import message, number
from pdworker.host.bendable import BendableObject
from pdworker.host.live_object import LiveObject
from pdworker.host.settings import Number, Toggle

USUAL_LATENCY_MS = 40
NO_MODEL = ("none", "-")


class timbre_transfer_live(BendableObject, LiveObject):
    """An instrument that plays what comes in, now.

    Arguments: the abstraction's $0, and MODEL and MILLISECONDS of its box.
    """

    WORKER = "timbre_transfer.worker"
    USUAL_MODEL = "starter_violin"
    SETTINGS = {
        "octave": Number(0.0, -20, 20, unit="octaves", help="higher or lower than what comes in"),
        "threshold": Number(0.2, 0, 1, unit="confidence", help="no pitch is played below it"),
        "loudness": Number(0.0, -100, 100, unit="dB", help="louder or softer than what comes in"),
        "breath": Number(
            1.0,
            0,
            1,
            unit="amount",
            help="where there is no pitch: 0 the instrument's noise, 1 that of what comes in",
        ),
        "dynamics": Number(
            0.5, 0, 1, unit="amount", help="0 as loud as the instrument makes it, 1 as what comes in"
        ),
        "midi": Toggle(False, help="play notes, not the sound"),
        "bend": Number(
            0.0,
            -24,
            24,
            unit="semitones",
            help="of notes, such as a pitch wheel; with LAYER KIND AMOUNT [SEED] it bends the network",
        ),
        "vibrato": Number(0.0, 0, 2, unit="semitones", help="of notes that are held"),
    }
    ALIASES = {"list": "note"}

    def __init__(self, box=0, model=None, milliseconds=0):
        super().__init__(box)
        self.latency_asked = milliseconds or USUAL_LATENCY_MS
        self._pressed = []  # keys that the worker does not know of yet
        self._is_pressing = False
        if model and str(model) not in NO_MODEL:
            pyext.call_soon(self.load_1, model)

    def play_arguments(self):
        return {"milliseconds": self.latency_asked, **self._controls()}

    def setting_changed(self, name):
        self.change(**self._controls())

    @message("bend SEMITONES, or LAYER scale|noise|flip|zero|shift|swap AMOUNT [SEED]")
    def bend_1(self, *words):
        """Bend the pitch of notes, or the network."""
        if len(words) > 1:
            super().bend_1(*words)
        else:
            self.settings["bend"] = self.SETTINGS["bend"].parse("bend", words)
            self.setting_changed("bend")

    @message("latency MILLISECONDS")
    def latency_1(self, milliseconds):
        """Set the time from sound to sound, as near as the machine and the model allow."""
        self.latency_asked = number(milliseconds, "the latency", 1, 2000)
        self.play()

    @message("note PITCH VELOCITY")
    def note_1(self, pitch, velocity):
        """Press a key, or let it go where the velocity is 0; a list of the two does the same."""
        pitch, velocity = number(pitch, "the pitch", 0, 127), number(velocity, "the velocity", 0, 127)
        self.require_model()
        self._pressed.append([round(pitch), round(velocity)])
        if not self._is_pressing:
            self.start_task(self._press())

    async def _press(self):
        """Call the worker's `press`; many keys at once are one call, so that a flood does not pile up."""
        self._is_pressing = True
        try:
            while self._pressed:
                pressed, self._pressed = self._pressed, []
                await self.call("press", keys=pressed)
        finally:
            self._is_pressing = False

    def _controls(self):
        return {
            "octave_shift": self.settings["octave"],
            "threshold": self.settings["threshold"],
            "loudness_shift": self.settings["loudness"],
            **{name: self.settings[name] for name in ("breath", "dynamics", "midi", "bend", "vibrato")},
        }
