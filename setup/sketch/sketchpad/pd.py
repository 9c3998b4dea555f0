"""The Pd object of the sketch pad, `[pyext. 1 1 sketchpad.pd sketch]`; Pd's thread."""

from __future__ import annotations

import re
import time
from dataclasses import astuple, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyext
from modelfiles.errors import UserError
from modelfiles.places import cache_folder
from pdworker import options
from pdworker.host.arguments import message, number
from pdworker.host.pd_object import PdObject
from pdworker.host.takes import background, writer
from pdworker.rights import Rights
from pdworker.takes.place import place

from . import score
from .score import LONGEST_S, TRACKS, Track

LETTERS = 25  # of a file's name
MOMENT = re.compile(r"^[0-9]{2}-[0-9]{2}-[0-9]{2}-[0-9]{6}-")  # with which the names of takes begin
SHORTEST_PAGE_S = 10.0
IN_TIME = ("start", "length")  # what keeps to beats
PATIENCE_S = 5.0  # for a recording that is being closed
PIECE = Path(__file__).parents[2] / "piece/piece.txt"


class sketch(PdObject):
    """Eight tracks of takes and other sounds, played together by Pd, rendered by Python.

    Out of the outlet, besides what every PdObject says: `row TRACK NAME START LENGTH LOOP GAIN PAN FADE` (NAME is - for
    an empty track), `level TRACK LEFT RIGHT`, `bar TRACK BEGIN END` in parts of the whole; to play: `cue TRACK FILE
    ONSET` in samples, `begin AT SECONDS`; `end`; `rendered FOLDER`; `made PARTS OF`.
    """

    WORKER = "sketchpad.worker"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._tracks = [Track()] * TRACKS
        self._faults = [""] * TRACKS
        self._awaited: set[str] = set()  # files that are being made
        self._page_s = SHORTEST_PAGE_S
        self._changed = self._looking = False
        self._began: tuple[float, float] | None = None  # Pd's milliseconds, and seconds of the sketch
        self._marked = 0.0  # where the next file that is added begins
        self._beat = 0.0  # seconds, to which starts and lengths are rounded
        self._name = ""

    def rights(self) -> Rights:
        """Return what the worker may do with files: read all, write takes and below them."""
        folder = place().folder
        folder.mkdir(parents=True, exist_ok=True)
        return Rights(writable=(str(folder),), cache=str(cache_folder() / "workers" / type(self).__name__))

    # Tracks.

    @message("page NUMBER [PATCH]")
    def page_1(self, number_: Any, patch: Any = "") -> None:
        """Show all tracks."""
        for index in range(TRACKS):
            self._show(index)

    @message("file TRACK FILE")
    def file_1(self, track: Any, *words: Any) -> None:
        """Put a file into a track, 1 to 8."""
        self._put(_index(track), options.text(words))

    @message("add FILE")
    async def add_1(self, *words: Any) -> None:
        """Put a file into the first empty track, beginning where `mark` was sent."""
        empty = [index for index, track in enumerate(self._tracks) if not track.file]
        if not empty:
            raise UserError("state", "all tracks are full", "clear one first")
        start, self._marked = self._marked, 0.0
        file = self.path(options.text(words))
        await background.run(_wait_until_whole, file)
        self._put(empty[0], str(file), start)

    @message("clear TRACK")
    def clear_1(self, track: Any) -> None:
        """Empty a track; the file stays."""
        self._set(_index(track), Track())

    @message("change TRACK start|length|loop|gain|pan|fade VALUE")
    def change_1(self, track: Any, name: Any, value: Any) -> None:
        """Change a track."""
        index, name = _index(track), str(name)
        asked = number(value, name, *score.RANGES.get(name, (0, 0)))
        value = self._on_beat(asked) if name in IN_TIME else asked
        self._set(index, self._tracks[index].changed(name, value), shown=value != asked)

    @message("mark")
    def mark_1(self) -> None:
        """Remember where the sketch is playing, for what is recorded meanwhile."""
        self._marked = 0.0
        if self._began is not None:
            began_ms, at = self._began
            self._marked = self._on_beat(min(LONGEST_S, at + (pyext.logical_time() - began_ms) / 1000))

    @message("snap SECONDS")
    def snap_1(self, seconds: Any) -> None:
        """Round starts and lengths that are changed from now on to so many seconds; 0 leaves them."""
        self._beat = number(seconds, "the beat", 0, LONGEST_S)

    # Sketches.

    @message("new")
    def new_1(self) -> None:
        """Empty all tracks."""
        self._name = ""
        self._take([Track()] * TRACKS)

    @message("open FILE")
    async def open_1(self, *words: Any) -> None:
        """Open a sketch."""
        path = self.path(options.text(words))
        self._take(await background.run(score.read, path))
        self._name = path.stem

    @message("save FILE")
    async def save_1(self, *words: Any) -> None:
        """Save the sketch as text."""
        path = self.path(options.text(words))
        path = path if path.suffix else path.with_suffix(".txt")
        await background.run(_write, path, list(self._tracks))
        self._name = path.stem
        self.output("saved", str(path))

    @message("piece")
    async def piece_1(self) -> None:
        """Open the piece of the course, and let models make its parts, those that are not there."""
        folder = place().folder / "piece"
        tracks = await background.run(score.read, PIECE)
        tracks = [replace(t, file=str(folder / Path(t.file).name)) if t.file else t for t in tracks]
        self._awaited = {track.file for track in tracks if track.file and not Path(track.file).is_file()}
        self._take(tracks)
        self._name = "piece"
        parts = list(dict.fromkeys(Path(track.file).stem for track in tracks if track.file in self._awaited))
        failed = []
        try:
            async for values, _ in self.call("make_parts", parts=parts, folder=str(folder)):
                if values["fault"]:
                    failed.append(values["part"])
                    self.report_error(f"the part {values['part']} is missing: {values['fault']}")
                self._look_again()
        finally:
            self._awaited = set()
        self.output("progress", 1, "done")
        self.output("made", len(parts) - len(failed), len(parts))

    # Playing.

    @message("play [SECONDS]")
    async def play_1(self, start: Any = 0) -> None:
        """Play the sketch, from a second on."""
        start, rate = number(start, "the second", 0, LONGEST_S), int(pyext._samplerate())
        rows = await self._prepare(rate)
        ends = [end for file, end, _ in rows if file]
        if not ends:
            raise UserError("state", "there is nothing to play", "open a sound in a track")
        if start >= max(ends):
            raise UserError("input", f"the sketch ends at {max(ends):.1f} seconds", "begin earlier")
        for index, (file, end, _) in enumerate(rows):
            if file and end > start:
                self.output("cue", index + 1, file, round(start * rate))
        self._began = pyext.logical_time(), start
        self.output("begin", start, max(ends), self._page_s)

    @message("began SECONDS")
    def began_1(self, start: Any) -> None:
        """Take it that the sketch began at this moment: Pd has waited for the beat of other programs."""
        self._began = pyext.logical_time(), number(start, "the second", 0, LONGEST_S)

    @message("stop")
    def stop_1(self) -> None:
        """Stop playing."""
        self._began = None
        self.output("end")

    @message("render [NAME]")
    async def render_1(self, *words: Any) -> None:
        """Write mix, stems, MIDI files and the sketch into a folder among the takes; without NAME one of this time."""
        now = f"{datetime.now():%Y-%m-%d %H-%M-%S} {self._name or 'sketch'}"
        folder = place().folder / "sketches" / Path(options.text(words) if words else now).name
        self.output("progress", 0, "rendering")
        tracks = [astuple(track) for track in self._tracks]
        values, _ = await self.call(
            "render", tracks=tracks, rate=int(pyext._samplerate()), folder=str(folder)
        )
        self.output("progress", 1, "done")
        for fault in values["faults"]:
            self.report_error(f"left out: {fault}")
        self.output("rendered", str(Path(values["files"][0]).parent))

    # What the buttons of takes say.

    @message("keep [NAME]")
    def keep_1(self, *words: Any) -> None:
        """Say how a sketch is kept."""
        raise UserError("state", "a sketch is kept by save, its sound by render or record")

    @message("recall [TAKE]")
    def recall_1(self, *words: Any) -> None:
        """Say where a take is made again."""
        raise UserError(
            "state", "no model is here that could make it again", "recall it in the patch that made it"
        )

    # Within.

    def _on_beat(self, seconds: float) -> float:
        return min(LONGEST_S, round(seconds / self._beat) * self._beat) if self._beat else seconds

    def _del(self) -> None:
        pyext._send("dlwa-bus", 0)  # the days throw nothing to it any more
        super()._del()

    def _put(self, index: int, file: str, start: float | None = None) -> None:
        track = replace(self._tracks[index], file=str(self.path(file)))
        self._set(index, track if start is None else replace(track, start=round(start, 3)))
        background.run(_keep, self._tracks[index].file)

    def _take(self, tracks: list[Track]) -> None:
        for index, track in enumerate(tracks):
            self._set(index, track)

    def _set(self, index: int, track: Track, shown: bool = True) -> None:
        before, self._tracks[index] = self._tracks[index], track
        if shown:
            self._show(index)
        else:
            self.output("level", index + 1, *track.levels())
        if replace(before, gain=0, pan=0) != replace(track, gain=0, pan=0):
            self._look_again()

    def _show(self, index: int) -> None:
        track = self._tracks[index]
        *values, file = astuple(track)
        name = MOMENT.sub("", Path(file).name) or "-"
        self.output("row", index + 1, name if len(name) <= LETTERS else f"{name[: LETTERS - 3]}...", *values)
        self.output("level", index + 1, *track.levels())

    def _look_again(self) -> None:
        """Let the worker lay out what has changed, once at a time, so that `play` finds it done."""
        self._changed = True
        if not self._looking:
            self.start_task(self._look())

    async def _look(self) -> None:
        self._looking = True
        try:
            while self._changed:
                self._changed = False
                await self._prepare(int(pyext._samplerate()))
        finally:
            self._looking = False

    async def _prepare(self, rate: int) -> list:
        """Return the rows of the worker's `prepare`, and draw where each track lies."""
        tracks = [astuple(track) for track in self._tracks]
        values, _ = await self.call("prepare", tracks=tracks, rate=rate, urgent=True)
        rows = values["rows"]
        self._page_s = max(SHORTEST_PAGE_S, *(end for _, end, _ in rows))
        for index, (file, end, fault) in enumerate(rows):
            begin = tracks[index][0] if file else end
            self.output("bar", index + 1, begin / self._page_s, end / self._page_s)
            if tracks[index][-1] in self._awaited:
                continue
            if fault and fault != self._faults[index]:
                self.report_error(f"track {index + 1}: {fault}")
            self._faults[index] = fault
        return rows


def _index(track: Any) -> int:
    return round(number(track, "the track", 1, TRACKS)) - 1


def _write(path: Path, tracks: list[Track]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(score.text(tracks, path.parent), encoding="utf-8")
    except OSError as error:
        raise UserError(
            "file", f"{path} cannot be written: {error.strerror}", "choose another place"
        ) from None


def _wait_until_whole(file: Path) -> None:
    """Wait while Pd's [writesf~] writes the last of a WAV file: its head then tells the length."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            with open(file, "rb") as opened:
                head = opened.read(8)
            if head[:4] != b"RIFF" or int.from_bytes(head[4:], "little") + 8 == file.stat().st_size:
                return
        except OSError:
            return
        time.sleep(0.02)


def _keep(file: str) -> None:
    """Mark a take that a sketch uses, so that it stays; other files are left alone."""
    if Path(file).with_suffix(".json").is_file():
        store = writer.store()
        store.change(store.find(file), kept=True)
