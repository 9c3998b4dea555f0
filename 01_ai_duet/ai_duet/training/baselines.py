"""Two simple predictors of the next note, which a network must beat; training programs."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np


class RepeatLast:
    """Expects the last note again, with the probability that the training melodies give to a repetition.

    The rest of the probability is shared equally among the other notes.
    """

    name = "repeat the last note"

    def __init__(self, sequences: list[list[int]], vocabulary: range):
        pairs = [pair for sequence in sequences for pair in zip(sequence, sequence[1:])]
        self.repetition = (1 + sum(a == b for a, b in pairs)) / (2 + len(pairs))
        self.vocabulary = vocabulary

    def probabilities(self, history: list[int]) -> np.ndarray:
        """Probability of each member of the vocabulary to come after `history` (not empty)."""
        others = (1 - self.repetition) / (len(self.vocabulary) - 1)
        result = np.full(len(self.vocabulary), others)
        result[history[-1] - self.vocabulary.start] = self.repetition
        return result

    def probability(self, history: list[int], token: int) -> float:
        """Probability of one member of the vocabulary."""
        return float(self.probabilities(history)[token - self.vocabulary.start])

    def guess(self, history: list[int]) -> int:
        """The last note."""
        return history[-1]


class MarkovChain:
    """Counts what followed the last `order` tokens, and falls back on shorter contexts where it saw little.

    Witten-Bell interpolation: a context seen n times with k different continuations is trusted with weight
    n / (n + k), the next shorter one gets the rest; the shortest is the uniform distribution.
    """

    name = "third-order Markov chain"

    def __init__(self, sequences: list[list[int]], vocabulary: range, order: int = 3):
        self.vocabulary, self.order = vocabulary, order
        self.followers: dict[tuple[int, ...], Counter] = defaultdict(Counter)
        for sequence in sequences:
            for position, token in enumerate(sequence):
                for length in range(min(order, position) + 1):
                    self.followers[tuple(sequence[position - length : position])][token] += 1

    def probabilities(self, history: list[int]) -> np.ndarray:
        """Probability of each member of the vocabulary to come after `history`."""
        result = np.full(len(self.vocabulary), 1 / len(self.vocabulary))
        for length in range(min(self.order, len(history)) + 1):
            seen = self.followers.get(tuple(history[len(history) - length :]))
            if seen:
                counts = np.zeros(len(self.vocabulary))
                for token, count in seen.items():
                    counts[token - self.vocabulary.start] = count
                result = (counts + len(seen) * result) / (counts.sum() + len(seen))
        return result

    def probability(self, history: list[int], token: int) -> float:
        """Probability of one member of the vocabulary, without those of the others."""
        result = 1 / len(self.vocabulary)
        for length in range(min(self.order, len(history)) + 1):
            seen = self.followers.get(tuple(history[len(history) - length :]))
            if seen:
                result = (seen[token] + len(seen) * result) / (seen.total() + len(seen))
        return result

    def guess(self, history: list[int]) -> int:
        """The likeliest token to come next."""
        return self.vocabulary.start + int(np.argmax(self.probabilities(history)))
