"""The Pd object of AI Duet, `[pyext. 1 1 ai_duet.pd ai_duet]`; Pd's thread."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyext
from modelfiles.errors import UserError
from pdworker import options
from pdworker.host.arguments import message, number
from pdworker.host.settings import Number, Toggle, Whole
from pdworker.host.takes import TakesObject

from .duet import Duet
from .notes import Note, delayed, end_of, in_order, notes_from_rows, seconds_per_step
from .player import Player, Roll

SHORTEST_ANSWER, LONGEST_ANSWER = 1.0, 300.0  # seconds
GENERATION = ("temperature", "candidates", "tempo", "seed", "key", "phrase")  # settings that the worker gets
MIDI_SUFFIXES = (".mid", ".midi")


class ai_duet(TakesObject):
    """A melody goes in, and a recurrent network goes on from there.

    Notes
    -----
    Out of the outlet, beside what every TakesObject sends: `note PITCH VELOCITY` at its logical time, `played`
    after the last one, `generated COUNT BPM`, `stopped`, `opened COUNT`, `saved FILE`, and for the piano roll `roll
    clear`, `roll frame SECONDS LOW HIGH`, `roll theme|answer PITCH START LENGTH` (in seconds), `roll play START
    SECONDS`, `roll stop`. And `key 1|0 NAME` of every key that is pressed and let go in the patch's own window.
    """

    WORKER = "ai_duet.worker"
    TAKES = ("generate",)
    MODEL_SUFFIXES = (".mag",)
    SETTINGS = {
        "temperature": Number(1.0, 0.01, 10, help="below 1 the likely gets likelier, above 1 the unlikely"),
        "candidates": Whole(
            1, 1, 64, label="the number of candidates", help="compose so many answers, play the likeliest"
        ),
        "tempo": Number(
            None, 20, 400, unit="BPM", words={"estimate": None}, help="quarter notes per minute of the theme"
        ),
        "seed": Whole(
            None, -1, 2**24, none_below=0, help="the same gives the same answer again; -1 leaves it to chance"
        ),
        "key": Toggle(False, help="keep the answer to the key of the theme"),
        "phrase": Whole(
            0, 0, 64, unit="bars", help="come to rest after so many bars, and end on the tonic; 0: anywhere"
        ),
        "duet": Toggle(False, help="answer every phrase after a rest, for as long as the phrase was"),
        "rest": Number(1000.0, 50, 60000, unit="ms", help="how long that rest is"),
        "in_time": Toggle(False, help="an answer waits for the next `bar`"),
    }
    ALIASES = {"read": "open", "write": "save", "state": "status"}

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._duet = Duet()
        self._player = Player(functools.partial(self.output, "note"), self._end_playing)
        self._roll = Roll(functools.partial(self.output, "roll"))
        self._rest_clock = pyext.Clock(self._answer_phrase)
        self._request = 0  # only the answer of the latest one is played
        self._for_bar: Sequence[Note] | None = None  # an answer that begins with the next bar
        self._bind(self._window, self._window_said)

    def _del(self) -> None:
        self._rest_clock.unset()
        self._roll.stop()
        self._player.stop()
        super()._del()

    # The theme.

    @message("note PITCH VELOCITY")
    def note_1(self, pitch: Any, velocity: Any) -> None:
        """Press a key; velocity 0 lets it go."""
        pitch = round(number(pitch, "the pitch", 0, 127))
        velocity = round(number(velocity, "the velocity", -math.inf, math.inf))
        now = pyext.logical_time()
        if velocity > 0:
            self._rest_clock.unset()
            is_new_theme = self._duet.finished
            ended = self._duet.note_on(pitch, min(velocity, 127), now)
            if is_new_theme:
                self._draw()
        else:
            ended = self._duet.note_off(pitch, now)
            if ended and self.settings["duet"] and not self._duet.sounding:
                self._rest_clock.delay(self.settings["rest"])
        if ended:
            self._roll.add(ended, self._duet.theme, self._duet.timed_answer)

    @message("clear")
    def clear_1(self) -> None:
        """Forget theme and answer."""
        self._halt()
        self._duet.clear()
        self._draw()

    @message("undo")
    def undo_1(self) -> None:
        """Take back the last note, answer, `open` or `clear`."""
        self._halt()
        if not self._duet.undo():
            raise UserError("state", "there is nothing to undo")
        self._draw()

    # The answer.

    @message("generate SECONDS")
    async def generate_1(self, seconds: Any) -> None:
        """Let the network answer the theme, and play the answer."""
        await self._generate(number(seconds, "the length", 0.1, LONGEST_ANSWER))

    @message("play")
    def play_1(self) -> None:
        """Play theme and answer."""
        if not self._duet.whole:
            raise UserError("state", "there is nothing to play yet", "play some notes, or open a MIDI file")
        self._play(self._duet.whole, 0)

    @message("bar")
    def bar_1(self) -> None:
        """Begin the answer that waits for a bar."""
        if self._for_bar is not None:
            self._play(self._for_bar, self._duet.answer_start)

    @message("stop")
    def stop_1(self) -> None:
        """Stop playing; an answer still being composed will not be played."""
        self._halt()
        self.output("stopped")

    @message("unload")
    def unload_1(self) -> None:
        """End the network's process, and stop playing."""
        self._halt()
        super().unload_1()

    # MIDI files.

    @message("open FILE")
    async def open_1(self, *words: Any) -> None:
        """Take the melody of a MIDI file as the theme."""
        values, _ = await self.call("open_midi", reads={"path": str(self._file(words))})
        self._halt()
        theme = in_order(notes_from_rows(values["notes"]))
        self._duet.set_theme(theme, values["tempo"], pyext.logical_time())
        self._draw()
        self.output("progress", 0, "done")
        self.output("opened", len(theme))

    @message("save FILE")
    async def save_1(self, *words: Any) -> None:
        """Write theme and answer to a MIDI file."""
        path = self._file(words)
        if path.suffix.lower() not in MIDI_SUFFIXES:
            path = path.with_name(path.name + MIDI_SUFFIXES[0])
        if not self._duet.whole:
            raise UserError("state", "there is nothing to save yet", "play some notes first")
        await self.call(
            "save_midi", writes={"path": str(path)}, notes=self._duet.whole, tempo=self._duet.tempo
        )
        self.output("progress", 0, "done")
        self.output("saved", str(path))

    def setting_changed(self, name: str) -> None:
        if name == "duet":
            self._duet.finished = self.settings["duet"]
            self._rest_clock.unset()
        elif name == "in_time" and not self.settings["in_time"]:
            self.bar_1()

    async def restore_take(self, state: Mapping[str, Any], call: Mapping[str, Any], arrays: list) -> None:
        self._halt()
        tempo = call.get("tempo") or self._duet.tempo
        self._duet.set_theme(in_order(notes_from_rows(call["notes"])), tempo, pyext.logical_time())
        self._draw()

    async def _generate(self, seconds: float) -> None:
        theme = self._duet.theme_so_far(pyext.logical_time())
        if not theme:
            raise UserError(
                "state", "there is no theme to answer yet", "play some notes, or open a MIDI file"
            )
        self.require_model()
        self._rest_clock.unset()
        self._request += 1
        request = self._request
        self._duet.finished = self.settings["duet"]
        settings = {name: self.settings[name] for name in GENERATION}
        making = self.making(["generate", seconds], "generate", notes=theme, seconds=seconds, **settings)
        values, _ = await making.call()
        answer, tempo = in_order(notes_from_rows(values["notes"])), values["tempo"]
        start = end_of(theme) + seconds_per_step(tempo)
        making.keep_melody([("theme", theme), ("answer", delayed(answer, start))], tempo)
        self.output("progress", 0, "done")
        if request == self._request:
            self._take_answer(answer, tempo)

    def _take_answer(self, notes: Sequence[Note], tempo: float) -> None:
        self._player.stop()
        self._duet.set_answer(notes, tempo)
        self._draw()
        self.output("generated", len(notes), tempo)
        self._for_bar = notes
        if not self.settings["in_time"]:
            self.bar_1()

    def _answer_phrase(self) -> None:
        """Generate after a rest, in duet mode."""
        if not self._duet.finished and self._duet.theme:
            seconds = end_of(self._duet.theme)
            self.start_task(self._generate(min(max(seconds, SHORTEST_ANSWER), LONGEST_ANSWER)))

    def _play(self, notes: Sequence[Note], start: float) -> None:
        """Play notes from now on; `start`: where they begin in the piano roll, in seconds."""
        self._for_bar = None
        self._player.stop()
        self.output("roll", "play", start, end_of(notes))
        self._player.play(notes)

    def _end_playing(self) -> None:
        self.output("roll", "stop")
        self.output("played")

    def _halt(self) -> None:
        """Stop playing; also an answer that is still being composed will not be played."""
        self._request += 1
        self._for_bar = None
        self._rest_clock.unset()
        self._player.stop()
        self.output("roll", "stop")

    def _draw(self) -> None:
        self._roll.show(self._duet.theme, self._duet.timed_answer)

    def _window_said(self, selector: Any = None, *values: Any) -> None:
        """Pass keys on; Pd's own [keyname] has those of file dialogs and other patches too."""
        if selector == "key":
            down, key, *_ = values
            name = key if isinstance(key, str) else chr(int(key))
            if name.isprintable():
                self.output("key", int(down), name)

    def _file(self, words: Sequence[Any]) -> Path:
        if not words:
            raise UserError("usage", "no file is named")
        return self.path(options.text(words))
