"""The rules of an answer: the key of the theme, and phrases that come to rest on the tonic."""

import numpy as np
import pytest
from ai_duet import load
from ai_duet.engine.encodings import ENCODINGS
from ai_duet.engine.events import NO_EVENT, NOTE_OFF
from ai_duet.engine.phrases import MAJOR_SCALE, MINOR_SCALE, KeyOf, Rules, Shaper, estimate_key
from modelfiles.errors import UserError

ODE = [64, 64, 65, 67, 67, 65, 64, 62, 60, 60, 62, 64, 62, 60, 60]
MINOR = [69, 71, 72, 76, 74, 72, 71, 68, 69]


def held(pitches, length=4):
    return [event for pitch in pitches for event in (pitch, *[NO_EVENT] * (length - 1))]


@pytest.mark.parametrize("amount", range(12))
def test_the_key_of_a_melody_in_every_key(amount):
    ode, minor = ([pitch + amount for pitch in melody] for melody in (ODE, MINOR))
    assert estimate_key(held(ode)) == KeyOf(amount % 12, MAJOR_SCALE)
    assert estimate_key(held(minor)) == KeyOf((9 + amount) % 12, MINOR_SCALE)


def test_silence_has_no_key():
    assert estimate_key([NO_EVENT, NOTE_OFF, NO_EVENT]) is None


@pytest.mark.parametrize("name", ENCODINGS)
def test_what_is_left_stays_in_proportion(name):
    encoding, theme = ENCODINGS[name], held(ODE)
    before = np.random.default_rng(0).dirichlet(np.ones(encoding.labels))
    after = Shaper(Rules(key=True), theme, 16).reshape(before, encoding, theme)
    kept = after > 0
    assert after.sum() == pytest.approx(1)
    np.testing.assert_allclose(after[kept] / after[kept].sum(), before[kept] / before[kept].sum())
    meant = [encoding.event_of(label, theme) for label in range(encoding.labels)]
    assert all(kept[n] == (event < 0 or event % 12 in MAJOR_SCALE) for n, event in enumerate(meant))


def test_what_was_held_impossible_is_still_a_choice():
    encoding, theme = ENCODINGS["basic_rnn"], held(ODE)
    only = np.zeros(encoding.labels)
    only[encoding._index(61)] = 1
    silent = [*theme, *[NO_EVENT] * 8]  # the last note of a phrase of one bar
    after = Shaper(Rules(phrase=1), theme, 16).reshape(only, encoding, silent)
    assert {encoding.event_of(label, silent) % 12 for label in np.flatnonzero(after)} == {0}


def theme(pitches):
    return [(pitch, 90, 0.5 * n, 0.5 * n + 0.5) for n, pitch in enumerate(pitches)]


@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.parametrize("amount", [0, 6])
def test_an_answer_in_key_ends_on_a_long_tonic(name, amount):
    model = load(f"starter_{name}")
    pitches = [pitch + amount for pitch in ODE]
    for seed in range(3):
        answer = model.generate(theme(pitches), 8, tempo=120, temperature=1.3, seed=seed, key=True, phrase=2)
        assert {(note.pitch - amount) % 12 for note in answer.notes} <= MAJOR_SCALE
        last = answer.notes[-1]
        assert (last.pitch - amount) % 12 == 0
        assert last.end == 8 and last.end - last.start >= 0.5
        assert np.isfinite(answer.log_likelihood)
    free = [model.generate(theme(pitches), 8, tempo=120, temperature=1.3, seed=n) for n in range(3)]
    assert any((answer.notes[-1].pitch - amount) % 12 for answer in free if answer.notes)


def test_phrases_come_to_rest_at_bar_lines():
    answer = load("starter_attention_rnn").generate(theme(ODE + ODE[-1:]), 16, tempo=120, seed=2, phrase=2)
    # The theme is four bars and a sixteenth of rest; bars begin every 2 s from 1.875 s on in the answer.
    for end in (5.875, 9.875):
        (note,) = [note for note in answer.notes if note.start < end <= note.end]
        assert end - note.start == pytest.approx(1)  # half a bar, up to the bar line at least
        assert note.pitch % 12 in (0, 7)


def test_no_phrase_of_negative_length():
    with pytest.raises(UserError, match="-1 bars"):
        load("starter_basic_rnn").generate(theme(ODE), 4, phrase=-1)
