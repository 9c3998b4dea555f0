"""Hallucinations: the path between keys, the envelope of a note, notes laid over each other."""

import numpy as np
import pytest
from gansynth.hallucination import PEAK, Envelope, combine, path
from hypothesis import given, settings
from hypothesis import strategies as st
from modelfiles.errors import UserError

RATE = 1000


def line(start, end, amount):
    return (1 - amount) * start + amount * end


def test_each_key_is_played_once():
    points = path(np.array([[0.0], [1.0], [2.0]]), 3, line)
    np.testing.assert_allclose(points[:, 0], [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2])


@pytest.mark.parametrize("keys, steps", [(1, 0), (1, 5), (2, 0), (5, 5), (4, 20)])
def test_number_of_notes(keys, steps):
    points = path(np.random.default_rng(0).standard_normal((keys, 8)), steps)
    assert points.shape == (keys + (keys - 1) * steps, 8)


def test_equal_keys_are_no_division_by_zero():
    assert np.isfinite(path(np.ones((3, 8)), 4)).all()


def test_envelope_rises_holds_and_falls():
    gains = Envelope(attack=0.1, sustain=0.2, release=0.1).gains(RATE)
    assert len(gains) == 400
    assert gains[0] == 0 and gains[-1] == 0
    assert (gains[100:300] == 1).all()
    assert (np.diff(gains[:100]) > 0).all() and (np.diff(gains[300:]) < 0).all()


@pytest.mark.parametrize(
    "asked, played",
    [
        ((0, 0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        ((1, 1, 2, 2), (1, 0, 2)),
        ((0, 4, 1, 4), (2, 0, 2)),
        ((2, 0, 9, 0), (0, 2, 0)),
    ],
)
def test_envelope_longer_than_the_note_is_shortened(asked, played):
    trim, attack, sustain, release = asked
    fitted = Envelope(0.1, trim, attack, sustain, release).within(4)
    assert (fitted.attack, fitted.sustain, fitted.release) == pytest.approx(played)


@pytest.mark.parametrize("envelope", [Envelope(trim=4), Envelope(attack=0, sustain=0, release=0)])
def test_nothing_to_hear_is_said(envelope):
    with pytest.raises(UserError):
        envelope.within(4)


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 64),
    st.floats(0.001, 2),
    *[st.floats(0, 1.5)] * 4,
    st.integers(0, 100),
)
def test_length_is_exact_and_nothing_clips(count, spacing, trim, attack, sustain, release, seed):
    notes = np.random.default_rng(seed).standard_normal((count, 2 * RATE))
    notes[::3] = 0
    envelope = Envelope(spacing, trim, attack, sustain, release)
    try:
        fitted = envelope.within(2)
    except UserError:
        return
    sound = combine(notes, len(notes), envelope, RATE)
    ring = sum(round(part * RATE) for part in (fitted.attack, fitted.sustain, fitted.release))
    assert len(sound) == round((count - 1) * spacing * RATE) + ring
    assert np.isfinite(sound).all()
    assert np.abs(sound).max(initial=0) <= PEAK + 1e-6


def test_settings_at_which_the_original_cut_its_buffer_short():
    sound = combine(np.ones((2, 4 * RATE)), 2, Envelope(spacing=0.1, sustain=3), RATE)
    assert len(sound) == 4100


def test_silent_and_negative_notes():
    notes = np.zeros((3, RATE))
    envelope = Envelope(0.5, 0, 0.1, 0.2, 0.1)
    assert not combine(notes, len(notes), envelope, RATE).any()
    notes[1] = -0.1
    sound = combine(notes, len(notes), envelope, RATE)
    assert sound.min() == pytest.approx(-PEAK) and sound.max() <= 0


def test_no_gap_between_notes_that_overlap():
    notes = np.ones((5, RATE))
    sound = combine(notes, 5, Envelope(0.5, 0, 0.5, 0, 0.5), RATE)
    assert sound[250:-250].min() > 0.4 * PEAK
