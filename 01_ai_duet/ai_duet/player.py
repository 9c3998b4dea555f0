"""Plays notes on Pd's clock, and draws them into the patch's piano roll; Pd's thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyext

from .notes import Note, end_of, key_events

MIN_FRAME_S = 8.0  # what the piano roll shows at least
LOWEST, HIGHEST = 48, 84  # pitches that the piano roll shows at least
NOTES_AT_ONCE = 16  # of the piano roll; more of them are drawn later
DRAW_PAUSE_MS = 10.0


class Player:
    """Plays notes.

    Parameters
    ----------
    emit : callable
        emit(pitch, velocity) at the notes' logical times; velocity 0 ends a note.
    on_end : callable
        on_end() after the last one.
    """

    def __init__(self, emit: Callable[[int, int], None], on_end: Callable[[], None]) -> None:
        self._emit, self._on_end = emit, on_end
        self._clock = pyext.Clock(self._tick)
        self._events: list[tuple[float, int, int]] = []  # (seconds, pitch, velocity), the next one last
        self._sounding: set[int] = set()
        self._start = 0.0

    def play(self, notes: Sequence[Note]) -> None:
        """Play notes from now on."""
        self._events = key_events(notes)[::-1]
        self._start = pyext.logical_time()
        self._tick()

    def stop(self) -> None:
        """Play no more, and end every note that sounds."""
        self._clock.unset()
        self._events = []
        for pitch in sorted(self._sounding):
            self._emit(pitch, 0)
        self._sounding.clear()

    def _tick(self) -> None:
        now = pyext.logical_time() - self._start
        while self._events and self._events[-1][0] * 1000 <= now + 1e-6:
            _, pitch, velocity = self._events.pop()
            if velocity:
                self._sounding.add(pitch)
            else:
                self._sounding.discard(pitch)
            self._emit(pitch, velocity)
        if self._events:
            self._clock.delay(self._events[-1][0] * 1000 - now)
        else:
            self._on_end()


class Roll:
    """What the patch's piano roll shows, a long phrase drawn bit by bit.

    Parameters
    ----------
    send : callable
        send(word, *numbers) to the piano roll.
    """

    def __init__(self, send: Callable[..., None]) -> None:
        self._send = send
        self._clock = pyext.Clock(self._draw_some)
        self._waiting: list[tuple[str, Note]] = []  # (voice, note), the next one last
        self._frame: tuple[float, ...] = ()

    def show(self, theme: Sequence[Note], answer: Sequence[Note]) -> None:
        """Draw everything anew; the answer in the theme's time."""
        self._clock.unset()
        self._send("clear")
        frame = _frame_for([*theme, *answer])
        if frame != self._frame:
            self._frame = frame
            self._send("frame", *frame)
        voices = [("theme", note) for note in theme] + [("answer", note) for note in answer]
        self._waiting = voices[::-1]
        self._draw_some()

    def add(self, notes: Sequence[Note], theme: Sequence[Note], answer: Sequence[Note]) -> None:
        """Draw these new notes of the theme too, or everything anew where they do not fit in."""
        if self._frame == _frame_for([*theme, *answer]):
            self._waiting[:0] = [("theme", note) for note in notes]
            self._draw_some()
        else:
            self.show(theme, answer)

    def stop(self) -> None:
        """Draw no more."""
        self._clock.unset()
        self._waiting = []

    def _draw_some(self) -> None:
        for _ in range(min(NOTES_AT_ONCE, len(self._waiting))):
            voice, note = self._waiting.pop()
            self._send(voice, note.pitch, note.start, note.end - note.start)
        if self._waiting:
            self._clock.delay(DRAW_PAUSE_MS)


def _frame_for(notes: Sequence[Note]) -> tuple[float, float, float]:
    """Return what the piano roll has to show: seconds, lowest and highest pitch."""
    seconds = MIN_FRAME_S
    while seconds < end_of(notes):
        seconds *= 2
    low = min([LOWEST, *(note.pitch for note in notes)]) // 12 * 12
    high = max([HIGHEST, *(note.pitch for note in notes)])
    return seconds, low - 0.5, high + 0.5
