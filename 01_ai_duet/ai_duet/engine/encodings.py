"""Input and label encodings of the four Melody RNN configurations; worker process.

After each event a network gets one input vector, and gives a probability to each label: what the next event may
be. Formulas: note_seq/encoder_decoder.py and melody_encoder_decoder.py; ranges: melody_rnn_model.py of magenta.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .events import NO_EVENT, NOTE_OFF, STEPS_PER_BAR, major_keys

LOOKBACKS = (16, 32)  # steps: a bar and two bars ago


class OneHot:
    """The current event alone. Labels: nothing new, note off, then the pitches upwards.

    Parameters
    ----------
    low, high : int
        The range of pitches, without `high`.
    key : int or None
        The major key into which melodies are moved, 0 for C; None: they stay in theirs.
    """

    def __init__(self, low: int, high: int, key: int | None) -> None:
        self.low, self.high, self.key = low, high, key
        self.events = high - low + 2

    @property
    def input_size(self) -> int:
        """Numbers in an input vector."""
        return self.events

    @property
    def labels(self) -> int:
        """How many labels there are."""
        return self.events

    def input_at(self, events: Sequence[int], position: int) -> np.ndarray:
        """Return the input vector of the event at `position`, float32 [input_size]."""
        vector = np.zeros(self.input_size, np.float32)
        vector[self._index(events[position])] = 1
        return vector

    def inputs(self, events: Sequence[int]) -> np.ndarray:
        """Return the input vectors of all events, float32 [len(events), input_size]."""
        return np.stack([self.input_at(events, position) for position in range(len(events))])

    def event_of(self, label: int, events: Sequence[int]) -> int:
        """Return the event that a label stands for, after these events."""
        return label - 2 if label < 2 else label - 2 + self.low

    def label_at(self, events: Sequence[int], position: int) -> int:
        """Return the label for the event at `position`."""
        return self._index(events[position])

    def _index(self, event: int) -> int:
        if event < 0:
            return event + 2
        if not self.low <= event < self.high:
            raise ValueError(f"pitch {event} is outside the network's range, {self.low} to {self.high - 1}")
        return event - self.low + 2


class Lookback(OneHot):
    """Also what came next a bar and two bars ago, the time, and whether the melody repeats itself.

    Two more labels mean: the same as one bar, or two bars, ago.
    """

    counter_bits = 5

    @property
    def input_size(self) -> int:
        return self.events * (1 + len(LOOKBACKS)) + self.counter_bits + len(LOOKBACKS)

    @property
    def labels(self) -> int:
        return self.events + len(LOOKBACKS)

    def input_at(self, events: Sequence[int], position: int) -> np.ndarray:
        vector = np.zeros(self.input_size, np.float32)
        ahead = [position - distance + 1 for distance in LOOKBACKS]
        current = [events[position], *(events[place] if place >= 0 else NO_EVENT for place in ahead)]
        for number, event in enumerate(current):
            vector[number * self.events + self._index(event)] = 1
        time = self.events * len(current)
        vector[time : time + self.counter_bits] = counter(position + 1, self.counter_bits)
        vector[time + self.counter_bits :] = repeats(events, position)
        return vector

    def event_of(self, label: int, events: Sequence[int]) -> int:
        if label < self.events:
            return super().event_of(label, events)
        distance = LOOKBACKS[label - self.events]
        return events[-distance] if len(events) >= distance else NO_EVENT

    def label_at(self, events: Sequence[int], position: int) -> int:
        # The furthest repeat comes first; the silence before the beginning counts as one.
        if position < LOOKBACKS[-1] and events[position] == NO_EVENT:
            return self.labels - 1
        repeated = repeats(events, position)
        if any(repeated):
            return self.events + max(number for number, yes in enumerate(repeated) if yes)
        return super().label_at(events, position)


class Key(Lookback):
    """The note that sounds, direction, repeats, time, and the keys that the melody may be in.

    Labels: the pitches, nothing new, note off, and the two repeats.
    """

    counter_bits = 7

    @property
    def input_size(self) -> int:
        return (self.high - self.low) + 2 + 2 + len(LOOKBACKS) + self.counter_bits + 1 + 12 + 12

    def input_at(self, events: Sequence[int], position: int) -> np.ndarray:
        range_ = self.high - self.low
        past = events[: position + 1]
        pitches = [event for event in past if event >= 0]
        last = next((event for event in reversed(past) if event != NO_EVENT), NOTE_OFF)
        note = np.zeros(range_ + 2, np.float32)
        if last >= 0:
            note[[self._index(last) - 2, range_]] = 1
        else:
            note[range_ + 1] = 1
        # A note that ends at once still counts as struck, as it did in training.
        attack = next((event for event in reversed(past) if event != NOTE_OFF), NO_EVENT) >= 0
        recent = list(dict.fromkeys(reversed(pitches)))[:3]
        return np.concatenate(
            [
                note,
                [attack, direction(pitches)],
                repeats(events, position),
                counter(position + 1, self.counter_bits),
                [(position + 1) % STEPS_PER_BAR == 0],
                likeliest_keys(pitches),
                likeliest_keys(recent),
            ],
            dtype=np.float32,
        )

    def event_of(self, label: int, events: Sequence[int]) -> int:
        range_ = self.high - self.low
        if label < range_:
            return label + self.low
        return super().event_of(label - range_ if label < self.events else label, events)

    def label_at(self, events: Sequence[int], position: int) -> int:
        label = super().label_at(events, position)
        if label >= self.events:
            return label
        return label - 2 if label >= 2 else label + self.high - self.low


def counter(number: int, bits: int) -> list[int]:
    """Return the binary digits of a number, lowest first, as 1 and -1."""
    return [1 if number >> bit & 1 else -1 for bit in range(bits)]


def repeats(events: Sequence[int], position: int) -> list[int]:
    """Return [2]: 1 if the event is the same as one, and two, bars before, else 0."""
    places = [position - distance for distance in LOOKBACKS]
    return [int(place >= 0 and events[place] == events[position]) for place in places]


def direction(pitches: Sequence[int]) -> int:
    """Return 1 if the last change of pitch went up, -1 if down, 0 if there was none."""
    for before, after in zip(pitches[-2::-1], pitches[:0:-1]):
        if before != after:
            return 1 if after > before else -1
    return 0


def likeliest_keys(pitches: Sequence[int]) -> np.ndarray:
    """Return bool [12]: the major keys that have most of the pitches; all of them while there are none."""
    keys = major_keys(pitches)
    return keys == keys.max()


ENCODINGS: dict[str, OneHot] = {
    "basic_rnn": OneHot(48, 84, key=0),
    "mono_rnn": OneHot(0, 128, key=None),
    "lookback_rnn": Lookback(48, 84, key=0),
    "attention_rnn": Key(48, 84, key=0),
}
