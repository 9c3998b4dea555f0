"""The Pd object of [dlwa-recorder~] and [dlwa-takes], `[pyext. 1 1 takes.pd takes]`; Pd's thread.

Files are read and written by a thread beside Pd's.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pyext
from modelfiles.errors import UserError
from pdworker import options
from pdworker.host.arguments import message, number
from pdworker.host.message_object import MessageObject
from pdworker.host.takes import background, writer
from pdworker.takes.formats import wav_samples
from pdworker.takes.store import Take

from .recording import held_s

ROWS = 8  # takes that a window shows at once
LONGEST_S = 120  # of a take that is heard in the window
LATE_MS = 10  # that a recording may be shorter than the time it took
BROKEN_OFF_S = 0.5  # that its file may hold less than was played
NO_SOUND = "the sound was off meanwhile, or there was no room"


class takes(MessageObject):
    """Records into the folder of takes, and lists what is in it.

    Argument: NUMBER, the $0 of the patch; the array NUMBER-take gets what is heard.

    Out of the outlet: `record FILE`, which is where to record now; `recorded NAME`; `row INDEX NAME ABOUT KEPT` for
    each of eight rows (NAME is - for one that is not there), `rows FIRST COUNT`; `heard SAMPLES HZ`; `file FILE`;
    `recall TAKE`; `kept NAME`; `error TEXT`.
    """

    def __init__(self, number: Any = 0, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._array = f"{number:g}-take" if isinstance(number, (int, float)) else f"{number}-take"
        self._patch = ""
        self._late = 0.0  # blocks, as a live model counts them
        self._recording: tuple[Path, float, float, float] | None = (
            None  # file, seconds, Pd's milliseconds, late blocks
        )
        self._rows: list[Take] = []
        self._first = 0

    @message("page NUMBER [PATCH]")
    def page_1(self, number_: Any, patch: Any = "") -> None:
        """Tell the object in which patch it is."""
        self._patch = str(patch)

    @message("late BLOCKS")
    def late_1(self, blocks: Any) -> None:
        """Tell the object how many blocks a live model has missed so far."""
        self._late = number(blocks, "the number of blocks", 0, 1e12)

    # Recording.

    @message("record")
    async def record_1(self) -> None:
        """Get a file in the folder of takes to record into."""
        facts = {"patch": self._patch, "rate": int(pyext._samplerate())}
        file = await background.run(_new_recording, facts)
        self._recording = file, time.monotonic(), pyext.logical_time(), self._late
        self.output("record", str(file))

    @message("stop")
    async def stop_1(self) -> None:
        """Say that the recording has ended; it becomes a take."""
        if self._recording is None:
            return
        (file, began, began_ms, late), self._recording = self._recording, None
        passed, lasted = 1000 * (time.monotonic() - began), pyext.logical_time() - began_ms
        facts = {
            "patch": self._patch,
            "rate": int(pyext._samplerate()),
            "late": round(self._late - late),
            "lost_ms": round(passed - lasted) if passed - lasted > LATE_MS else 0,
        }
        take = await background.run(_end_recording, file, facts)
        self.output("recorded", take.path.stem)
        if (held := take.facts["seconds"]) < lasted / 1000 - BROKEN_OFF_S:
            what = f"the recording holds {held:.1f} of {lasted / 1000:.1f} seconds"
            self.report_error(UserError("file", what, NO_SOUND))

    # The list.

    @message("list [FIRST]")
    async def list_1(self, first: Any = 0) -> None:
        """List eight takes, the newest first, from the FIRST on; the newest is 0."""
        first = round(number(first, "the first take", -ROWS, 1e6))
        rows, count = await background.run(lambda: writer.store().newest(max(0, first), ROWS))
        if rows or first <= 0:
            self._first, self._rows = max(0, first), rows
        for index in range(ROWS):
            self._output_row(index)
        self.output("rows", self._first, count)

    @message("more ROWS")
    async def more_1(self, rows: Any) -> None:
        """Go on to older takes, or back to newer ones with a negative number."""
        self.list_1(self._first + number(rows, "the number of rows", -1e6, 1e6))

    @message("hear INDEX")
    async def hear_1(self, index: Any) -> None:
        """Put the sound of a row into the array, and say so."""
        take = self._row(index)
        samples, rate = await background.run(_sound, take)
        await self.write(self._array, samples)
        self.output("heard", len(samples), rate)

    @message("keep INDEX [NAME]")
    async def keep_1(self, index: Any, *words: Any) -> None:
        """Mark a row, so that it stays, and name it; once more without a name, and it goes when its time comes."""
        take, name = self._row(index), options.text(words) if words else ""
        marks = {"kept": bool(name) or not take.facts.get("kept"), "name": name or take.facts.get("name", "")}
        changed = await background.run(lambda: writer.store().change(take, **marks))
        self._rows[self._rows.index(take)] = changed
        self._output_row(self._rows.index(changed))
        if marks["kept"]:
            self.output("kept", changed.name)

    @message("drop INDEX")
    def drop_1(self, index: Any) -> None:
        """Say the file of a row's sound or melody."""
        take = self._row(index)
        if not take.files:
            raise UserError("file", f"the file of {take.name} is gone")
        self.output("file", str(take.files[0]))

    @message("recall INDEX")
    def recall_1(self, index: Any) -> None:
        """Say which take a row is, for the object that can make it again."""
        self.output("recall", self._row(index).path.stem)

    def _row(self, index: Any) -> Take:
        place = round(number(index, "the row", 0, ROWS - 1))
        if place >= len(self._rows):
            raise UserError("state", "there is no take in this row")
        return self._rows[place]

    def _output_row(self, index: int) -> None:
        if index >= len(self._rows):
            self.output("row", index, "-", "-", 0)
            return
        take = self._rows[index]
        model = take.facts.get("model")
        made = model.get("name", "") if isinstance(model, dict) else take.facts.get("kind", "")
        date = str(take.facts.get("date", ""))[:16].replace("T", " ")
        about = f"{date}  {take.facts.get('patch') or take.facts.get('day', '')}  {made}"
        self.output("row", index, _short(take.name), _short(about), int(bool(take.facts.get("kept"))))


def _short(text: str, letters: int = 43) -> str:
    return text if len(text) <= letters else f"{text[: letters - 3]}..."


def _new_recording(facts: dict[str, Any]) -> Path:
    """Return where to record. It is a take from now on, so that a Pd that is killed leaves no file unknown to all."""
    file = writer.store().new_path(f"recording {facts['patch']}", ".wav")
    _write_recording(file, 0.0, facts)
    return file


def _end_recording(file: Path, facts: dict[str, Any]) -> Take:
    """Write how long a recording is; one without a sample is no take."""
    if not (seconds := held_s(file)):
        writer.store().remove(file.with_suffix(".json"))
        raise UserError("file", "nothing was recorded", NO_SOUND)
    return _write_recording(file, round(seconds, 2), facts)


def _write_recording(file: Path, seconds: float, facts: dict[str, Any]) -> Take:
    known = {"kind": "recording", "kept": True, "seconds": seconds, **facts}
    return writer.store().adopt(file, {**known, "sounds": [{"ending": ".wav", "rate": facts["rate"]}]})


def _sound(take: Take) -> tuple[np.ndarray, int]:
    """Return the first sound of a take, its channels mixed, and its rate."""
    sounds = [file for file in take.files if file.suffix == ".wav"]
    if not sounds:
        raise UserError("state", f"{take.name} has no sound to hear", "recall makes a melody again")
    with open(sounds[0], "rb") as file:
        samples, channels, rate = wav_samples(file.read(LONGEST_S * 8 * 192000))
    if not samples:
        raise UserError("sound", f"{sounds[0]} holds no sound of 32-bit floats")
    return np.frombuffer(samples, "<f4").reshape(-1, channels).mean(1).astype(np.float32), rate
