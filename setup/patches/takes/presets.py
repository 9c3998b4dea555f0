"""The Pd object of [dlwa-presets], `[pyext. 1 1 takes.presets presets NUMBER]`; Pd's thread.

Files are read and written by a thread beside Pd's.
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Union

import pyext
from modelfiles.errors import UserError
from pdworker.host.arguments import message, number
from pdworker.host.message_object import MessageObject
from pdworker.host.takes import background
from pdworker.takes.place import place
from pdworker.takes.store import replace_json

SLOTS = 8
FORMAT = 1
MAX_BYTES = 1 << 20
LEFT_OUT = ("dsp", "record", "mic")  # what makes sound or listens is no setting
# Words of a control behind its kind, up to the name that it sends to; the name that moves it is next.
SEND_AT = {"tgl": 2, "nbx": 6, "hsl": 6, "vsl": 6, "hradio": 4, "vradio": 4}
STEPPED = ("tgl", "hradio", "vradio")
ATOM = re.compile(r"(?:\\.|[^\s\\,;])+")

Setting = Union[float, "list[float]"]  # of a control, or of an array that one draws


class Control(NamedTuple):
    """A control of a patch: the name that it sends to, the one that moves it, both without the patch's number.

    rack: the array of eight sliders that are one of them.
    """

    name: str
    mover: str
    low: float
    high: float
    stepped: bool
    start: float | None
    rack: str = ""


class presets(MessageObject):
    """Eight slots for the controls of a patch, a way between two of them, and knobs or OSC faders for each.

    Argument: NUMBER, the $0 of the patch. Its controls are those that have names of its own: NUMBER-NAME hears what
    they send, NUMBER-NAME-set moves them. Arrays that one draws are kept in the slots, too, if its [dlwa-takes] names
    them.

    Out of the outlet: `store 0` when a slot was filled, `says TEXT`, `error TEXT`.
    """

    def __init__(self, page: Any = 0, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._number = f"{page:g}" if isinstance(page, (int, float)) else str(page)
        self._patch = ""
        self._controls: dict[str, Control] = {}
        self._drawn: list[str] = []
        self._values: dict[str, float] = {}
        self._kept: dict[str, Any] = {"slots": {}, "knobs": {}}
        self._storing = self._learning = False
        self._learned = ""  # the control that waits for a knob
        self._turned: dict[str, float] = {}  # by knobs, since Pd's last tick

    @message("page NUMBER [PATCH]")
    async def page_1(self, number_: Any, patch: Any = "") -> None:
        """Tell the object in which patch it is; it looks for the patch's controls."""
        self._patch = str(patch)
        file = Path(self._canvas_dirs[-1], f"{self._patch}.pd")
        self._controls = {control.name: control for control in controls_of(file)}
        self._drawn = drawn_in(file)
        self._values = {name: one.start for name, one in self._controls.items() if one.start is not None}
        for name in self._controls:
            self._bind(f"{self._number}-{name}", functools.partial(self._moved, name))
        for rack in {control.rack for control in self._controls.values()} - {""}:
            pyext._send(f"{self._number}-{rack}-show")
        self._kept = await background.run(_read, self._patch)

    # Slots.

    @message("store 0|1")
    def store_1(self, on: Any) -> None:
        """Let the next slot be filled."""
        self._storing = bool(number(on, "store", 0, 1))

    @message("slot N")
    async def slot_1(self, slot: Any) -> None:
        """Move all controls to where they were when the slot, 1 to 8, was filled; after `store 1`, fill it."""
        slot = _slot(slot)
        if not self._storing:
            self._kept = await background.run(_read, self._patch)
            self._move(self._filled(slot))
            self.output("says", f"slot {slot}")
            return
        self._storing = False
        self.output("store", 0)
        values = {**self._values, **self._drawings()}
        self._kept = await background.run(_change, self._patch, "slots", slot, values)
        self.output("says", f"slot {slot}: {len(values)} settings")

    @message("morph AMOUNT A B")
    def morph_1(self, amount: Any, first: Any, second: Any) -> None:
        """Move all controls to between two slots: 0 is A, 1 is B; what has steps changes in the middle."""
        amount = number(amount, "the amount", 0, 1)
        start, end = self._filled(_slot(first)), self._filled(_slot(second))
        stepped = {name for name, control in self._controls.items() if control.stepped}
        self._move(
            {
                name: between(start[name], end[name], round(amount) if name in stepped else amount)
                for name in start.keys() & end.keys()
            }
        )

    def _filled(self, slot: str) -> dict[str, Setting]:
        if slot not in self._kept["slots"]:
            raise UserError("state", f"slot {slot} is empty", "switch store on, then press the slot")
        return self._kept["slots"][slot]

    # Knobs.

    @message("learn 0|1")
    def learn_1(self, on: Any) -> None:
        """Wait for a control that is moved, then for the knob that is to move it."""
        self._learning, self._learned = bool(number(on, "learn", 0, 1)), ""
        self.output("says", "move a control of the patch, then a knob" if self._learning else "-")

    @message("cc VALUE NUMBER CHANNEL")
    def cc_1(self, value: Any, controller: Any, channel: Any) -> None:
        """Take what a knob sends, as [ctlin] gives it."""
        self._take_knob(f"{channel:g}-{controller:g}", f"knob {controller:g}", value / 127)

    @message("osc ADDRESS ... VALUE")
    def osc_1(self, *words: Any) -> None:
        """Take what a fader of another program sends, as [oscparse] gives it: an address and one number, 0 to 1."""
        *address, value = words
        if address and all(isinstance(part, str) for part in address) and isinstance(value, (int, float)):
            fader = "/".join(("", *address))
            self._take_knob(fader, fader, min(max(value, 0), 1))

    def _take_knob(self, knob: str, label: str, amount: float) -> None:
        if self._learning and self._learned:
            learned, self._learned = self._learned, ""
            self.start_task(self._learn(knob, label, learned))
        control = self._controls.get(self._kept["knobs"].get(knob, ""))
        if control is not None:
            if not self._turned:
                pyext.call_soon(self._turn)
            self._turned[control.name] = control.low + amount * (control.high - control.low)

    async def _learn(self, knob: str, label: str, control: str) -> None:
        self._kept = await background.run(_change, self._patch, "knobs", knob, control)
        self.output("says", f"{label} moves {control}")

    def _turn(self) -> None:
        """Move what knobs have moved, once a tick, however many messages came."""
        turned, self._turned = self._turned, {}
        self._move(turned)

    # Controls.

    def _moved(self, name: str, *values: Any) -> None:
        if len(values) == 1 and isinstance(values[0], (int, float)):
            before, self._values[name] = self._values.get(name), float(values[0])
            if self._learning and name not in self._turned and values[0] != before:
                self._learned = name
                self.output("says", f"move the knob for {name}")

    def _move(self, values: Mapping[str, Setting]) -> None:
        learning, self._learning = self._learning, False
        for name, value in sorted(values.items()):
            if isinstance(value, float) and name in self._controls:
                pyext._send(f"{self._number}-{self._controls[name].mover}", value)
            elif isinstance(value, list) and name in self._drawn:
                array = pyext.Buffer(f"{self._number}-{name}")
                array[:] = value
                array.dirty()
        self._learning = learning

    def _drawings(self) -> dict[str, list[float]]:
        arrays = {name: pyext.Buffer(f"{self._number}-{name}") for name in self._drawn}
        return {name: list(map(float, array[:])) for name, array in arrays.items() if len(array)}


def controls_of(file: Path) -> list[Control]:
    """Return the controls on the face of a patch, and of its parts beside it, that have names of its own.

    None where there is no such file.
    """
    found = []
    for kind, *words in _face(file):
        found += _controls(kind, words, r"\$0")
        if words[:1] == [r"\$0"]:
            for inner, *its in _face(file.with_name(f"{kind}.pd")):
                found += _controls(inner, its, r"\$1")
    return [one for one in found if one.name not in LEFT_OUT]


def drawn_in(file: Path) -> list[str]:
    """Return the arrays of a patch that one draws, without the patch's number: those that its [dlwa-takes] names."""
    boxes = [words for kind, *words in _face(file) if kind == "dlwa-takes"]
    return [name for words in boxes for name in words[3:]]


def between(start: Setting, end: Setting, amount: float) -> Setting:
    """Return what lies between two settings, 0 is the first, 1 the second; the nearer one if they do not fit."""
    if isinstance(start, list) and isinstance(end, list) and len(start) == len(end):
        return [one + amount * (other - one) for one, other in zip(start, end)]
    if isinstance(start, list) or isinstance(end, list):
        return end if amount > 0.5 else start
    return start + amount * (end - start)


def _face(file: Path) -> list[list[str]]:
    """Return the words of the objects on a patch's face; none where there is no such file."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    found, depth = [], 0
    for line in lines:
        depth += line.startswith("#N canvas") - line.startswith("#X restore")
        words = ATOM.findall(line)
        if depth == 1 and words[:2] == ["#X", "obj"] and len(words) > 4:
            found.append(words[4:])
    return found


def _controls(kind: str, words: list[str], own: str) -> list[Control]:
    """Return what is moved at an object whose names begin with `own`; none where it has no such names."""
    if kind == "dlwa-latents":
        return _rack(words, f"{own}-")
    if kind == "dlwa-slider":
        return _slider(words) if words[0] == own and len(words) >= 5 else []
    at = SEND_AT.get(kind)
    if (
        at is None
        or len(words) < at + 2
        or not all(word.startswith(f"{own}-") for word in words[at : at + 2])
    ):
        return []
    name, mover = (word[len(own) + 1 :] for word in words[at : at + 2])
    low, high = map(float, words[2:4]) if at == 6 else (0.0, float(words[3]) - 1 if at == 4 else 1.0)
    return [Control(name, mover, low, high, kind in STEPPED, None)]


def _slider(words: list[str]) -> list[Control]:
    start = float(words[5]) if len(words) > 5 and words[5] != "none" else None
    return [Control(words[1], f"{words[1]}-set", float(words[3]), float(words[4]), False, start)]


def _rack(words: list[str], own: str) -> list[Control]:
    """Return the eight sliders of a [dlwa-latents], if its array is named by the patch's number."""
    if len(words) < 3 or not words[0].startswith(own):
        return []
    rack, low, high = words[0][len(own) :], float(words[1]), float(words[2])
    names = [f"{rack}-{number}" for number in range(1, 9)]
    return [Control(name, f"{name}-set", low, high, False, None, rack) for name in names]


def _slot(value: Any) -> str:
    return f"{round(number(value, 'the slot', 1, SLOTS))}"


def _file(patch: str) -> Path:
    return place().folder / "presets" / f"{re.sub(r'[^A-Za-z0-9_-]', '-', patch) or 'patch'}.json"


def _read(patch: str) -> dict[str, dict]:
    """Return what is kept of a patch: slots and knobs. A damaged file is renamed, which is a UserError."""
    file = _file(patch)
    try:
        with open(file, "rb") as opened:
            said = json.loads(opened.read(MAX_BYTES))
        slots = {
            str(slot): {str(name): _setting(value) for name, value in values.items()}
            for slot, values in said["slots"].items()
        }
        return {"slots": slots, "knobs": {str(knob): str(name) for knob, name in said["knobs"].items()}}
    except FileNotFoundError:
        return {"slots": {}, "knobs": {}}
    except OSError as error:
        raise UserError("file", f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        aside = file.with_suffix(".damaged")
        file.replace(aside)
        raise UserError(
            "file", f"the presets of this patch are damaged, and empty now: see {aside}"
        ) from None


def _setting(value: Any) -> Setting:
    """Return what a control may be moved to, or an array drawn as. Raises ValueError for anything else."""
    return list(map(_finite, value)) if isinstance(value, list) else _finite(value)


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(number)
    return number


def _change(patch: str, what: str, key: str, value: Any) -> dict[str, dict]:
    """Change one slot or knob, or remove it with None, in what is kept now, also by another Pd; return all."""
    kept = _read(patch)
    kept[what].pop(key, None)
    if value is not None:
        kept[what][key] = value
    file = _file(patch)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_json(file, {"format": FORMAT, **kept})
    except OSError as error:
        raise UserError("file", f"{file} cannot be written: {error.strerror}") from None
    return kept
