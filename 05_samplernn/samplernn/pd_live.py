"""The Pd object inside `[samplernn~]`, which plays live; runs on Pd's thread."""

from __future__ import annotations

from typing import Any

import pyext
from pdworker.host.arguments import message, number
from pdworker.host.bendable import BendableObject
from pdworker.host.live_object import LiveObject
from pdworker.host.settings import Number, Toggle, Whole

USUAL_LATENCY_MS = 30
MOST_VOICES = 4
SLOTS = 16
NO_MODEL = ("none", "-")
CONTROLS = ("temperature", "voices", "enable", "listen", "answer", "threshold", "freeze", "top_k", "top_p")


class samplernn_live(BendableObject, LiveObject):
    """A recurrent network that plays sound sample by sample, now.

    Arguments: the abstraction's $0, and MODEL, VOICES and MILLISECONDS of its box.
    """

    WORKER = "samplernn.worker"
    USUAL_MODEL = "starter_beat"
    MODEL_SUFFIXES = (".safetensors",)
    SETTINGS = {
        "temperature": Number(
            1.0, -100, 100, help="low keeps to the likeliest samples, high strays; the right inlet is added"
        ),
        "voices": Whole(1, 1, MOST_VOICES, help="how many play at once; a new one begins where the first is"),
        "enable": Toggle(True, help="play, or stand still"),
        "listen": Toggle(False, help="take in what comes into the left inlet; 0: go on from there"),
        "answer": Toggle(False, help="listen by itself while something is played, then go on from it"),
        "threshold": Number(-45.0, -120, 0, unit="dB", help="level of what is played, for answer"),
        "freeze": Toggle(False, help="hold the slow memory, so that the sound stays where it is"),
        "seed": Whole(
            None,
            -1,
            2**24,
            none_below=0,
            label="the random number",
            help="of the draws after the next restart; -1 leaves it to chance",
        ),
        "top_k": Whole(0, 0, 65536, help="choose from so many of the likeliest values; 0: from all"),
        "top_p": Number(1, 0.001, 1, help="choose from the likeliest values of this probability together"),
    }

    def __init__(self, box: Any = 0, model: Any = None, voices: Any = 0, milliseconds: Any = 0) -> None:
        super().__init__(box)
        self.latency_asked = milliseconds or USUAL_LATENCY_MS
        if voices:
            self.settings["voices"] = self.SETTINGS["voices"].parse("voices", [voices])
        if model and str(model) not in NO_MODEL:
            pyext.call_soon(self.load_1, model)

    def play_arguments(self) -> dict[str, Any]:
        controls = {name: self.settings[name] for name in CONTROLS}
        return {"milliseconds": self.latency_asked, "seed": self.settings["seed"], "controls": controls}

    def setting_changed(self, name: str) -> None:
        if name in CONTROLS:
            self.change(**{name: self.settings[name]})

    def started_playing(self, playing: dict) -> None:
        self.output("playing", playing["voices"], playing["rate"])

    @message("load [NAME] [--q_type linear|mu-law] [--sample_rate HZ] [--python PROGRAM]")
    def load_1(self, *words: Any) -> None:
        """Load a model by name, and start its worker."""
        super().load_1(*words)

    @message("latency MILLISECONDS")
    def latency_1(self, milliseconds: Any) -> None:
        """Set the time from a control to its sound, as near as the model allows."""
        self.latency_asked = number(milliseconds, "the latency", 1, 2000)
        self.play()

    @message("remember [SLOT]")
    async def remember_1(self, slot: Any = 1) -> None:
        """Remember where the voices stand; SLOT is 1 to 16."""
        slot = _slot(slot)
        await self.call("remember", slot=slot)
        self.output("remembered", slot)

    @message("rewind [SLOT]")
    async def rewind_1(self, slot: Any = 1) -> None:
        """Go on from where they stood, differently each time."""
        await self.call("rewind", slot=_slot(slot), same_draws=False)

    @message("repeat [SLOT]")
    async def repeat_1(self, slot: Any = 1) -> None:
        """Go on from where they stood, with the same draws: the same sound again."""
        await self.call("rewind", slot=_slot(slot), same_draws=True)

    @message("restart")
    async def restart_1(self) -> None:
        """Begin in silence, as after load."""
        await self.call("restart", seed=self.settings["seed"])


def _slot(value: Any) -> int:
    return int(number(value, "the slot", 1, SLOTS))
