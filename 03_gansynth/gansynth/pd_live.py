"""The Pd object inside `[gansynth~]`: a key becomes a note at once; runs on Pd's thread."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyext
from modelfiles.errors import UserError
from pdworker.host.arguments import message, name, number
from pdworker.host.bendable import BendableObject
from pdworker.host.live_object import LiveObject
from pdworker.host.making import Making
from pdworker.host.settings import Number

VOICES = 8  # that sound at once
PLAYERS = 12  # of the abstraction: what is taken from a key fades while its successor begins
NOTES_KEPT = 96  # whole notes that need not be made again
FIRST_FRAMES = 24  # of a spectrogram: enough sound until the whole note is made
FADE_MS = 5
BROKEN_OFF = 3  # notes in a row: too slow to play
TOO_SLOW = (
    "too slow for this machine: notes break off before they are made"
    " - fewer keys at once, or a smaller model, would do"
)
NO_MODEL = ("none", "-")
Made = tuple[int, bytes, int]  # pitch of the model, point, Pd's sample rate: what a sound depends on


@dataclass
class Note:
    """A key that was pressed.

    Attributes
    ----------
    player : int
        Which of the abstraction's players has it.
    pitch, velocity : int
        As it was pressed.
    made : Made
    point : ndarray, [latent_size]
    pressed : float
        When, in milliseconds of Pd's time.
    ends : float
        When its beginning ends, in the same.
    released, stolen : bool
        The key was let go; another note has its voice.
    sounds : bool
    """

    player: int
    pitch: int
    velocity: int
    made: Made
    point: np.ndarray
    pressed: float
    ends: float = 0.0
    released: bool = False
    stolen: bool = False
    sounds: bool = False


class gansynth_live(BendableObject, LiveObject):
    """Eight voices of a GANSynth, played by notes.

    Each note takes the point as it is when its key is pressed. Its beginning is made first, in a fraction of the time,
    and plays while the whole is made. What was played lately stays in memory; `keep` makes a take of the last note.

    Arguments: the abstraction's $0, MODEL and Z of its box: the array with the point, a random one without it.

    Out of the outlet, besides what every TakesObject says: `model RATE SAMPLES LATENT LOW HIGH` after a load,
    `onset PITCH MILLISECONDS` from the key to the sound in Pd's time, `player N play GAIN SAMPLES MILLISECONDS`,
    `player N stop MILLISECONDS`.
    """

    WORKER = "gansynth.worker"
    TAKES = ("make",)
    USUAL_MODEL = "starter"
    MODEL_SUFFIXES = (".zip",)
    SETTINGS = {
        "release": Number(150, 1, 10000, unit="ms", help="how long a note fades when its key is let go"),
        "transpose": Number(
            0, -48, 48, unit="semitones", help="higher or lower; beyond the model's pitches, too"
        ),
    }
    ALIASES = {"list": "note"}

    def __init__(self, box: Any = 0, model: Any = None, z: Any = None) -> None:
        super().__init__()
        self._arrays = f"{box:g}-note" if isinstance(box, (int, float)) else f"{box}-note"
        self._z = name(z) if z else None
        self._random = np.random.default_rng()
        self._point: np.ndarray | None = None  # where no array has it
        self._notes: list[Note] = []  # that sound, or will, oldest first
        self._kept: OrderedDict[Made, np.ndarray] = OrderedDict()
        self._loaded: dict = {}  # facts of the latest: what is kept plays while it is loaded anew
        self._is_making = False
        self._last_note: tuple[Making, np.ndarray] | None = None  # that was made whole
        self._turn = 0  # the player that was taken last
        self._broken_off = 0  # notes in a row
        if model and str(model) not in NO_MODEL:
            pyext.call_soon(self.load_1, model)

    async def put_bends(self, bends: list[list]) -> None:
        await super().put_bends(bends)
        self._kept.clear()

    def model_loaded(self, facts: dict) -> None:
        super().model_loaded(facts)
        if (facts["name"], facts["latent"]) != (self._loaded.get("name"), self._loaded.get("latent")):
            self._kept.clear()
            self._point = None
        self._loaded = facts
        self._fit_arrays()
        self.output("model", *(facts[key] for key in ("rate", "samples", "latent", "low", "high")))

    @property
    def reloads(self) -> bool:
        return True

    def unload_1(self) -> None:
        """End the worker."""
        self.silence_1()
        self._kept.clear()
        self._loaded = {}
        super().unload_1()

    @message("note PITCH VELOCITY")
    def note_1(self, pitch: Any, velocity: Any) -> None:
        """Play a key, or let it go where the velocity is 0; a list of the two does the same."""
        pitch = round(number(pitch, "the pitch", 0, 127))
        velocity = round(number(velocity, "the velocity", 0, 127))
        if velocity == 0:
            self._release(pitch)
            return
        point = self._current_point()
        made = self._made(pitch, point)
        if made not in self._kept:
            self.require_model()
        note = Note(self._free_player(), pitch, velocity, made, point, pyext.logical_time())
        self._notes.append(note)
        if made in self._kept:
            self._kept.move_to_end(made)
            self._put(note, self._kept[made])
            self._play(note)
        elif not self._is_making:
            self.start_task(self._make())

    @message("make PITCH")
    async def make_1(self, pitch: Any) -> None:
        """Make the whole note of a pitch, and play it."""
        pitch = round(number(pitch, "the pitch", 0, 127))
        point = self._current_point()
        made = self._made(pitch, point)
        making = self._making(pitch, made, point)
        _, (sound,) = await making.call()
        making.keep_sounds({"note": [sound]}, pyext._samplerate())
        self._keep(made, sound)
        self.note_1(pitch, 100)

    @message("keep [NAME]")
    def keep_1(self, *words: Any) -> None:
        """Keep the note that was made last, and name it."""
        if self._last_note is not None:
            (making, sound), self._last_note = self._last_note, None
            making.keep_sounds({"note": [sound]}, pyext._samplerate())
        super().keep_1(*words)

    async def restore_take(self, state: Mapping[str, Any], call: Mapping[str, Any], arrays: list) -> None:
        await super().restore_take(state, call, arrays)
        self._point = np.asarray(arrays[0], np.float32)

    @message("silence")
    def silence_1(self) -> None:
        """Let all notes go at once."""
        for note in self._notes:
            self._take_away(note)
        self._notes = []

    @message("random")
    def random_1(self) -> None:
        """Draw a new point; into the array, if the box names one."""
        self._point = self._random.standard_normal(self.require_model()["latent"]).astype(np.float32)
        if self._z is not None:
            buffer = pyext.Buffer(self._z)
            buffer.resize(len(self._point))
            buffer[:] = self._point
            buffer.dirty()

    @message("point Z")
    def point_1(self, array: Any) -> None:
        """Take the points of notes from another array from now on."""
        self._z = name(array)

    async def _make(self) -> None:
        """Make what notes wait for: the beginnings of all, then whole notes."""
        self._is_making = True
        try:
            while (note := self._next_to_make()) is not None:
                frames = 0 if note.sounds else FIRST_FRAMES
                making = self._making(note.pitch, note.made, note.point, frames)
                _, (sound,) = await making.call()
                if not frames:
                    self._last_note = making, sound
                    self._watch(pyext.logical_time() > note.ends)
                if note.sounds or len(sound) >= self._length(self._loaded["samples"]):
                    self._keep(note.made, sound)
                for other in self._notes:
                    if other.made == note.made and not other.stolen:
                        self._put(other, sound)
                        if not other.sounds:
                            other.ends = pyext.logical_time() + 1000 * len(sound) / note.made[2]
                            self._play(other)
        finally:
            self._is_making = False
            self._notes = [note for note in self._notes if note.sounds]

    def _watch(self, broken_off: bool) -> None:
        """Say once that notes break off again and again."""
        self._broken_off = self._broken_off + 1 if broken_off or self._broken_off >= BROKEN_OFF else 0
        if self._broken_off == BROKEN_OFF:
            self.note(TOO_SLOW)

    def _making(self, pitch: int, made: Made, point: np.ndarray, frames: int = 0) -> Making:
        shown = {self._z: 0} if self._z is not None else {}
        asked = {"pitch": made[0], "frames": frames, "out_rate": made[2]}
        return self.making(["make", pitch], "note", arrays=[point], shown=shown, **asked)

    def _next_to_make(self) -> Note | None:
        wanted = [note for note in self._notes if not note.stolen and note.made not in self._kept]
        return min(wanted, key=lambda note: note.sounds, default=None)

    def _keep(self, made: Made, sound: np.ndarray) -> None:
        self._kept[made] = sound
        while len(self._kept) > NOTES_KEPT:
            self._kept.popitem(last=False)

    def _put(self, note: Note, sound: np.ndarray) -> None:
        self._fit_arrays()
        buffer = pyext.Buffer(f"{self._arrays}-{note.player}")
        if not note.sounds:
            buffer[:] = np.zeros(len(buffer), np.float32)
        buffer[: len(sound)] = sound[: len(buffer)]

    def _play(self, note: Note) -> None:
        note.sounds = True
        samples = self._length(self._loaded["samples"])
        speed = 2 ** ((note.pitch + self.settings["transpose"] - note.made[0]) / 12)
        milliseconds = 1000 * samples / pyext._samplerate() / speed
        self.output("player", note.player, "play", (note.velocity / 127) ** 2, samples, milliseconds)
        self.output("onset", note.pitch, round(pyext.logical_time() - note.pressed, 1))
        if note.released:
            self._release(note.pitch)

    def _release(self, pitch: int) -> None:
        for note in self._notes:
            if note.pitch == pitch:
                note.released = True
                if note.sounds:
                    self.output("player", note.player, "stop", self.settings["release"])
        self._notes = [note for note in self._notes if not (note.released and note.sounds)]

    def _take_away(self, note: Note) -> None:
        note.stolen = True
        if note.sounds:
            self.output("player", note.player, "stop", FADE_MS)

    def _free_player(self) -> int:
        """Return the player that was let go longest ago; the oldest note ends where there are too many."""
        while len(self._notes) >= VOICES:
            self._take_away(self._notes.pop(0))
        taken = {note.player for note in self._notes}
        while True:
            self._turn = self._turn % PLAYERS + 1
            if self._turn not in taken:
                return self._turn

    def _made(self, pitch: int, point: np.ndarray) -> Made:
        facts = self._loaded or self.require_model()
        nearest = round(min(max(pitch + self.settings["transpose"], facts["low"]), facts["high"]))
        return nearest, np.asarray(point, np.float32).tobytes(), int(pyext._samplerate())

    def _current_point(self) -> np.ndarray:
        if self._z is not None:
            point = pyext.Buffer(self._z)[:]
            if point is None:
                raise UserError("input", f"there is no array '{self._z}' with a point")
            return np.array(point, np.float32)
        if self._point is None:
            self.random_1()
        assert self._point is not None
        return self._point

    def _fit_arrays(self) -> None:
        """Let the players' arrays hold a whole note at Pd's sample rate."""
        length = self._length(self._loaded["samples"])
        for player in range(1, PLAYERS + 1):
            buffer = pyext.Buffer(f"{self._arrays}-{player}")
            if len(buffer) != length:
                buffer.resize(length)

    def _length(self, samples: int) -> int:
        return round(samples * pyext._samplerate() / self._loaded["rate"])
