"""Notes and events, tempo, and the inputs of a network: where the original lost steps, and where it is exact."""

import numpy as np
import pretty_midi
import pytest
from ai_duet.engine.encodings import ENCODINGS, counter, direction, likeliest_keys, repeats
from ai_duet.engine.events import NO_EVENT, NOTE_OFF, squash, steps_in, to_events, to_notes
from ai_duet.engine.tempo import estimate_tempo
from ai_duet.model import MelodyModel
from ai_duet.notes import Note
from modelfiles.errors import UserError

EIGHTH = 0.25  # seconds at 120


class Recorder(MelodyModel):
    """A network that always returns the same event, and keeps what it was called with."""

    def __init__(self, event=NO_EVENT):
        self.event = event

    def _continue(self, request):
        self.primer, self.steps = request.primer, request.steps
        return [self.event] * request.steps, 0.0

    def _probabilities(self, events, temperature):
        raise NotImplementedError


def notes(*pitches, length=EIGHTH, start=0.0):
    return [Note(p, 90, start + n * length, start + (n + 1) * length) for n, p in enumerate(pitches)]


# --- from notes to events and back ---------------------------------------------------------------------------


def test_notes_become_events():
    assert to_events(notes(60, 64), 120) == [60, NO_EVENT, 64, NO_EVENT]


@pytest.mark.parametrize(
    ("played", "events"),
    [
        ([], []),
        ([[60, 0, 0, 1]], []),  # velocity 0 is no note
        ([[60, 90, 0, 0]], [60]),  # no note is shorter than a step
        ([[60, 90, 0.06, 0.2]], [60, NO_EVENT]),  # 0.48 and 1.6 steps: the nearest are 0 and 2
        ([[60, 90, 0.0, 0.25], [67, 90, 0.0, 0.125]], [67]),  # of notes that begin together the highest
        ([[60, 90, 0, 1], [62, 90, 0.125, 0.25]], [60, 62]),  # a note that begins ends the one before
        ([[60, 90, 0, 0.125], [62, 90, 0.5, 0.625]], [60, NOTE_OFF, NO_EVENT, NO_EVENT, 62]),
        ([[60, 90, 2.125, 2.25]], [NO_EVENT, 60]),  # from the bar in which it begins
        ([[62, 90, 0.5, 0.625], [60, 90, 0, 0.125]], [60, NOTE_OFF, NO_EVENT, NO_EVENT, 62]),  # any order
    ],
)
def test_every_kind_of_playing_becomes_one_voice(played, events):
    assert to_events([Note(*row) for row in played], 120) == events


def test_events_become_notes():
    events = [NOTE_OFF, 60, NO_EVENT, NOTE_OFF, NO_EVENT, 64, 65]
    assert to_notes(events, 120) == [
        Note(60, 100, 0.125, 0.375),
        Note(64, 100, 0.625, 0.75),
        Note(65, 100, 0.75, 0.875),
    ]


def test_squash_moves_to_c_major_and_into_the_range():
    scale = [62, 64, 66, 67, 69, 71, 73]  # D major
    squashed, amount = squash(scale, 48, 84, 0)
    assert (squashed, amount) == ([60, 62, 64, 65, 67, 69, 71], -2)
    assert squash([NO_EVENT], 48, 84, 0) == ([NO_EVENT], 0)
    assert squash([20, 100, NOTE_OFF], 48, 84, None) == ([56, 76, NOTE_OFF], 0)


# --- steps are whole numbers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("qpm", range(40, 241))
def test_128_steps_are_128_steps_at_every_tempo(qpm):
    """Magenta's command line makes 127 of them at 44, 53, 55 and 45 other tempos."""
    seconds = 128 * 60 / qpm / 4
    for given in (seconds, float(np.float32(seconds)), (seconds + 2.3) - 2.3):
        assert steps_in(given, qpm) == 128


def test_an_answer_is_never_longer_than_asked_for():
    assert steps_in(1.99, 120) == 15
    assert steps_in(0.001, 120) == 1


@pytest.mark.parametrize("length", [1, 2, 3, 7])
def test_the_answer_begins_one_step_after_the_theme(length):
    """Magenta begins two steps after it where the theme ends on a step."""
    network = Recorder(72)
    answer = network.generate(notes(60, length=length * 0.125), 1, tempo=120)
    assert network.primer == [60] + [NO_EVENT] * (length - 1) + [NOTE_OFF]
    assert answer.notes[0].start == 0


def test_a_theme_may_be_longer_than_its_answer():
    """Magenta refuses it."""
    network = Recorder()
    network.generate(notes(*range(60, 80)), 0.5, tempo=120)
    assert (len(network.primer), network.steps) == (41, 4)


def test_no_theme_is_a_step_of_silence():
    network = Recorder()
    network.generate([], 1)
    assert network.primer == [NO_EVENT]


def test_an_answer_of_silence_has_no_notes():
    """The original stumbled over a result without notes."""
    assert Recorder().generate(notes(60), 2).notes == []


@pytest.mark.parametrize(
    "settings",
    [
        {"seconds": 0},
        {"seconds": -1},
        {"seconds": float("nan")},
        {"seconds": 1, "tempo": -1},
        {"seconds": 1, "tempo": 0},
    ],
)
def test_numbers_with_which_nothing_can_be_generated(settings):
    with pytest.raises(UserError, match="cannot"):
        Recorder().generate(notes(60), **settings)


# --- tempo ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "count", "qpm"),
    [
        (0.5, 8, 120),
        (0.4, 8, 150),
        (0.5, 4, 120),  # too few notes to tell
        (0.6, 5, 100),
        (0.21, 9, 60 / 0.21 / 2),  # above 240: halved
        (0.11, 9, 60 / 0.22 / 2),  # below 0.2 s the time is doubled first
        (3.0, 9, 120),  # so slow that there is no rhythm
        (0.0, 9, 120),
    ],
)
def test_tempo_of_equal_notes(length, count, qpm):
    assert estimate_tempo(notes(*[60] * count, length=length)) == pytest.approx(qpm)


def test_tempo_is_that_of_pretty_midi():
    rng = np.random.RandomState(3)
    for _ in range(200):
        onsets = np.cumsum(rng.choice([0.1, 0.25, 0.3, 0.5, 0.7, 1], rng.randint(5, 30)) + rng.randn() * 0.02)
        theirs = pretty_midi.PrettyMIDI()
        theirs.instruments.append(pretty_midi.Instrument(0))
        theirs.instruments[0].notes = [pretty_midi.Note(90, 60, onset, onset + 0.1) for onset in onsets]
        expected = theirs.estimate_tempo()
        ours = estimate_tempo([Note(60, 90, onset, onset + 0.1) for onset in onsets])
        assert ours == pytest.approx(expected / 2 if expected > 240 else expected)


# --- encodings -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "inputs", "labels"),
    [("basic_rnn", 38, 38), ("mono_rnn", 130, 130), ("lookback_rnn", 121, 40), ("attention_rnn", 74, 40)],
)
def test_sizes(name, inputs, labels):
    encoding = ENCODINGS[name]
    assert (encoding.input_size, encoding.labels) == (inputs, labels)
    assert encoding.inputs([60, NO_EVENT, NOTE_OFF]).shape == (3, inputs)


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_label_stands_for_the_event_that_it_was_made_of(name):
    encoding = ENCODINGS[name]
    rng = np.random.RandomState(1)
    events = rng.choice([NO_EVENT, NOTE_OFF, *range(48, 84)], 80).tolist()
    events += events[-16:] + events[-32:]
    for position in range(1, len(events)):
        label = encoding.label_at(events, position)
        assert 0 <= label < encoding.labels
        assert encoding.event_of(label, events[:position]) == events[position]


def test_repeats_further_back_than_the_melody_are_silence():
    for name in ("lookback_rnn", "attention_rnn"):
        encoding = ENCODINGS[name]
        assert encoding.event_of(encoding.labels - 1, [60] * 31) == NO_EVENT
        assert encoding.event_of(encoding.labels - 1, [60, *[62] * 31]) == 60
        assert encoding.event_of(encoding.labels - 2, [60, *[62] * 15]) == 60


def test_a_pitch_outside_the_range_is_refused():
    for encoding in ENCODINGS.values():
        with pytest.raises(ValueError, match="outside the network's range"):
            encoding.input_at([128], 0)


def test_inputs_of_the_key_encoding():
    events = [60, NO_EVENT, 64, NOTE_OFF]
    vectors = ENCODINGS["attention_rnn"].inputs(events)
    sounding, silence, attack, way = vectors[:, 36], vectors[:, 37], vectors[:, 38], vectors[:, 39]
    assert sounding.tolist() == [1, 1, 1, 0]
    assert silence.tolist() == [0, 0, 0, 1]
    assert attack.tolist() == [1, 0, 1, 1]  # a note off does not take it back
    assert way.tolist() == [0, 0, 1, 1]
    assert vectors[1, 60 - 48] == 1
    nothing = ENCODINGS["attention_rnn"].input_at([NO_EVENT], 0)
    assert nothing[50:].tolist() == [1] * 24  # without notes every key is possible


def test_parts_of_the_encodings():
    assert counter(5, 4) == [1, -1, 1, -1]
    assert repeats([60] + [0] * 15 + [60], 16) == [1, 0]
    assert [direction(p) for p in ([], [60], [60, 62], [62, 60, 60], [60, 60])] == [0, 0, 1, -1, 0]
    assert np.flatnonzero(likeliest_keys([60, 62, 64, 65, 67, 69, 71])).tolist() == [0]
