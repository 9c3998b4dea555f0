"""The exercises of day 1 on the starters: what the lesson asks, and what it says one hears."""

from functools import cache

import numpy as np
import pytest
from ai_duet import load
from ai_duet.engine.events import NO_EVENT, to_events
from ai_duet.notes import Note
from support.duet_player import DAY, Duet

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


def test_1_listen_four_networks_three_answers_each(row):
    """No two of the twelve are alike, and each can be had again by its seed."""
    answers = [tuple(answer(name, PHRASE, seed)) for name in NETWORKS for seed in range(3)]
    row("1.1", "twelve different answers, each again by its seed", f"{len(set(answers))} different ones")
    assert len(set(answers)) == 12 and all(answers)
    assert answers[0] == tuple(answer("basic", PHRASE, 0))


@pytest.mark.parametrize("name", NETWORKS)
def test_2_the_temperature_ladder(name, row):
    """From circles to chance: pitches and leaps become more with each two rungs."""
    pitches, leaps = [], []
    for temperature in LADDER:
        lines = [[n.pitch for n in answer(name, PHRASE, seed, temperature=temperature)] for seed in SEEDS]
        pitches.append(np.mean([len(set(line)) for line in lines]))
        leaps.append(np.mean([np.mean(np.abs(np.diff(line))) for line in lines if len(line) > 1]))
    row(
        "1.2",
        "more pitches and larger leaps with each two rungs",
        f"{name}: {', '.join(f'{count:.1f}' for count in pitches)} pitches; leaps of "
        f"{', '.join(f'{leap:.1f}' for leap in leaps)} semitones",
    )
    assert pitches[0] < pitches[2] < pitches[4]
    assert leaps[0] < leaps[4]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(
    "played", [[60] * 20, list(range(60, 73)), [61, 74, 58, 69, 66, 77, 52, 70], [60]],
    ids=["one note twenty times", "chromatic", "random", "a single note"],
)  # fmt: skip
def test_3_break_it(name, played, row):
    """What was never heard is answered too, less surely than a tune."""
    assert any(answer(name, played, seed) for seed in SEEDS)
    model = network(name)

    def nats(pitches):
        events = [event for pitch in pitches for event in (pitch, -2)]
        return -model.log_likelihood(events) / len(events)

    if played in (list(range(60, 73)), [61, 74, 58, 69, 66, 77, 52, 70]):
        row(
            "1.3",
            "an answer, and less sure of a scale and of random notes than of a tune",
            f"{name}: {nats(played):.2f} against {nats(PHRASE):.2f} nats an event",
        )
        assert nats(played) > nats(PHRASE)


def test_4_key_attention_does_not_mind_and_mono_does(row):
    """The answer in F sharp is that in C, moved, but for mono, which hears what was played."""
    in_c, moved = [60, 62, 64, 65, 67, 64, 60], 6
    in_f_sharp = [pitch + moved for pitch in in_c]
    for name in NETWORKS:
        same = [
            [(n.pitch + moved) % 12 for n in answer(name, in_c, seed)]
            == [n.pitch % 12 for n in answer(name, in_f_sharp, seed)]
            for seed in SEEDS
        ]
        row(
            "1.4",
            "the same answer in both keys, but from mono",
            f"{name}: {sum(same)} of {len(same)} the same",
        )
        assert all(same) == (name != "mono"), name


@pytest.mark.parametrize("name", NETWORKS)
def test_5_tempo_decides_what_the_notes_are(name, row):
    """Half a second is an eighth at 60 and two quarters at 240, and the answer's grid follows."""
    played = theme([60, 62, 64, 65, 67, 65, 64, 62], 0.5)
    for tempo in (60, 120, 240):
        notes = network(name).generate(played, 8, tempo=tempo, seed=1).notes
        steps = [(n.end - n.start) * tempo / 15 for n in notes]
        assert np.allclose(steps, np.round(steps))
        heard = to_events([Note(*note) for note in played], tempo)
        assert heard[: 2 * tempo // 60 + 1] == [60, *[NO_EVENT] * (2 * tempo // 60 - 1), 62]
    row("1.5", "half a second is an eighth at 60, two quarters at 240", f"{name}: 2, 4 and 8 sixteenths")


@pytest.mark.parametrize("name", ["basic", "attention"])
def test_6_feedback_repeats_itself(name, row):
    """Where the answer is the next theme, at a low temperature it soon repeats itself."""
    pitches, seen = list(PHRASE), []
    for _ in range(30):
        pitches = [note.pitch for note in answer(name, pitches, 1, seconds=2, temperature=0.2)] or [60]
        seen.append(tuple(pitches))
    row(
        "1.6",
        "soon the same few phrases",
        f"{name}: {len(set(seen[-15:]))} different ones in the last 15 rounds",
    )
    assert len(set(seen[-15:])) <= 8


FEEDBACK = """#N canvas 40 30 500 300 12;
#X obj 20 20 receive ai_duet-out;
#X obj 20 50 route note;
#X obj 20 80 list prepend note;
#X obj 20 110 list trim;
#X obj 20 140 send ai_duet;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 2 0 3 0;
#X connect 3 0 4 0;
"""

SYNTH = """#N canvas 40 30 500 400 12;
#X obj 20 20 receive ai_duet-out;
#X obj 20 50 route note;
#X obj 20 80 unpack f f;
#X obj 20 110 mtof;
#X obj 20 140 osc~;
#X obj 120 110 / 127;
#X obj 20 170 *~;
#X obj 20 200 tabwrite~ heard;
#X obj 120 200 r record;
#X obj 220 200 array define heard 264600;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 2 0 3 0;
#X connect 2 1 5 0;
#X connect 3 0 4 0;
#X connect 4 0 6 0;
#X connect 5 0 6 1;
#X connect 6 0 7 0;
#X connect 8 0 7 0;
"""


@pytest.fixture
def duet(patch, tmp_path):
    """`duet(text)`: the day's patch in real Pd, with a network, and a patch of one's own beside it."""
    opened = []

    def start(text):
        file = tmp_path / "own.pd"
        file.write_text(text)
        duet = Duet(patch(DAY / "ai_duet.pd", "ai_duet", file).pd)
        opened.append(duet)
        duet.load()
        return duet

    yield start
    for duet in opened:
        duet.pd.close()


def test_6_the_feedback_patch_goes_on_by_itself(duet, row):
    """Each answer is the next theme: the network answers without being asked again."""
    player = duet(FEEDBACK)
    for name, value in (("duet", 1), ("rest", 50), ("tempo", 240), ("temperature", 0.5)):
        player.send(name, value)
    player.play([62, 65, 67, 65])
    rounds = [player.expect("generated", timeout=60)[1] for _ in range(4)]
    row("1.6", "the patch goes on by itself", f"four answers after one phrase: {rounds} notes")
    assert player.pd.errors() == []


def test_7_another_instrument(duet, row):
    """A sine of one's own plays the notes of the piano roll."""
    player = duet(SYNTH)
    player.send("tempo", 120)
    player.send("seed", 1)
    player.play([62, 65, 67, 65])
    player.send("generate", 5)
    player.expect("generated", timeout=60)
    player.pd.send("record")
    player.expect("played", timeout=60)
    player.pd.let_time_pass(1500)
    start = player.drawn("answer")[0][1]
    drawn = [(pitch, begin - start, length) for pitch, begin, length in player.drawn("answer")]
    sound, right = np.array(player.pd.array("heard")), 0
    offset = np.flatnonzero(np.abs(sound) > 0.01)[0]
    for pitch, begin, length in drawn:
        middle = sound[offset + round(44100 * begin) :][: round(44100 * length)]
        crossings = np.mean(np.abs(np.diff(np.sign(middle))) > 0) * 44100 / 2
        right += abs(69 + 12 * np.log2(crossings / 440) - pitch) < 1
    row(
        "1.7",
        "one's own synth plays the notes of the piano roll",
        f"{right} of {len(drawn)} at their pitch and time",
    )
    assert right >= 0.8 * len(drawn) > 0
    assert player.pd.errors() == []
