"""How near sounds come to a training set, and what a training cost: the curve of memorisation, the model cards."""

import re

import numpy as np
import pytest
from dlwakit.training.card import WATTS, cost
from dlwakit.training.nearness import Nearness
from support.course_copy import ROOT

RATE = 8000
CARDS = sorted(ROOT.glob("0[0-9]_*/checkpoints/MODEL_CARD.md"))


def melody(seed, seconds=8):
    """Tones of a fifth of a second at pitches by chance, float32."""
    hertz = np.random.default_rng(seed).uniform(100, 2000, 5 * seconds).repeat(RATE // 5)
    return np.float32(0.3 * np.sin(2 * np.pi * np.cumsum(hertz) / RATE))


def test_a_quotation_is_nearer_than_sounds_that_were_held_out():
    known = melody(1)
    near = Nearness((known * 32767).astype(np.int16).reshape(4, -1), melody(2), RATE)
    held_out = near.lines["held-out sounds"]
    quoted, late, own = map(near.of, (known[16384:32384], known[16500:32500], melody(3)))
    assert quoted["nearest_db"] < 0.2 * held_out and late["nearest_db"] < 0.8 * held_out
    assert own["nearest_db"] == pytest.approx(held_out, rel=0.3)
    assert quoted["nearest_db"] < 0.2 * quoted["next_db"] and late["nearest_db"] < 0.8 * late["next_db"]
    assert own["nearest_db"] > 0.8 * own["next_db"]


def test_noise_is_near_to_no_place_alone():
    random = np.random.default_rng(0)
    found = Nearness(random.normal(0, 0.1, 8 * RATE), np.zeros(0), RATE).of(random.normal(0, 0.1, 2 * RATE))
    assert 0.9 * found["next_db"] < found["nearest_db"] <= found["next_db"]


def test_what_is_shorter_than_a_second_has_no_distance():
    near = Nearness(melody(1), np.zeros(100, np.int16), RATE)
    assert near.lines == {} and near.of(melody(2)[:4000]) == {}
    assert Nearness(np.zeros(10), melody(1), RATE).lines == {}


def test_a_card_says_minutes_energy_and_what_was_assumed():
    said = cost(1200, "processor")
    assert said.startswith("20 min of training on a processor. That is about 15 Wh")
    assert f"{WATTS['processor']} W, which is assumed" in said
    assert "about 117 Wh" in cost(1200, "graphics card")


@pytest.mark.parametrize("card", CARDS, ids=[card.parts[-3] for card in CARDS])
def test_the_card_of_a_starter_says_its_energy(card):
    text = card.read_text()
    assert re.search(r"\d Wh\b", text) and f"{WATTS['processor']} W, which is assumed" in text
    assert re.search(r"\d minutes|--minutes \d", text)
