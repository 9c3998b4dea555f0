"""The Pd object of AI Duet: `[pyext. 1 1 ai_duet.pd ai_duet]`."""

import functools
import math

import pyext
from pdworker import words
from pdworker.worker_object import WorkerObject

from ai_duet.phrase import Duet, Note, as_events, end_of

SHORTEST_ANSWER, LONGEST_ANSWER = 1.0, 300.0  # seconds
SHORTEST_FRAME, LOWEST, HIGHEST = 8.0, 48, 84  # what the piano roll shows at least: seconds, pitches
DRAWN_AT_ONCE = 16  # notes of the piano roll; more of them wait for their turn


class Refused(ValueError):
    """A message that makes no sense; its text says why."""


def message(verb):
    """A method that Pd calls; what it refuses is reported."""

    @functools.wraps(verb)
    def reporting(self, *values):
        try:
            verb(self, *values)
        except Refused as refused:
            self.report(str(refused))

    return reporting


def number(values, usage, low, high):
    """The one number of a message, in a range."""
    (value,) = numbers(values, usage, 1)
    if not low <= value <= high:
        raise Refused(f"{usage}: {value:g} is out of range, it goes from {low:g} to {high:g}")
    return value


def numbers(values, usage, count):
    """The numbers of a message."""
    fine = [value for value in values if isinstance(value, (int, float)) and math.isfinite(value)]
    if len(fine) != count or len(values) != count:
        raise Refused(f"it should be: {usage}")
    return fine


class Player:
    """Plays notes on Pd's clock: `emit(pitch, velocity)` at their logical times, `finished()` after the last."""

    def __init__(self, emit, finished):
        self._emit, self._finished = emit, finished
        self._clock = pyext.Clock(self._tick)
        self._events = []  # (seconds, pitch, velocity), the next one last
        self._sounding = set()
        self._start = 0.0

    def play(self, notes):
        """Play these from now on."""
        self._events = as_events(notes)[::-1]
        self._start = pyext.logical_time()
        self._tick()

    def stop(self):
        """Play no more, and end every note that sounds."""
        self._clock.unset()
        self._events = []
        for pitch in sorted(self._sounding):
            self._emit(pitch, 0)
        self._sounding.clear()

    def _tick(self):
        now = pyext.logical_time() - self._start
        while self._events and self._events[-1][0] * 1000 <= now + 1e-6:
            _, pitch, velocity = self._events.pop()
            (self._sounding.add if velocity else self._sounding.discard)(pitch)
            self._emit(pitch, velocity)
        if self._events:
            self._clock.delay(self._events[-1][0] * 1000 - now)
        else:
            self._finished()


class Roll:
    """What the patch's piano roll shows; `say` sends it there, a long phrase bit by bit."""

    def __init__(self, say):
        self._say = say
        self._clock = pyext.Clock(self._go_on)
        self._waiting = []
        self._frame = ()

    def show(self, theme, answer):
        """Draw everything anew; the answer in the theme's time."""
        self._clock.unset()
        self._say("clear")
        self._fit(theme + answer)
        self._waiting = [("answer", note) for note in answer[::-1]] + [("theme", note) for note in theme[::-1]]
        self._go_on()

    def add(self, notes, theme, answer):
        """Draw these new notes of the theme too, or everything anew where the paper is too small for them."""
        if self._frame == self._frame_for(theme + answer):
            self._waiting[:0] = [("theme", note) for note in notes]
            self._go_on()
        else:
            self.show(theme, answer)

    def stop(self):
        self._clock.unset()
        self._waiting = []

    def _fit(self, notes):
        frame = self._frame_for(notes)
        if frame != self._frame:
            self._frame = frame
            self._say("frame", *frame)

    def _frame_for(self, notes):
        seconds = SHORTEST_FRAME
        while seconds < end_of(notes):
            seconds *= 2
        low = min([LOWEST, *(note.pitch for note in notes)]) // 12 * 12
        high = max([HIGHEST, *(note.pitch for note in notes)])
        return seconds, low - 0.5, high + 0.5

    def _go_on(self):
        for _ in range(min(DRAWN_AT_ONCE, len(self._waiting))):
            voice, note = self._waiting.pop()
            self._say(voice, note.pitch, note.start, note.end - note.start)
        if self._waiting:
            self._clock.delay(10)


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
        self._settings = {"temperature": 1.0, "candidates": 1, "qpm": 0.0, "seed": None}
        self._duet_mode, self._rest = False, 1000.0

    def _del(self):
        self._rest_clock.unset()
        self._roll.stop()
        self._player.stop()
        super()._del()

    # Playing.

    @message
    def note_1(self, *values):
        pitch, velocity = (round(value) for value in numbers(values, "note PITCH VELOCITY", 2))
        if not 0 <= pitch <= 127:
            raise Refused(f"there is no pitch {pitch}: MIDI pitches go from 0 to 127")
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

    @message
    def clear_1(self):
        self._halt()
        self._duet.clear()
        self._draw()

    @message
    def undo_1(self):
        self._halt()
        if not self._duet.undo():
            raise Refused("there is nothing to undo")
        self._draw()

    # Answering.

    @message
    def generate_1(self, *values):
        self._generate(number(values, "generate SECONDS", 0.1, LONGEST_ANSWER))

    @message
    def play_1(self):
        whole = self._duet.whole
        if not whole:
            raise Refused("there is nothing to play yet: play some notes, or read a MIDI file")
        self._play(whole, 0)

    @message
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
        self.call("generate", on_result, notes=_plain(theme), seconds=seconds, **self._settings)

    def _answered(self, request, values, arrays):
        self.say("progress", 0, "done")
        if request != self._request:
            return
        notes = [Note(int(pitch), int(velocity), start, end) for pitch, velocity, start, end in values["notes"]]
        self._player.stop()
        self._duet.set_answer(notes, values["qpm"])
        self._draw()
        self.say("generated", len(notes), values["qpm"])
        self._play(notes, self._duet.answer_start)

    def _rested(self):
        """The player's turn is over."""
        if not self._duet.finished and self._duet.theme:
            seconds = end_of(self._duet.theme)
            try:
                self._generate(min(max(seconds, SHORTEST_ANSWER), LONGEST_ANSWER))
            except Refused as refused:
                self.report(str(refused))

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
        return self._duet.whole[len(self._duet.theme) :]

    def _draw(self):
        self._roll.show(self._duet.theme, self._answer())

    # Settings.

    @message
    def temperature_1(self, *values):
        self._settings["temperature"] = number(values, "temperature NUMBER", 0.01, 10)

    @message
    def candidates_1(self, *values):
        self._settings["candidates"] = round(number(values, "candidates NUMBER", 1, 64))

    @message
    def tempo_1(self, *values):
        estimate = values == ("estimate",)
        self._settings["qpm"] = 0.0 if estimate else number(values, "tempo BPM or tempo estimate", 20, 400)

    @message
    def seed_1(self, *values):
        seed = round(number(values, "seed NUMBER", -1, 2**24))
        self._settings["seed"] = None if seed < 0 else seed

    @message
    def duet_1(self, *values):
        self._duet_mode = number(values, "duet 0 or duet 1", 0, 1) != 0
        self._duet.finished = self._duet_mode
        self._rest_clock.unset()

    @message
    def rest_1(self, *values):
        self._rest = number(values, "rest MILLISECONDS", 50, 60000)

    # MIDI files.

    @message
    def read_1(self, *values):
        path = self._file(values, "read FILE")
        if not path.is_file():
            raise Refused(f"there is no file {path}")
        self.call("read_midi", self._has_read, path=str(path))

    def _has_read(self, values, arrays):
        self._halt()
        notes = sorted(
            (Note(int(pitch), int(velocity), start, end) for pitch, velocity, start, end in values["notes"]),
            key=lambda note: (note.start, note.pitch),
        )
        if not notes:
            self.report("there are no notes in this MIDI file")
            return
        self._duet.set_theme(notes, values["qpm"], pyext.logical_time())
        self._draw()
        self.say("progress", 0, "done")
        self.say("read", len(notes))

    @message
    def write_1(self, *values):
        path = self._file(values, "write FILE")
        if path.suffix.lower() not in (".mid", ".midi"):
            path = path.with_name(path.name + ".mid")
        if not self._duet.whole:
            raise Refused("there is nothing to write yet: play some notes first")
        self.call(
            "write_midi", self._has_written, path=str(path), notes=_plain(self._duet.whole), qpm=self._duet.qpm
        )

    def _has_written(self, values, arrays):
        self.say("progress", 0, "done")
        self.say("written", values["path"])

    def _file(self, values, usage):
        if not values:
            raise Refused(f"it should be: {usage}")
        return self.path(words.text(values))


def _plain(notes):
    return [list(note) for note in notes]
