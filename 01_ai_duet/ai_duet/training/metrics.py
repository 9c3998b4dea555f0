"""Metrics of predicted melodies, for networks and baselines: perplexity and accuracy; training programs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..engine.events import NO_EVENT
from .baselines import MarkovChain, RepeatLast


@dataclass(frozen=True)
class Score:
    """`perplexity` over all sixteenth steps (None where it has no meaning), `note_perplexity` and
    `note_accuracy` over the notes alone: which pitch comes next, given that a note comes.

    A perplexity of n: as unsure as a fair choice among n possibilities.
    """

    perplexity: float | None
    note_perplexity: float
    note_accuracy: float


def score_network(event_probabilities: list[np.ndarray], melodies: list[list[int]], lowest: int) -> Score:
    """Score probabilities: one row for each step after the first, columns as `network.event_index` counts.

    `melodies` are the lists of events that the rows are about. The first note of each melody is not scored.
    """
    step_losses, note_losses, hits = [], [], []
    for rows, events in zip(event_probabilities, melodies):
        sounded = events[0] >= 0
        for row, event in zip(rows, events[1:]):
            step_losses.append(_loss(row[event + 2 if event < 0 else event - lowest + 2]))
            if event >= 0 and sounded:
                pitches = row[2:]
                note_losses.append(_loss(pitches[event - lowest] / pitches.sum()))
                hits.append(np.argmax(pitches) == event - lowest)
            sounded = sounded or event >= 0
    return Score(math.exp(np.mean(step_losses)), math.exp(np.mean(note_losses)), float(np.mean(hits)))


def score_baselines(training: list[list[int]], held_out: list[list[int]], pitches: range) -> dict[str, Score]:
    """Scores of the two baselines, learned from lists of events and judged on others, by name."""
    learned = [_pitches(events) for events in training]
    steps = MarkovChain(training, range(NO_EVENT, pitches.stop))
    step_loss = _mean_loss(steps, held_out)
    scores = {}
    for baseline, perplexity in (
        (MarkovChain(learned, pitches), math.exp(step_loss)),
        (RepeatLast(learned, pitches), None),
    ):
        notes = [_pitches(events) for events in held_out]
        hits = [
            baseline.guess(melody[:position]) == melody[position]
            for melody in notes
            for position in range(1, len(melody))
        ]
        scores[baseline.name] = Score(perplexity, math.exp(_mean_loss(baseline, notes)), float(np.mean(hits)))
    return scores


def _loss(probability: float) -> float:
    return -math.log(max(probability, 1e-30))  # float32 rounds what is all but impossible down to nothing


def _pitches(events: list[int]) -> list[int]:
    return [event for event in events if event >= 0]


def _mean_loss(model, sequences: list[list[int]]) -> float:
    return float(
        np.mean(
            [
                _loss(model.probability(tokens[:position], tokens[position]))
                for tokens in sequences
                for position in range(1, len(tokens))
            ]
        )
    )
