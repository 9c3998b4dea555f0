"""Scores networks and baselines on held-out melodies; training programs, environment `tensorflow`."""

from __future__ import annotations

from functools import cached_property

import note_seq
from magenta.models.melody_rnn.melody_rnn_model import MelodyRnnConfig

from . import metrics, network
from .melodies import Dataset
from .metrics import Score

THEME_BARS = 2


class HeldOut:
    """Scores networks and baselines on held-out melodies, in the key and range of one configuration."""

    def __init__(self, dataset: Dataset, config: MelodyRnnConfig):
        self.config = config
        self.learned, self.melodies = (
            [network.squashed(melody, config) for melody in half] for half in (dataset.training, dataset.eval)
        )
        first = dataset.eval[0]
        self.theme = note_seq.Melody(
            list(first.events[: THEME_BARS * first.steps_per_bar]), steps_per_bar=first.steps_per_bar
        )

    def score(self, predictor: network.Predictor) -> Score:
        """Return how well the network behind `predictor` predicts the held-out melodies."""
        probabilities = predictor.event_probabilities(self.melodies)
        return metrics.score_network(probabilities, [list(m) for m in self.melodies], self.config.min_note)

    @cached_property
    def baselines(self) -> dict[str, Score]:
        """Scores of the baselines, which learn from the network's own melodies; the Markov chain first."""
        return metrics.score_baselines(
            [list(melody) for melody in self.learned],
            [list(melody) for melody in self.melodies],
            range(self.config.min_note, self.config.max_note),
        )
