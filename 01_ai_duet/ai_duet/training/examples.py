"""Examples for a network, of whole melodies: what it gets and what it should say; training programs.

The same vectors and labels as engine/encodings.py gives one at a time, computed for all steps at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from ..engine.encodings import LOOKBACKS, Key, Lookback, OneHot
from ..engine.events import MAJOR, NO_EVENT, NOTE_OFF, STEPS_PER_BAR, squash, transpose
from .melodies import Dataset


def inputs_and_labels(encoding: OneHot, events: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (steps - 1, input size) int8, and for each the label of the event that follows, int64."""
    array = np.asarray(events)
    return inputs_of(encoding, array)[:-1], labels_of(encoding, array)[1:]


def inputs_of(encoding: OneHot, events: np.ndarray) -> np.ndarray:
    """Input vectors of all events, int8; all their numbers are -1, 0 or 1."""
    if isinstance(encoding, Key):
        return _key_inputs(encoding, events)
    indices = _indices(encoding, events)
    if not isinstance(encoding, Lookback):
        return np.eye(encoding.events, dtype=np.int8)[indices]
    silence = _indices(encoding, np.array([NO_EVENT]))[0]
    blocks = [indices]
    for distance in LOOKBACKS:
        ahead = np.full(len(events), silence)
        ahead[distance - 1 :] = indices[: max(0, len(events) - distance + 1)]
        blocks.append(ahead)
    switches = [np.eye(encoding.events, dtype=np.int8)[block] for block in blocks]
    return np.concatenate([*switches, _time(events, encoding.counter_bits), _repeats(events)], 1)


def labels_of(encoding: OneHot, events: np.ndarray) -> np.ndarray:
    """The label of each event, int64."""
    labels = _indices(encoding, events)
    if not isinstance(encoding, Lookback):
        return labels
    if isinstance(encoding, Key):
        labels = np.where(labels >= 2, labels - 2, labels + encoding.high - encoding.low)
    for number, repeated in enumerate(_repeats(events).T):
        labels = np.where(repeated == 1, encoding.events + number, labels)
    silent = (np.arange(len(events)) < LOOKBACKS[-1]) & (events == NO_EVENT)
    return np.where(silent, encoding.labels - 1, labels)


def _indices(encoding: OneHot, events: np.ndarray) -> np.ndarray:
    return np.where(events < 0, events + 2, events - encoding.low + 2).astype(np.int64)


def _time(events: np.ndarray, bits: int) -> np.ndarray:
    numbers = np.arange(1, len(events) + 1)[:, None]
    return np.where(numbers >> np.arange(bits) & 1, 1, -1).astype(np.int8)


def _repeats(events: np.ndarray) -> np.ndarray:
    result = np.zeros((len(events), len(LOOKBACKS)), np.int8)
    for number, distance in enumerate(LOOKBACKS):
        result[distance:, number] = events[distance:] == events[: max(0, len(events) - distance)]
    return result


def _key_inputs(encoding: Key, events: np.ndarray) -> np.ndarray:
    """As Key.input_at, going along the melody once."""
    range_ = encoding.high - encoding.low
    notes = np.zeros((len(events), range_ + 4), np.int8)
    keys = np.zeros((len(events), 24), np.int8)
    counts = np.zeros(12, int)
    last, attack, direction, before = NOTE_OFF, False, 0, None
    recent: list[int] = []
    for row, keys_row, event in zip(notes, keys, events.tolist()):
        if event != NO_EVENT:
            last = event
        if event != NOTE_OFF:
            attack = event >= 0
        if event >= 0:
            counts += MAJOR[event % 12]
            if before not in (None, event):
                direction = 1 if event > before else -1
            before = event
            recent = [event, *(pitch for pitch in recent if pitch != event)][:3]
        if last >= 0:
            row[[last - encoding.low, range_]] = 1
        else:
            row[range_ + 1] = 1
        row[range_ + 2 :] = attack, direction
        keys_row[:12] = counts == counts.max()
        near = MAJOR[[pitch % 12 for pitch in recent]].sum(0)
        keys_row[12:] = near == near.max()
    downbeat = (np.arange(1, len(events) + 1) % STEPS_PER_BAR == 0)[:, None].astype(np.int8)
    return np.concatenate([notes, _repeats(events), _time(events, encoding.counter_bits), downbeat, keys], 1)


def pad(sequences: Sequence[np.ndarray]) -> np.ndarray:
    """Stack arrays of different lengths, filled up with zeros."""
    result = np.zeros((len(sequences), max(map(len, sequences)), *sequences[0].shape[1:]), sequences[0].dtype)
    for row, sequence in zip(result, sequences):
        row[: len(sequence)] = sequence
    return result


class Batches:
    """The training melodies as padded batches; batch number n is the same in every run with the same seed.

    Parameters
    ----------
    dataset : Dataset
    encoding : OneHot
    settings : mapping
        seed, batch_size, window (steps of each melody), transpose (semitones up and down, where melodies stay in
        their keys).
    """

    def __init__(self, dataset: Dataset, encoding: OneHot, settings: dict) -> None:
        self._seed, self._size, self._window = (settings[name] for name in ("seed", "batch_size", "window"))
        self._count = len(dataset.training)
        self.per_epoch = max(1, self._count // self._size)
        reach = settings["transpose"] if encoding.key is None else 0
        self._transpositions = np.arange(-reach, reach + 1)

        @lru_cache(maxsize=self._count)
        def encoded(index: int, amount: int) -> tuple[np.ndarray, np.ndarray]:
            events = transpose(dataset.training[index].events, amount)
            return inputs_and_labels(encoding, squash(events, encoding.low, encoding.high, encoding.key)[0])

        self._encoded = encoded

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Inputs (batch, steps, input size) int8, labels (batch, steps) int64, lengths (batch,) int64."""
        epoch, place = divmod(number, self.per_epoch)
        order = np.random.default_rng((self._seed, epoch)).permutation(self._count)
        chosen = np.resize(order[place * self._size : (place + 1) * self._size], self._size)
        rng = np.random.default_rng((self._seed, epoch, place))
        pieces = []
        for index in chosen:
            x, y = self._encoded(int(index), int(rng.choice(self._transpositions)))
            start = int(rng.integers(max(0, len(x) - self._window) + 1))
            pieces.append((x[start : start + self._window], y[start : start + self._window]))
        inputs, labels = zip(*pieces)
        return pad(inputs), pad(labels), np.array([len(row) for row in labels])
