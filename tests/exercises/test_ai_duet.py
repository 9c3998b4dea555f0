"""The exercises of day 1 on the starters: what the lesson asks, and what it says one hears."""

from functools import cache

import numpy as np
import pytest
from ai_duet import load
from ai_duet.engine.events import NO_EVENT, to_events
from ai_duet.notes import Note

pytestmark = pytest.mark.slow

NETWORKS = ("basic", "mono", "lookback", "attention")
LADDER = (0.2, 0.6, 1.0, 1.4, 1.8)
PHRASE = (62, 62, 65, 67, 67, 65, 62, 60)  # D D F G G F D C, as in "Play"
SEEDS = range(6)


@cache
def network(name):
    return load(f"starter_{name}_rnn")


def theme(pitches, length=0.25):
    return [(pitch, 90, n * length, (n + 1) * length) for n, pitch in enumerate(pitches)]


def answer(name, pitches, seed, seconds=8, tempo=120, **settings):
    return network(name).generate(theme(pitches), seconds, tempo=tempo, seed=seed, **settings).notes


def test_1_listen_four_networks_three_answers_each():
    """No two of the twelve are alike, and each can be had again by its seed."""
    answers = [tuple(answer(name, PHRASE, seed)) for name in NETWORKS for seed in range(3)]
    assert len(set(answers)) == 12 and all(answers)
    assert answers[0] == tuple(answer("basic", PHRASE, 0))


@pytest.mark.parametrize("name", NETWORKS)
def test_2_the_temperature_ladder(name):
    """From circles to chance: pitches and leaps become more with each two rungs."""
    pitches, leaps = [], []
    for temperature in LADDER:
        lines = [[n.pitch for n in answer(name, PHRASE, seed, temperature=temperature)] for seed in SEEDS]
        pitches.append(np.mean([len(set(line)) for line in lines]))
        leaps.append(np.mean([np.mean(np.abs(np.diff(line))) for line in lines if len(line) > 1]))
    assert pitches[0] < pitches[2] < pitches[4]
    assert leaps[0] < leaps[4]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(
    "played", [[60] * 20, list(range(60, 73)), [61, 74, 58, 69, 66, 77, 52, 70], [60]],
    ids=["one note twenty times", "chromatic", "random", "a single note"],
)  # fmt: skip
def test_3_break_it(name, played):
    """What was never heard is answered too, less surely than a tune."""
    assert any(answer(name, played, seed) for seed in SEEDS)
    model = network(name)

    def nats(pitches):
        events = [event for pitch in pitches for event in (pitch, -2)]
        return -model.log_likelihood(events) / len(events)

    if played in (list(range(60, 73)), [61, 74, 58, 69, 66, 77, 52, 70]):
        assert nats(played) > nats(PHRASE)


def test_4_key_attention_does_not_mind_and_mono_does():
    """The answer in F sharp is that in C, moved, but for mono, which hears what was played."""
    in_c, moved = [60, 62, 64, 65, 67, 64, 60], 6
    in_f_sharp = [pitch + moved for pitch in in_c]
    for name in NETWORKS:
        same = [
            [(n.pitch + moved) % 12 for n in answer(name, in_c, seed)]
            == [n.pitch % 12 for n in answer(name, in_f_sharp, seed)]
            for seed in SEEDS
        ]
        assert all(same) == (name != "mono"), name


@pytest.mark.parametrize("name", NETWORKS)
def test_5_tempo_decides_what_the_notes_are(name):
    """Half a second is an eighth at 60 and two quarters at 240, and the answer's grid follows."""
    played = theme([60, 62, 64, 65, 67, 65, 64, 62], 0.5)
    for tempo in (60, 120, 240):
        notes = network(name).generate(played, 8, tempo=tempo, seed=1).notes
        steps = [(n.end - n.start) * tempo / 15 for n in notes]
        assert np.allclose(steps, np.round(steps))
        heard = to_events([Note(*note) for note in played], tempo)
        assert heard[: 2 * tempo // 60 + 1] == [60, *[NO_EVENT] * (2 * tempo // 60 - 1), 62]


@pytest.mark.parametrize("name", ["basic", "attention"])
def test_6_feedback_bites_its_own_tail(name):
    """Where the answer is the next theme, at a low temperature it soon repeats itself."""
    pitches, seen = list(PHRASE), []
    for _ in range(30):
        pitches = [note.pitch for note in answer(name, pitches, 1, seconds=2, temperature=0.2)] or [60]
        seen.append(tuple(pitches))
    assert len(set(seen[-15:])) <= 8
