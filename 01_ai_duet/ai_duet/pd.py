"""The Pd object of AI Duet: `[pyext. 1 1 ai_duet.pd ai_duet]`."""

import functools
import math

import pyext
from pdworker import options as words
from pdworker.host.arguments import Refused, Unclear, message, number, only
from pdworker.host.pd_object import WorkerObject

from .duet import Duet
from .notes import end_of, in_order, notes_from_rows
from .player import Player, Roll

SHORTEST_ANSWER, LONGEST_ANSWER = 1.0, 300.0  # seconds


class ai_duet(WorkerObject):
    """A melody goes in, and a recurrent network goes on from there.

    In:  load NAME, unload, cancel, status (see WorkerObject)
         note PITCH VELOCITY      a key goes down; velocity 0: it goes up
         generate SECONDS         the network answers the theme, and the answer is played
         play                     theme and answer are played
         stop, undo, clear
         temperature T, candidates N, tempo BPM|estimate, seed N (below 0: by chance)
         duet 0|1, rest MS        answer without being asked after a rest, for as long as the phrase was
         read FILE, write FILE    a theme from a MIDI file; theme and answer into one
    Out: note PITCH VELOCITY at its logical time, played after the last one
         generated COUNT BPM, stopped, read COUNT, written FILE
         roll clear, roll frame SECONDS LOW HIGH, roll theme|answer PITCH START LENGTH (in seconds),
         roll play START SECONDS, roll stop
         and what every WorkerObject says: worker, progress, status, error
    """

    WORKER = "ai_duet.worker"

    def __init__(self, *arguments):
        super().__init__()
        self._duet = Duet()
        self._player = Player(self._emit, self._played)
        self._roll = Roll(functools.partial(self.say, "roll"))
        self._rest_clock = pyext.Clock(self._rested)
        self._request = 0  # counts them: only the latest one's answer is played
        self._settings = {"temperature": 1.0, "candidates": 1, "tempo": None, "seed": None}
        self._duet_mode, self._rest = False, 1000.0

    def _del(self):
        self._rest_clock.unset()
        self._roll.stop()
        self._player.stop()
        super()._del()

    # Playing.

    @message("note PITCH VELOCITY")
    def note_1(self, *values):
        if len(values) != 2:
            raise Unclear(f"{len(values)} words instead of two")
        pitch = round(number(values[0], "the pitch", 0, 127))
        velocity = round(number(values[1], "the velocity", -math.inf, math.inf))
        now = pyext.logical_time()
        if velocity > 0:
            self._rest_clock.unset()
            anew = self._duet.finished
            ended = self._duet.note_on(pitch, min(velocity, 127), now)
            if anew:
                self._draw()
        else:
            ended = self._duet.note_off(pitch, now)
            if ended and self._duet_mode and not self._duet.sounding:
                self._rest_clock.delay(self._rest)
        if ended:
            self._roll.add(ended, self._duet.theme, self._answer())

    @message("clear")
    def clear_1(self):
        self._halt()
        self._duet.clear()
        self._draw()

    @message("undo")
    def undo_1(self):
        self._halt()
        if not self._duet.undo():
            raise Refused("there is nothing to undo")
        self._draw()

    # Answering.

    @message("generate SECONDS")
    def generate_1(self, *values):
        self._generate(number(only(values), "the length", 0.1, LONGEST_ANSWER))

    @message("play")
    def play_1(self):
        whole = self._duet.whole
        if not whole:
            raise Refused("there is nothing to play yet: play some notes, or read a MIDI file")
        self._play(whole, 0)

    @message("stop")
    def stop_1(self):
        self._halt()
        self.say("stopped")

    def unload_1(self):
        self._halt()
        super().unload_1()

    def cancel_1(self):
        self._request += 1
        super().cancel_1()

    def _generate(self, seconds):
        theme = self._duet.theme_so_far(pyext.logical_time())
        if not theme:
            raise Refused("there is no theme to answer yet: play some notes, or read a MIDI file")
        if self.facts is None:
            raise Refused("no network is loaded: load one first, and wait until it is ready")
        self._rest_clock.unset()
        self._request += 1
        self._duet.finished = self._duet_mode
        on_result = functools.partial(self._answered, self._request)
        self.call("generate", on_result, notes=theme, seconds=seconds, **self._settings)

    def _answered(self, request, values, arrays):
        self.say("progress", 0, "done")
        if request != self._request:
            return
        notes = in_order(notes_from_rows(values["notes"]))
        self._player.stop()
        self._duet.set_answer(notes, values["tempo"])
        self._draw()
        self.say("generated", len(notes), values["tempo"])
        self._play(notes, self._duet.answer_start)

    def _rested(self):
        """The player's turn is over."""
        if not self._duet.finished and self._duet.theme:
            seconds = end_of(self._duet.theme)
            try:
                self._generate(min(max(seconds, SHORTEST_ANSWER), LONGEST_ANSWER))
            except Refused as refused:
                self.report(refused)

    def _play(self, notes, start):
        self._player.stop()
        self.say("roll", "play", start, end_of(notes))
        self._player.play(notes)

    def _emit(self, pitch, velocity):
        self.say("note", pitch, velocity)

    def _played(self):
        self.say("roll", "stop")
        self.say("played")

    def _halt(self):
        """Nothing sounds any more, and no answer that is still being made will."""
        self._request += 1
        self._rest_clock.unset()
        self._player.stop()
        self.say("roll", "stop")

    def _answer(self):
        return self._duet.timed_answer

    def _draw(self):
        self._roll.show(self._duet.theme, self._answer())

    # Settings.

    @message("temperature NUMBER")
    def temperature_1(self, *values):
        self._settings["temperature"] = number(only(values), "the temperature", 0.01, 10)

    @message("candidates NUMBER")
    def candidates_1(self, *values):
        self._settings["candidates"] = round(number(only(values), "the number of candidates", 1, 64))

    @message("tempo BPM or tempo estimate")
    def tempo_1(self, *values):
        estimate = values == ("estimate",)
        self._settings["tempo"] = None if estimate else number(only(values), "the tempo", 20, 400)

    @message("seed NUMBER")
    def seed_1(self, *values):
        seed = round(number(only(values), "the seed", -1, 2**24))
        self._settings["seed"] = None if seed < 0 else seed

    @message("duet 0 or duet 1")
    def duet_1(self, *values):
        self._duet_mode = number(only(values), "duet", 0, 1) != 0
        self._duet.finished = self._duet_mode
        self._rest_clock.unset()

    @message("rest MILLISECONDS")
    def rest_1(self, *values):
        self._rest = number(only(values), "the rest", 50, 60000)

    # MIDI files.

    @message("read FILE")
    def read_1(self, *values):
        path = self._file(values)
        if not path.is_file():
            raise Refused(f"there is no file {path}")
        self.call("read_midi", self._has_read, path=str(path))

    def _has_read(self, values, arrays):
        self._halt()
        notes = in_order(notes_from_rows(values["notes"]))
        if not notes:
            self.report("there are no notes in this MIDI file")
            return
        self._duet.set_theme(notes, values["tempo"], pyext.logical_time())
        self._draw()
        self.say("progress", 0, "done")
        self.say("read", len(notes))

    @message("write FILE")
    def write_1(self, *values):
        path = self._file(values)
        if path.suffix.lower() not in (".mid", ".midi"):
            path = path.with_name(path.name + ".mid")
        if not self._duet.whole:
            raise Refused("there is nothing to write yet: play some notes first")
        notes, tempo = self._duet.whole, self._duet.tempo
        self.call("write_midi", self._has_written, path=str(path), notes=notes, tempo=tempo)

    def _has_written(self, values, arrays):
        self.say("progress", 0, "done")
        self.say("written", values["path"])

    def _file(self, values):
        if not values:
            raise Unclear("no file is named")
        return self.path(words.text(values))
