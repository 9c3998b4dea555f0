"""Scores networks and baselines on held-out melodies; training programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from ..engine.encodings import OneHot
from ..engine.events import squash
from . import metrics
from .melodies import Dataset
from .metrics import Score

THEME_BARS = 2
Predict = Callable[[Sequence[Sequence[int]]], list[np.ndarray]]


class HeldOut:
    """Scores networks and baselines on held-out melodies, in the key and range of one encoding.

    Parameters
    ----------
    dataset : Dataset
    encoding : OneHot
    most : int, optional
        So many held-out melodies, evenly chosen; all if it is not given.
    """

    def __init__(self, dataset: Dataset, encoding: OneHot, most: int | None = None) -> None:
        self.encoding = encoding
        every = max(1, -(-len(dataset.eval) // most)) if most else 1
        self._learned = dataset.training
        self.melodies = [self._squashed(melody) for melody in dataset.eval[::every]]
        first = dataset.eval[0]
        self.theme = list(first.events[: THEME_BARS * first.steps_per_bar])

    def _squashed(self, melody) -> list[int]:
        encoding = self.encoding
        return squash(melody.events, encoding.low, encoding.high, encoding.key)[0]

    def score(self, predict: Predict) -> Score:
        """Return how well a network predicts the held-out melodies.

        Parameters
        ----------
        predict : callable
            predict(melodies): for each list of events the probabilities [steps - 1, events] of those that follow;
            columns: nothing new, note off, then the pitches from the encoding's lowest.
        """
        return metrics.score_network(predict(self.melodies), self.melodies, self.encoding.low)

    @cached_property
    def baselines(self) -> dict[str, Score]:
        """Scores of the baselines, which learn from the network's own melodies; the Markov chain first."""
        learned = [self._squashed(melody) for melody in self._learned]
        return metrics.score_baselines(learned, self.melodies, range(self.encoding.low, self.encoding.high))


def per_event(encoding: OneHot, probabilities: np.ndarray, events: Sequence[int]) -> np.ndarray:
    """Probabilities of events from those of labels: labels that mean the same event are added up.

    Parameters
    ----------
    encoding : OneHot
    probabilities : numpy.ndarray
        [steps, labels], after each of the first events of a melody.
    events : sequence of int
        The melody.

    Returns
    -------
    numpy.ndarray
        [steps, events], columns as `HeldOut.score` has them.
    """
    steps = np.arange(len(probabilities))
    result = np.zeros((len(probabilities), encoding.events))
    for label in range(encoding.labels):
        if label < encoding.events:
            columns = _column(encoding, encoding.event_of(label, []))
        else:
            meant = [encoding.event_of(label, events[: step + 1]) for step in steps]
            columns = [_column(encoding, event) for event in meant]
        np.add.at(result, (steps, columns), probabilities[:, label])
    return result


def _column(encoding: OneHot, event: int) -> int:
    return event + 2 if event < 0 else event - encoding.low + 2
