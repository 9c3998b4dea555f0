"""The Pd object of NSynth, `[pyext. 1 1 nsynth.pd nsynth]`; runs on Pd's thread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyext
from modelfiles.errors import UserError
from pdworker import options
from pdworker.host.arguments import message, name, number
from pdworker.host.arrays import existing
from pdworker.host.making import Making
from pdworker.host.settings import Number, Whole
from pdworker.host.takes import TakesObject

from .blending import CORNERS, MIDDLE, grid_files, grid_paths, zones

NO_MODEL = ("none", "-")


class nsynth(TakesObject):
    """Sounds between four corners: encoded, blended, decoded into one array, point after point.

    Argument: a model to load at once; none, or "none", if left out.

    Out of the outlet, besides what a TakesObject says: `model RATE HOP LATENT` after a load; `corner N NAME SECONDS`;
    `curves N HOPS`, `taken N`; `silence` before an array is written anew, `grid SIDE SAMPLES RATE` when a grid begins
    (its point P, row by row from below, stands in the array from P * SAMPLES on; of several pitches, one grid follows
    the other), `zone LOW HIGH NUMBER PITCH` before that for the keys that each pitch plays, `grown SAMPLES` as all
    points grow, `filled SIDE SAMPLES RATE` at its end, also where it was cancelled; `saved FILE`.
    """

    WORKER = "nsynth.worker"
    TAKES = ("grid",)
    USUAL_MODEL = "starter_notes"
    MODEL_SUFFIXES = (".index", "")
    SETTINGS = {
        "side": Whole(4, 2, 9, help="points at a side of the grid"),
        "seconds": Number(
            1.5, 0.05, 60, unit="seconds", help="of a sound file, its beginning that is encoded"
        ),
        "temperature": Number(0.8, 0, 100, help="low keeps to the likeliest samples, high strays from them"),
        "pitch": Whole(
            MIDDLE,
            0,
            127,
            label="the pitch",
            help="of the corners that are set from now on: each pitch has four",
        ),
        "seed": Whole(0, 0, 2**24, label="the random number", help="the same gives the same grid again"),
    }

    def __init__(self, model: Any = None) -> None:
        super().__init__()
        self._corners: dict[tuple[int, int], np.ndarray] = {}  # by pitch and number
        self._labels: dict[tuple[int, int], str] = {}  # of these
        self._model_notes = object()  # another one as soon as a model's first notes are wanted no more
        self._notes: list[str] = []
        self._next = 0
        self._is_decoding = False
        self._grids: dict[str, tuple[int, int, int, list[int]]] = {}  # side, samples, rate, pitches by array
        if model and str(model) not in NO_MODEL:
            pyext.call_soon(self.load_1, model)

    def facts_to_show(self, facts: dict) -> dict:
        return {key: value for key, value in facts.items() if key != "notes"}

    def model_loaded(self, facts: dict) -> None:
        """The first four of the model's own notes become the corners."""
        self._corners.clear()
        self._notes = [one for one in facts["notes"].split(",") if one]
        self.output("model", facts["rate"], facts["hop"], facts["latent"])
        self._model_notes = object()
        self.start_task(self._take_first_notes(self._model_notes))
        self._next = min(CORNERS, len(self._notes))

    def take_state(self) -> dict[str, Any]:
        kept = [(pitch, corner) for pitch in self._pitches() for corner in range(1, CORNERS + 1)]
        return {"corners": [[*place, self._labels[place]] for place in kept]}

    async def restore_take(self, state: Mapping[str, Any], call: Mapping[str, Any], arrays: list) -> None:
        self._model_notes = object()
        self._corners.clear()
        for (pitch, corner, label), encoding in zip(state["corners"], arrays):
            self._corners[pitch, corner], self._labels[pitch, corner] = encoding, label
            if pitch == self.settings["pitch"]:
                self._put(corner, label, encoding)

    @message("corner N FILE")
    async def corner_1(self, *words: Any) -> None:
        """Encode a sound file as one of four corners, or take a saved encoding (.npy)."""
        corner, path = self._corner_and_file(words)
        self.require_model()
        values, (encoding,) = await self.call(
            "encode", reads={"path": str(path)}, seconds=self.settings["seconds"]
        )
        self._put(corner, path.stem or values["name"], encoding)

    @message("note N [NAME]")
    async def note_1(self, *words: Any) -> None:
        """Take one of the model's own notes as a corner: by its name, or the next one."""
        corner = _corner(words)
        self.require_model()
        if not words[1:]:
            if not self._notes:
                raise UserError("state", "this model comes without notes", "open sound files instead")
            await self._take_note(corner, self._notes[self._next % len(self._notes)])
            self._next += 1
        else:
            await self._take_note(corner, name(words[1]))

    @message("save N FILE")
    async def save_1(self, *words: Any) -> None:
        """Save the encoding of a corner (.npy)."""
        corner, path = self._corner_and_file(words)
        path = path if path.suffix else path.with_suffix(".npy")
        await self.call("write_encoding", arrays=[self._encoding(corner)], writes={"path": str(path)})
        self.output("saved", str(path))

    @message("curves N PREFIX")
    def curves_1(self, corner: Any, prefix: Any) -> None:
        """Draw the encoding of a corner: its first number over time into the array PREFIX1, and so on."""
        encoding = self._encoding(_corner([corner]))
        for index, curve in enumerate(encoding.T, 1):
            buffer = pyext.Buffer(f"{name(prefix)}{index}")
            if len(buffer):
                if len(buffer) != len(curve):
                    buffer.resize(len(curve))
                buffer[:] = curve
                buffer.dirty()
        self.output("curves", _corner([corner]), len(encoding))

    @message("take N PREFIX")
    def take_1(self, corner: Any, prefix: Any) -> None:
        """Take the curves in the arrays PREFIX1 and so on as the encoding of a corner."""
        number_of_corner = _corner([corner])
        encoding = self._encoding(number_of_corner).copy()
        for index in range(encoding.shape[1]):
            curve = pyext.Buffer(f"{name(prefix)}{index + 1}")
            if len(curve) == len(encoding):
                encoding[:, index] = np.nan_to_num(np.array(curve, np.float32))
        self._corners[self.settings["pitch"], number_of_corner] = encoding
        self.output("taken", number_of_corner)

    @message("grid ARRAY")
    async def grid_1(self, array: Any) -> None:
        """Decode the grid between the corners into an array, in the background; of each pitch that has all four."""
        array = name(array)
        existing(array)
        self.require_model()
        if self._is_decoding:
            raise UserError("state", "a grid is being decoded", "cancel that first, or wait")
        pitches = self._pitches()
        corners = [self._corners[pitch, corner] for pitch in pitches for corner in range(1, CORNERS + 1)]
        values = {key: self.settings[key] for key in ("side", "temperature", "seed")}
        self._is_decoding = True
        try:
            making = self.making(["grid", array], "grid", arrays=corners, **values)
            await self._grow(array, values["side"], pitches, making)
        finally:
            self._is_decoding = False

    @message("save_grid ARRAY FOLDER")
    async def save_grid_1(self, *words: Any) -> None:
        """Save a grid as a folder of WAV files, which is made."""
        array, folder = self._array_and_folder(words)
        if array not in self._grids:
            raise UserError("state", f"there is no grid in {array}", "make one first")
        side, samples, rate, pitches = self._grids[array]
        count = len(pitches) * side * side
        sounds = (await self.read(array))[: count * samples].reshape(count, samples)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError("file", f"{folder}: {error.strerror}") from None
        writes = {key: str(folder / file) for key, file in grid_files(side, pitches).items()}
        await self.call("write_grid", arrays=[sounds], writes=writes, rate=rate, pitches=pitches)
        self.output("saved", str(folder))

    @message("open_grid ARRAY FOLDER")
    async def open_grid_1(self, *words: Any) -> None:
        """Read a grid from a folder: one that was saved here, WAV files, or one of the original course."""
        array, folder = self._array_and_folder(words)
        existing(array)
        self.output("silence")
        reads = {f"file{number}": str(path) for number, path in enumerate(grid_paths(folder))}
        values, (sounds,) = await self.call("read_grid", reads=reads, grid=folder.name)
        facts = values["side"], sounds.shape[1], values["rate"], values["pitches"]
        await self.write(array, sounds.ravel())
        self._announce(array, *facts)
        self.output("grown", sounds.shape[1])
        self.output("filled", *facts[:3])

    # What they share.

    async def _take_first_notes(self, wanted: object) -> None:
        for corner, note in enumerate(self._notes[:CORNERS], 1):
            values, (encoding,) = await self.call("note", name=note)
            if self._model_notes is not wanted:
                return
            self._put(corner, values["name"], encoding)

    async def _take_note(self, corner: int, note: str) -> None:
        values, (encoding,) = await self.call("note", name=note)
        self._put(corner, values["name"], encoding)

    def _put(self, corner: int, label: str, encoding: np.ndarray) -> None:
        facts = self.require_model()
        place = self.settings["pitch"], corner
        self._corners[place], self._labels[place] = encoding, label
        self.output("progress", 1, "")
        self.output("corner", corner, label, round(len(encoding) * facts["hop"] / facts["rate"], 2))

    def _encoding(self, corner: int) -> np.ndarray:
        self._require_corners([corner])
        return self._corners[self.settings["pitch"], corner]

    def _require_corners(self, corners: Iterable[int]) -> None:
        pitch = self.settings["pitch"]
        if missing := [str(corner) for corner in corners if (pitch, corner) not in self._corners]:
            at = "" if pitch == MIDDLE else f" at pitch {pitch}"
            raise UserError("state", f"corner {', '.join(missing)} is empty{at}", "open a sound for it")

    def _pitches(self) -> list[int]:
        """Return the pitches that have all four corners. Raises UserError where there is none."""
        corners = range(1, CORNERS + 1)
        known = sorted({pitch for pitch, _ in self._corners})
        found = [pitch for pitch in known if all((pitch, corner) in self._corners for corner in corners)]
        if not found:
            self._require_corners(corners)
        return found

    def _corner_and_file(self, words: Any) -> tuple[int, Path]:
        if len(words) < 2:
            raise UserError("usage", "a corner and a file are needed")
        return _corner(words), self.path(options.text(words[1:]))

    def _array_and_folder(self, words: Any) -> tuple[str, Path]:
        if len(words) < 2:
            raise UserError("usage", "an array and a folder are needed")
        return name(words[0]), self.path(options.text(words[1:]))

    async def _grow(self, array: str, side: int, pitches: list[int], making: Making) -> None:
        """Put the sounds into the array as they grow; an interrupted grid stays, as far as it is."""
        rate = length = done = 0
        pieces: list[np.ndarray] = []
        try:
            async for values, sounds in (call := making.call()):
                if not sounds:  # the first ones take a while: notes that sound fade until then
                    rate, length = values["rate"], values["length"]
                    self.output("silence")
                    continue
                if not done:
                    await self.write(array, np.zeros(len(pitches) * side * side * length, np.float32))
                    self._announce(array, side, length, rate, pitches)
                done = values["start"] + sounds[0].shape[1]
                pieces.append(sounds[0])
                self._insert(array, sounds[0], values["start"], length)
                self.output("grown", done)
            await call
        finally:
            if pieces:
                grid = np.concatenate(pieces, axis=1)
                making.keep_sounds({array: [grid.ravel()]}, rate, complete=done == length, parts=len(grid))
            if done and self._grids.get(array) == (side, length, rate, pitches):
                self.output("filled", side, done, rate)

    def _announce(self, array: str, side: int, samples: int, rate: int, pitches: list[int]) -> None:
        self._grids[array] = side, samples, rate, pitches
        for zone in zones(pitches):
            self.output("zone", *zone)
        self.output("grid", side, samples, rate)

    def _insert(self, array: str, sounds: np.ndarray, start: int, length: int) -> None:
        buffer, count = pyext.Buffer(array), sounds.shape[1]
        if len(buffer) == len(sounds) * length:
            for point, sound in enumerate(sounds):
                buffer[point * length + start : point * length + start + count] = sound


def _corner(words: Any) -> int:
    if not words:
        raise UserError("usage", "a corner is needed, 1 to 4")
    return round(number(words[0], "corner", 1, CORNERS))
