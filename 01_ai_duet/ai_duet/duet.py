"""The theme that is being played, the answer to it, and their history for `undo`; Pd's thread."""

from __future__ import annotations

from collections.abc import Sequence

from .notes import DEFAULT_TEMPO, Note, delayed, end_of, in_order, seconds_per_step

HISTORY = 100  # steps that can be undone


class Duet:
    """A theme and its answer.

    The theme's time starts with its first note. Times given to the methods (`now`) are in milliseconds of one running
    clock, Pd's logical time.

    Attributes
    ----------
    theme : tuple of Note
        What was played.
    answer : tuple of Note
        What the network made of it, timed from the answer's own start.
    tempo : float
        Quarter notes per minute for which the answer was made.
    finished : bool
        Whether the next note that is played begins a new theme.
    """

    def __init__(self) -> None:
        self.theme: tuple[Note, ...] = ()
        self.answer: tuple[Note, ...] = ()
        self.tempo = DEFAULT_TEMPO
        self.finished = False
        self._origin = 0.0
        self._sounding: dict[int, tuple[int, float]] = {}  # pitch: (velocity, time at which it was struck)
        self._past: list[tuple] = []

    @property
    def sounding(self) -> set[int]:
        """The pitches whose keys are down."""
        return set(self._sounding)

    @property
    def answer_start(self) -> float:
        """Seconds from the theme's start to the answer's: a sixteenth note after the theme's end."""
        return end_of(self.theme) + seconds_per_step(self.tempo)

    @property
    def timed_answer(self) -> tuple[Note, ...]:
        """The answer in the theme's time."""
        return delayed(self.answer, self.answer_start)

    @property
    def whole(self) -> tuple[Note, ...]:
        """Theme and answer as one phrase."""
        return self.theme + self.timed_answer

    def note_on(self, pitch: int, velocity: int, now: float) -> tuple[Note, ...]:
        """Note that a key goes down, after a finished theme as the start of a new one.

        Returns
        -------
        tuple of Note
            The note of the same key that ends by this, if there is one.
        """
        ended = self.note_off(pitch, now)
        if self.finished:
            self._remember()
            self.theme, self.answer, self.finished = (), (), False
            self._origin = now
            self._sounding = {held: (loudness, now) for held, (loudness, _) in self._sounding.items()}
        elif not self.theme and not self._sounding:
            self._origin = now
        self._sounding[pitch] = (velocity, now)
        return ended

    def note_off(self, pitch: int, now: float) -> tuple[Note, ...]:
        """Note that a key goes up.

        Returns
        -------
        tuple of Note
            The note that ends; none where the key was not down.
        """
        if pitch not in self._sounding:
            return ()
        velocity, struck = self._sounding.pop(pitch)
        if now <= struck:
            return ()
        self._remember()
        note = self._note(pitch, velocity, struck, now)
        self.theme += (note,)
        return (note,)

    def theme_so_far(self, now: float) -> tuple[Note, ...]:
        """Return the theme, with the notes that still sound ending now."""
        sounding = [
            self._note(pitch, velocity, struck, now)
            for pitch, (velocity, struck) in self._sounding.items()
            if now > struck
        ]
        return in_order([*self.theme, *sounding])

    def set_answer(self, notes: Sequence[Note], tempo: float) -> None:
        """Take an answer: notes timed from its own start, and the tempo it was made for."""
        self._remember()
        self.answer, self.tempo = tuple(notes), tempo

    def set_theme(self, notes: Sequence[Note], tempo: float, now: float) -> None:
        """Take a theme from elsewhere, as if its last note had ended now."""
        self._remember()
        self.theme, self.answer, self.tempo, self.finished = tuple(notes), (), tempo, False
        self._origin = now - 1000 * end_of(notes)
        self._sounding.clear()

    def clear(self) -> None:
        """Drop theme and answer; `undo` brings them back."""
        if self.theme or self.answer:
            self._remember()
        self.theme, self.answer, self.finished = (), (), False
        self._sounding.clear()

    def undo(self) -> bool:
        """Go back to before the last note, answer, theme or clear; return whether there was something."""
        if not self._past:
            return False
        self.theme, self.answer, self.tempo, self.finished, self._origin = self._past.pop()
        self._sounding.clear()
        return True

    def _note(self, pitch: int, velocity: int, struck: float, now: float) -> Note:
        return Note(pitch, velocity, (struck - self._origin) / 1000, (now - self._origin) / 1000)

    def _remember(self) -> None:
        self._past.append((self.theme, self.answer, self.tempo, self.finished, self._origin))
        del self._past[:-HISTORY]
