"""What happens in time: notes that are played, and the piano roll that is drawn, on Pd's own clock."""

import pyext

from .notes import end_of, key_events

SHORTEST_FRAME, LOWEST, HIGHEST = 8.0, 48, 84  # what the piano roll shows at least: seconds, pitches
DRAWN_AT_ONCE = 16  # notes of the piano roll; more of them wait for their turn, 10 ms later


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
        self._events = key_events(notes)[::-1]
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
        voices = [("theme", note) for note in theme] + [("answer", note) for note in answer]
        self._waiting = voices[::-1]
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
