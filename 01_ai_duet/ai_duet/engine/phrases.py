"""Rules that an answer may be held to: the key of the theme, and phrases that come to rest; worker process.

They reshape the probabilities of each step, which otherwise are the network's. Keys: Krumhansl and Kessler's profiles
(Krumhansl, Cognitive Foundations of Musical Pitch, 1990, p. 30), correlated with how long each pitch class sounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .encodings import OneHot
from .events import NO_EVENT, NOTE_OFF, STEPS_PER_BAR

MAJOR_PROFILE = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR_PROFILE = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
MAJOR_SCALE = frozenset((0, 2, 4, 5, 7, 9, 11))
MINOR_SCALE = frozenset((0, 2, 3, 5, 7, 8, 10, 11))  # with the leading note
TONIC, FIFTH = 0, 7  # semitones from the tonic
LAST_NOTE = 8  # steps that the last note of a phrase is held, half a bar


class KeyOf(NamedTuple):
    """A key: the pitch class of its tonic, 0 for C, and the semitones above it that belong to it."""

    tonic: int
    scale: frozenset[int]


class Rules(NamedTuple):
    """What is asked for.

    Attributes
    ----------
    key : bool
        Whether the answer keeps to the key of the theme.
    phrase : int
        Bars after which it comes to rest, on the tonic or the fifth; at its end on the tonic. 0: nowhere.
    """

    key: bool = False
    phrase: int = 0


NO_RULES = Rules()


def estimate_key(events: Sequence[int]) -> KeyOf | None:
    """Estimate the key of a melody, see the events of `engine.events`; None for one without notes."""
    lengths = np.zeros(12)
    sounding = None
    for event in events:
        if event != NO_EVENT:
            sounding = event % 12 if event >= 0 else None
        if sounding is not None:
            lengths[sounding] += 1
    if not lengths.any():
        return None
    profiles = {MAJOR_SCALE: MAJOR_PROFILE, MINOR_SCALE: MINOR_PROFILE}
    fits = {
        KeyOf(tonic, scale): _correlation(np.roll(lengths, -tonic), np.array(profile))
        for scale, profile in profiles.items()
        for tonic in range(12)
    }
    return max(fits, key=lambda key: fits[key])


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float(a @ b / max(1e-12, np.sqrt((a @ a) * (b @ b))))


class Shaper:
    """Reshapes the probabilities of an answer.

    Parameters
    ----------
    rules : Rules
    theme : sequence of int
        Its events, in the network's range and key.
    steps : int
        Of the answer.
    """

    def __init__(self, rules: Rules, theme: Sequence[int], steps: int) -> None:
        self._rules, self._key = rules, estimate_key(theme)
        self._landings: dict[
            int, frozenset[int]
        ] = {}  # position: semitones from the tonic that may begin there
        self._held: set[int] = set()  # positions at which the last note of a phrase goes on
        if rules.phrase:
            self._plan(len(theme), len(theme) + steps)

    def _plan(self, begin: int, end: int) -> None:
        """Choose where phrases end: at the end of the answer, and before at every so many bar lines."""
        length = self._rules.phrase * STEPS_PER_BAR
        first = -(-begin // STEPS_PER_BAR) * STEPS_PER_BAR
        ends = [place for place in range(first + length, end, length) if end - place >= length // 2]
        for place in [*ends, end]:
            landing = max(begin, place - LAST_NOTE)
            landing += -landing % 4 if landing + 4 < place else 0  # on a beat
            self._landings[landing] = frozenset([TONIC] if place == end else [TONIC, FIFTH])
            self._held.update(range(landing + 1, place))

    def reshape(self, probabilities: np.ndarray, encoding: OneHot, events: Sequence[int]) -> np.ndarray:
        """Return the probabilities of the labels for the event that follows `events`, float64 [labels]."""
        if self._key is None:
            return probabilities
        weights = np.array(
            [self._allows(encoding.event_of(label, events), len(events)) for label in range(encoding.labels)],
            float,
        )
        shaped = probabilities * weights
        if shaped.sum() < 1e-12:  # what it holds all but impossible: all alike
            shaped = weights
        return shaped / shaped.sum()

    def _allows(self, event: int, position: int) -> bool:
        assert self._key is not None
        above = (event - self._key.tonic) % 12
        if position in self._landings:
            return event > NOTE_OFF and above in self._landings[position]
        if position in self._held:
            return event == NO_EVENT
        return event <= NOTE_OFF or not self._rules.key or above in self._key.scale
