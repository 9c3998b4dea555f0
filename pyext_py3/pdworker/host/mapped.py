"""The messages of a Pd object that has a map of sounds in its model's latent space; Pd's thread."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from modelfiles.errors import UserError
from modelfiles.latent_map import LatentMap, places_along, walk

from pdworker import options
from pdworker.host.arguments import message, name, number
from pdworker.host.arrays import existing
from pdworker.host.settings import Whole
from pdworker.host.takes import TakesObject, background
from pdworker.takes.place import place
from pdworker.takes.store import replace_json

FORMAT = 1
MOST_STEPS = 256
DRAWN = 200  # places of a walk
LETTER, LINE = 0.047, 0.09  # of a name on the map, which is 2 wide
LONGEST_NAME = 20  # letters


class MappedObject(TakesObject):
    """A Pd object whose model's latent space has a map.

    A subclass has a message `map ...` that ends in `show_map`, and `play_codes`. SOUND is the array that the sound is
    put into. X and Y go from -1 to 1.

    Out of the outlet, besides what TakesObject sends: `map COUNT SHARE SHARE`, then for each sound
    `spot N X Y LOUDNESS NAMED NAME` (LOUDNESS from 0 to 1, NAMED 1 where there is room for the name), and
    `direction 1|2 NAME`; `place X Y NAME` with the nearest sound; `way X Y` for each place of a walk;
    `done go|travel SOUND LENGTH HZ`.
    """

    SETTINGS = {
        "neighbours": Whole(3, 1, 16, help="how many sounds are mixed at a place of the map, 1: the nearest")
    }

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._map: LatentMap | None = None
        self._map_of: tuple[str, str] = "", ""  # model, and what is on the map
        self._directions: dict[str, str] = {}

    # For subclasses.

    async def play_codes(
        self, message: Sequence[Any], sound: str, codes: np.ndarray, kept: bool
    ) -> tuple[int, float]:
        """Hook: make the sound of latents.

        Parameters
        ----------
        message : sequence
            What asked for it, for `making`.
        sound : str
            The array that it is put into.
        codes : numpy.ndarray
            float32 [latents, n], at a place or along a path.
        kept : bool
            Whether it is a take.

        Returns
        -------
        samples, rate
            Its length, and its sample rate in Hz.
        """
        raise NotImplementedError

    def steps_of(self, seconds: float) -> int:
        """Hook: return how many vectors of latents a path takes that sounds so long."""
        raise NotImplementedError

    async def show_map(
        self,
        what: str,
        codes: Mapping[str, np.ndarray],
        loudness: Sequence[float],
        features: Any = None,
        sphere: bool = False,
    ) -> None:
        """Make a map, and tell the patch.

        Parameters
        ----------
        what : str
            What is on it, such as a folder: names of directions are kept for that and the model.
        codes, features, sphere
            See LatentMap.
        loudness : sequence of float
            Of each sound, in decibels.
        """
        model = str(self.require_model().get("name"))
        space = await background.run(LatentMap, codes, features, sphere)
        self._directions = await background.run(_read, _file(model, what))
        self._map, self._map_of = space, (model, what)
        self.output("progress", 1, "")
        self.output("map", len(space.names), *(round(float(share), 3) for share in space.shares))
        level = np.asarray(loudness, np.float64)
        level = (level - level.min()) / max(float(np.ptp(level)), 1.0)
        named = space.room_for_names(LETTER, LINE, LONGEST_NAME)
        for index, (x, y) in enumerate(space.places.round(4).tolist()):
            label = space.names[index][:LONGEST_NAME]
            self.output("spot", index, x, y, round(float(level[index]), 3), int(named[index]), label)
        for axis in ("1", "2"):
            self.output("direction", int(axis), self._directions.get(axis, "-"))

    # Messages.

    @message("go X Y SOUND", latest=True)
    async def go_1(self, x: Any, y: Any, sound: Any) -> None:
        """Make the sound at a place of the map: what is around it, mixed."""
        space, (x, y), sound = self.space(), _place(x, y), name(sound)
        existing(sound)
        codes = space.at(x, y, self.settings["neighbours"])
        self.output("place", x, y, space.names[space.nearest(x, y)][:LONGEST_NAME])
        samples, rate = await self.play_codes(["go", x, y, sound], sound, codes, False)
        self.output("progress", 1, "go done")
        self.output("done", "go", sound, samples, rate)

    @message("travel SOUND SECONDS X Y X Y ...")
    async def travel_1(self, sound: Any, seconds: Any, *places: Any) -> None:
        """Make a sound along a path over the map."""
        sound, seconds = name(sound), number(seconds, "the length", 0.1, 600)
        existing(sound)
        path = _path(places)
        codes = np.zeros((1, 1), np.float32)
        if not self.is_recalling:
            space, steps = self.space(), self.steps_of(seconds)
            codes = await background.run(space.along, path, steps, self.settings["neighbours"])
        asked = ["travel", sound, seconds, *places]
        samples, rate = await self.play_codes(asked, sound, codes, True)
        self.output("progress", 1, "travel done")
        self.output("done", "travel", sound, samples, rate)

    @message("walk STEPS [SEED] [X Y]")
    def walk_1(self, steps: Any, seed: Any = 0, x: Any = 0, y: Any = 0) -> None:
        """Get a random path over the map, which the seed repeats, from X Y or the middle."""
        self.space()
        count = int(number(steps, "the number of steps", 1, MOST_STEPS))
        corners = walk(count, int(number(seed, "the seed", 0, 2**24)), _place(x, y))
        for there in places_along(list(corners), max(DRAWN, count + 1)).round(3).tolist():
            self.output("way", *there)

    @message("direction 1|2 NAME")
    async def direction_1(self, axis: Any, *words: Any) -> None:
        """Name a direction of the map, 1 to the right or 2 upwards; kept for this model and these sounds."""
        self.space()
        axis = f"{int(number(axis, 'the direction', 1, 2))}"
        named = options.text(words)[:40] if words else "-"
        self._directions = {**self._directions, axis: named}
        await background.run(_write, _file(*self._map_of), self._directions)
        self.output("direction", int(axis), named)

    @message("spread ARRAY")
    async def spread_1(self, array: Any) -> None:
        """Draw how much each latent differs over the sounds of the map, as a share of the one that differs most."""
        await self.draw_shares(array, self.space().spread)

    async def draw_shares(self, array: Any, values: np.ndarray) -> None:
        """Draw values of all latents, as shares of the largest one."""
        await self.write(name(array), np.float32(values / max(values.max(), 1e-12)))

    def model_loaded(self, facts: dict) -> None:
        """Forget the map of another model."""
        if self._map is not None and facts.get("name") != self._map_of[0]:
            self._map = None
            self.output("map", 0, 0, 0)
        super().model_loaded(facts)

    def space(self) -> LatentMap:
        """Return the map that was made last. Raises UserError before there is one."""
        if self._map is None:
            raise UserError("state", "there is no map yet", "make one first")
        return self._map


def _place(x: Any, y: Any) -> tuple[float, float]:
    return number(x, "X", -1, 1), number(y, "Y", -1, 1)


def _path(words: Sequence[Any]) -> list[tuple[float, float]]:
    if len(words) % 2:
        raise UserError("usage", "a path is pairs of X and Y")
    return [_place(x, y) for x, y in zip(words[::2], words[1::2])]


def _file(model: str, what: str) -> Path:
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", f"{model}-{what}")[-120:]
    return place().folder / "maps" / f"{plain}.json"


def _read(file: Path) -> dict[str, str]:
    """Return the names of the directions; none where nothing is kept, or what is kept is damaged."""
    try:
        said = json.loads(file.read_text(encoding="utf-8"))["directions"]
        return {str(axis): str(named) for axis, named in said.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _write(file: Path, directions: Mapping[str, str]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_json(file, {"format": FORMAT, "directions": dict(directions)})
    except OSError as error:
        raise UserError("file", f"{file} cannot be written: {error.strerror}") from None
