"""What was played and what was answered: notes with their times, and the way back."""

from typing import NamedTuple

STEPS_PER_QUARTER = 4
HISTORY = 100


class Note(NamedTuple):
    """One note; start and end in seconds from the start of its phrase."""

    pitch: int
    velocity: int
    start: float
    end: float


def end_of(notes):
    """The time in seconds at which the last note of a phrase ends; 0 for no notes."""
    return max((note.end for note in notes), default=0.0)


def later(notes, seconds):
    """The same notes, `seconds` later."""
    return tuple(note._replace(start=note.start + seconds, end=note.end + seconds) for note in notes)


def as_events(notes):
    """Note-ons and note-offs `(seconds, pitch, velocity)` in time; at the same time the offs come first."""
    events = [(note.start, note.pitch, note.velocity) for note in notes]
    events += [(note.end, note.pitch, 0) for note in notes]
    return sorted(events, key=lambda event: (event[0], event[2] > 0))


class Duet:
    """A theme as it is being played, the answer to it, and what both were before.

    The theme's time starts with its first note. Times given to the methods are in milliseconds of one running
    clock (Pd's logical time).
    """

    def __init__(self):
        self.theme = ()
        self.answer = ()
        self.qpm = 120.0
        self.finished = False
        self._origin = 0.0
        self._sounding = {}
        self._past = []

    @property
    def sounding(self):
        """The pitches whose keys are down."""
        return set(self._sounding)

    @property
    def answer_start(self):
        """Where the answer begins in the theme's time: one sixteenth note after the theme's end."""
        return end_of(self.theme) + 60 / self.qpm / STEPS_PER_QUARTER

    @property
    def whole(self):
        """Theme and answer as one phrase."""
        return self.theme + later(self.answer, self.answer_start)

    def note_on(self, pitch, velocity, now):
        """A key goes down; where it is down already, its note ends here. Returns the notes that ended.

        After a finished theme a new one begins.
        """
        ended = self.note_off(pitch, now)
        if self.finished:
            self._remember()
            self.theme, self.answer, self.finished = (), (), False
            self._origin = now
            self._sounding = {held: (loud, now) for held, (loud, _) in self._sounding.items()}
        elif not self.theme and not self._sounding:
            self._origin = now
        self._sounding[pitch] = (velocity, now)
        return ended

    def note_off(self, pitch, now):
        """A key goes up. Returns the notes that ended: one, or none where the key was not down."""
        if pitch not in self._sounding:
            return ()
        velocity, began = self._sounding.pop(pitch)
        if now <= began:
            return ()
        self._remember()
        note = Note(pitch, velocity, (began - self._origin) / 1000, (now - self._origin) / 1000)
        self.theme += (note,)
        return (note,)

    def theme_so_far(self, now):
        """The theme, with the notes that still sound ending now."""
        sounding = tuple(
            Note(pitch, velocity, (began - self._origin) / 1000, (now - self._origin) / 1000)
            for pitch, (velocity, began) in self._sounding.items()
            if now > began
        )
        return tuple(sorted(self.theme + sounding, key=lambda note: (note.start, note.pitch)))

    def set_answer(self, notes, qpm):
        """An answer has come: notes timed from its own start, and the tempo it was made for."""
        self._remember()
        self.answer, self.qpm = tuple(notes), qpm

    def set_theme(self, notes, qpm, now):
        """A theme from elsewhere, as if its last note had ended now."""
        self._remember()
        self.theme, self.answer, self.qpm, self.finished = tuple(notes), (), qpm, False
        self._origin = now - 1000 * end_of(notes)
        self._sounding.clear()

    def clear(self):
        """Forget theme and answer; `undo` brings them back."""
        if self.theme or self.answer:
            self._remember()
        self.theme, self.answer, self.finished = (), (), False
        self._sounding.clear()

    def undo(self):
        """Go back to before the last note, answer, theme or clear. False where there is nothing to go back to."""
        if not self._past:
            return False
        self.theme, self.answer, self.qpm, self.finished, self._origin = self._past.pop()
        self._sounding.clear()
        return True

    def _remember(self):
        self._past.append((self.theme, self.answer, self.qpm, self.finished, self._origin))
        del self._past[:-HISTORY]
