"""The Pd object of day 5, `[pyext. 1 1 samplernn.pd samplernn]`; Pd's thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyext
from modelfiles.errors import UserError
from modelfiles.overview import overview_of_part
from pdworker import options
from pdworker.host.arguments import message, name
from pdworker.host.bendable import BendableObject
from pdworker.host.making import Making
from pdworker.host.settings import Number, Whole

from .generate_message import read_request

PRIMER_S = 30  # of a seed sound, its end
SETTING_OF_OPTION = {"dur": "seconds", "out_sr": "rate", "random": "seed", "top_k": "top_k", "top_p": "top_p"}


class samplernn(BendableObject):
    """A recurrent network that generates sound sample by sample, into Pd arrays that grow meanwhile.

    Out of the outlet, besides what every TakesObject says: `generating LENGTH HZ`, `grown SAMPLES`, then
    `generated ARRAY HZ SAMPLES` for each array; `saved FILE`.
    """

    WORKER = "samplernn.worker"
    TAKES = ("generate",)
    USUAL_MODEL = "starter_beat"
    MODEL_SUFFIXES = (".safetensors",)
    SETTINGS = {
        "temperature": Number(0.95, 0, 100, help="low keeps to the likeliest samples, high strays from them"),
        "seconds": Number(4, 0.001, 600, unit="seconds", label="the duration", help="how much to generate"),
        "rate": Whole(
            None,
            1000,
            384000,
            unit="Hz",
            words={"model": None},
            label="the sample rate",
            help="sample rate of what is generated",
        ),
        "seed": Whole(
            0,
            -1,
            2**24,
            none_below=0,
            label="the random number",
            help="the same gives the same sound again; -1 leaves it to chance",
        ),
        "top_k": Whole(0, 0, 65536, help="choose from so many of the likeliest values; 0: from all"),
        "top_p": Number(
            1, 0.001, 1, help="choose from the likeliest values that have this probability together"
        ),
    }
    ALIASES = {"write": "save"}

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._is_generating = False
        self._rates: dict[str, int] = {}  # by array
        self._pictures: dict[str, str] = {}  # by array

    @message("load [NAME] [--q_type linear|mu-law] [--sample_rate HZ] [--python PROGRAM]")
    def load_1(self, *words: Any) -> None:
        """Load a model by name, and start its worker; a sound that is being generated ends there."""
        if self._is_generating:
            self.cancel_1()
        super().load_1(*words)

    @message(
        "generate --out ARRAY [--temp T] ... [--dur SECONDS] [--out_sr HZ] [--seed ARRAY] [--seed_sr HZ] "
        "[--random N] [--top_k N] [--top_p P]"
    )
    async def generate_1(self, *words: Any) -> None:
        """Generate a sound into each array, all at once; the settings hold for what is left out."""
        request = read_request(words)
        self.require_model()
        if self._is_generating:
            raise UserError("state", "it is still generating", "cancel that first, or wait")
        for array in request.arrays:
            _require_array(array, f"there is no array '{array}' for the sound")
        primer_name, arguments = self._arguments(request.options)
        self._is_generating = True
        try:
            arrays = [await self._read_primer(primer_name, arguments["primer_rate"])]
            temperatures = [await self._read_temperature(value, arrays) for value in request.temperatures]
            shown = {} if primer_name is None else {primer_name: 0}
            for word, value in zip(request.temperatures, temperatures):
                if isinstance(value, dict):
                    shown[word] = value["array"]
            arguments["temperatures"] = temperatures
            making = self.making(["generate", *words], "generate", arrays=arrays, shown=shown, **arguments)
            await self._grow(request.arrays, making)
        finally:
            self._is_generating = False

    @message("view ARRAY PICTURE")
    def view_1(self, array: Any, picture: Any) -> None:
        """Keep an overview of an array in another, small one, to look at."""
        self._pictures[name(array)] = name(picture)
        self._draw(name(array))

    @message("save ARRAY FILE")
    async def save_1(self, array: Any, *words: Any) -> None:
        """Save an array as a sound file (.wav if it has no ending)."""
        if not words:
            raise UserError("usage", "no file is named")
        facts, path = self.require_model(), self.path(options.text(words))
        rate = self._rates.get(name(array), facts["rate"])
        samples = await self.read(name(array))
        path = path if path.suffix else path.with_suffix(".wav")
        writes = {"path": str(path)}
        await self.call("save", urgent=True, arrays=[samples], writes=writes, rate=rate)
        self.output("progress", 0, "saved")
        self.output("saved", str(path))

    def _arguments(self, given: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
        """Return the name of the seed sound's array, and what the worker is to know, from a message's options."""
        given = dict(given)
        primer = given.pop("seed", None)
        if isinstance(primer, (int, float)):
            given["random"], primer = primer, None
        primer_rate = given.pop("seed_sr", "model")
        unknown = set(given) - set(SETTING_OF_OPTION)
        if unknown:
            raise UserError("usage", f"generate has no option --{min(unknown)}")
        arguments = {setting: self.settings[setting] for setting in SETTING_OF_OPTION.values()}
        for option, value in given.items():
            setting = SETTING_OF_OPTION[option]
            arguments[setting] = self._parse(setting, value)
        return primer, {**arguments, "primer_rate": self._parse("rate", primer_rate)}

    def _parse(self, setting: str, value: Any) -> Any:
        return self.SETTINGS[setting].parse(setting, value if isinstance(value, list) else [value])

    async def _read_primer(self, array: str | None, rate: int | None) -> np.ndarray:
        """Return the end of the seed sound; nothing where there is none."""
        if array is None:
            return np.empty(0, np.float32)
        _require_array(array, f"there is no array '{array}' to go on from")
        samples = await self.read(array)
        return samples[-int(PRIMER_S * (rate or self.require_model()["rate"])) :]

    async def _read_temperature(self, value: Any, arrays: list[np.ndarray]) -> Any:
        """Return a temperature as the worker gets it; what an array draws is added to `arrays`."""
        if value is None:
            return self.settings["temperature"]
        if not isinstance(value, str) or value.startswith("Env"):
            return value
        _require_array(value, f"temperature '{value}' is neither a number, nor Env(...), nor an array")
        arrays.append(await self.read(value))
        return {"array": len(arrays) - 1}

    async def _grow(self, names: Sequence[str], making: Making) -> None:
        """Put the sound into the arrays as it comes; an interrupted one stays, as far as it is."""
        rate = length = done = 0
        pieces: list[Sequence[np.ndarray]] = []
        try:
            async for values, sounds in (call := making.call()):
                if sounds:
                    done = values["start"] + len(sounds[0])
                    pieces.append(sounds)
                    self._insert(names, sounds, values["start"], done)
                else:
                    rate, length = values["rate"], values["length"]
                    self._rates.update(dict.fromkeys(names, rate))
                    await self._clear(names, length)
                    self.output("generating", length, rate)
            await call
        finally:
            if pieces:
                whole = {array: [np.concatenate(parts)] for array, parts in zip(names, zip(*pieces))}
                making.keep_sounds(whole, rate, complete=done == length)
            if rate and self.facts is not None:
                self._finish(names, rate, done)

    async def _clear(self, names: Sequence[str], length: int) -> None:
        silence = np.zeros(length, np.float32)
        for array in names:
            if len(pyext.Buffer(array)):
                await self.write(array, silence)
                self._draw(array)

    def _insert(self, names: Sequence[str], sounds: Sequence[np.ndarray], start: int, end: int) -> None:
        for array, sound in zip(names, sounds):
            buffer = pyext.Buffer(array)
            if len(buffer) >= end:
                buffer[start:end] = sound
                self._draw(array, start, end)
        self.output("grown", end)

    def _finish(self, names: Sequence[str], rate: int, done: int) -> None:
        """Cut the arrays to what was generated, and say what each holds."""
        for array in names:
            buffer = pyext.Buffer(array)
            if 0 < done < len(buffer):
                buffer.resize(done)
                self._draw(array)
            self.output("generated", array, rate, done)

    def _draw(self, array: str, start: int = 0, end: int | None = None) -> None:
        """Bring the picture of an array up to date, where the samples start <= t < end have changed."""
        picture = pyext.Buffer(self._pictures.get(array, ""))
        samples, columns = pyext.Buffer(array)[:], len(picture) // 2
        if samples is not None and columns:
            first, points = overview_of_part(samples, columns, start, end)
            picture[2 * first : 2 * first + len(points)] = points


def _require_array(array: str, complaint: str) -> None:
    if not len(pyext.Buffer(array)):
        raise UserError("input", complaint)
