"""The Pd object of [dlwa-own-sounds], `[pyext. 1 1 own_sounds own_sounds]`; Pd's thread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyext
from modelfiles.errors import UserError
from modelfiles.places import cache_folder, data_folder, store_folder
from pdworker import options
from pdworker.host.arguments import message, name, number
from pdworker.host.pd_object import PdObject
from pdworker.host.settings import Choice, Number, Text
from pdworker.rights import Rights

CURVE = 100  # points of the curve's array
PLACES = 8  # sounds that a patch has room for
LETTERS = 17  # of a label
HEARD_S = 30.0  # of a sound that is played


class own_sounds(PdObject):
    """Sounds of one's own: collected, looked at, trained on, heard meanwhile.

    Out of the outlet, besides what every PdObject says: `sound INDEX USED SECONDS NAME FAULT LABEL` for each sound
    (FAULT is `good` where there is none, LABEL is short enough for a patch), `sounds COUNT USED SECONDS`,
    `check VALUE`, `preview HZ SAMPLES`, `model PATH`, `ended WORD`, `saved PATH`.
    """

    WORKER = "own_sounds.worker"
    SETTINGS = {
        "patience": Choice(
            "minutes", ("minutes", "coffee", "night"), help="three minutes, thirty, or eight hours"
        ),
        "minutes": Number(0, 0, 10000, unit="minutes", help="train so long in all; 0: as patience says"),
        "source": Text("", help="model to begin with; nothing: from noise; empty: what suits the model"),
        "picture": Text("", help="sounds are drawn into the arrays NAME-0, NAME-1, ..."),
        "curve": Text("", help="array for the curve of the checks"),
        "preview": Text("", help="array for the newest preview"),
    }

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._first = 0

    def import_folders(self) -> list[Path]:
        """Return setup/patches and setup."""
        return [self._day_folder(), self._day_folder().parent]

    def checkpoint_folders(self) -> list[Path]:
        """Return nothing: `load` names a model, not a file."""
        return []

    def rights(self) -> Rights:
        """Return what the worker may do with files: read all; change collections, trainings and the store of models.

        The trainings that it starts have the same rights.
        """
        folders = [data_folder() / "own", data_folder() / "runs", store_folder()]
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        cache = cache_folder() / "workers" / type(self).__name__
        return Rights(writable=tuple(map(str, folders)), cache=str(cache))

    def model_loaded(self, facts: dict) -> None:
        """Show the sounds that the collection holds."""
        self.start_task(self._show("show"))

    @message("add FILE|FOLDER")
    async def add_1(self, *words: Any) -> None:
        """Add a sound, or all sounds of a folder."""
        if not words:
            raise UserError("usage", "no file or folder is named")
        await self._show("add", path=str(self.path(options.text(words))))

    @message("record ARRAY HZ")
    async def record_1(self, array: Any, rate: Any) -> None:
        """Add what an array holds as a recording."""
        samples = await self.read(name(array))
        await self._show("record", arrays=[samples], rate=number(rate, "the sample rate", 1000, 384000))

    @message("hear INDEX")
    async def hear_1(self, index: Any) -> None:
        """Put a sound into the array of the previews, and say so as of a preview."""
        values, arrays = await self.call("read", index=_place(index), longest_s=HEARD_S)
        await self.event_preview(values, arrays)

    @message("use INDEX 0|1")
    async def use_1(self, index: Any, used: Any) -> None:
        """Train on a sound, or leave it out."""
        values, _ = await self.call("use", index=_place(index), used=bool(used))
        self._output_sound(values)

    @message("clear")
    async def clear_1(self) -> None:
        """Forget all sounds and what was learned; files that were opened stay."""
        await self.call("clear")
        for place in range(PLACES):
            self._draw(f"{self.settings['picture']}-{place}", np.zeros(2, np.float32))
        self.output("sounds", 0, 0, 0)

    @message("train")
    async def train_1(self) -> None:
        """Begin to train on the sounds that are used, or go on."""
        minutes = self.settings["minutes"] or None
        source = self.settings["source"] or None
        await self.call("train", preset=self.settings["patience"], source=source, minutes=minutes)
        self.output("progress", 0, "training begins")

    @message("stop")
    async def stop_1(self) -> None:
        """Let the training save and end; train goes on from there."""
        await self.call("stop")

    @message("keep NAME")
    async def keep_1(self, *words: Any) -> None:
        """Copy the model to where all patches find it by this name."""
        values, _ = await self.call("keep", name=options.text(words))
        self.output("saved", values["path"])

    # What the worker sends unasked.

    def event_training(self, values: dict, arrays: list[np.ndarray]) -> None:
        """How far the training is."""
        self.output("progress", values["share"], values["line"])

    def event_check(self, values: dict, arrays: list[np.ndarray]) -> None:
        """A check: its figure, and the curve of all."""
        self._draw(self.settings["curve"], _curve(arrays[0]))
        self.output("check", values["value"])

    async def event_preview(self, values: dict, arrays: list[np.ndarray]) -> None:
        """A sound of the model as it is now."""
        if self.settings["preview"]:
            await self.write(self.settings["preview"], arrays[0])
        self.output("preview", values["rate"], len(arrays[0]))

    def event_model(self, values: dict, arrays: list[np.ndarray]) -> None:
        """The model was written anew."""
        self.output("model", values["path"])

    def event_ended(self, values: dict, arrays: list[np.ndarray]) -> None:
        """The training has ended: `done`, `stopped` or `failed`."""
        self.output("progress", int(values["word"] == "done"), values["word"])
        self.output("ended", values["word"])
        if values["word"] == "failed":
            self.report_error(UserError("state", f"the training has ended: {values['why']}"))

    # Sounds.

    async def _show(self, call_name: str, **arguments: Any) -> None:
        """Make a call that sends sounds, and show them."""
        async for values, arrays in (call := self.call(call_name, **arguments)):
            self._output_sound(values)
            self._draw(f"{self.settings['picture']}-{values['index']}", arrays[0])
        values, _ = await call
        self.output("sounds", values["sounds"], values["used"], values["seconds"])

    def _output_sound(self, values: dict) -> None:
        fault = values["fault"] or "good"
        label = (
            f"{values['name'][:10]} {values['seconds']:.1f} s"
            if fault == "good"
            else f"{fault}: {values['name']}"
        )
        seconds, short = values["seconds"], label[:LETTERS]
        self.output("sound", values["index"], values["used"], seconds, values["name"], fault, short)

    def _draw(self, array: str, points: np.ndarray) -> None:
        """Stretch points over an array, if there is one of that name."""
        buffer = pyext.Buffer(array)
        if len(buffer):
            places = np.linspace(0, len(points) - 1, len(buffer))
            buffer[:] = np.interp(places, np.arange(len(points)), points).astype(np.float32)


def _place(index: Any) -> int:
    return int(number(index, "the sound", 0, 100000))


def _curve(values: np.ndarray) -> np.ndarray:
    """The checks so far from 0, the best, to 1, the worst."""
    low, high = float(values.min()), float(values.max())
    return (values - low) / max(high - low, 1e-9)
