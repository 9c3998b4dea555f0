"""The numpy network: weights by role, requests that make no sense, and properties of what it generates."""

import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ai_duet.engine.bundle import read_bundle
from ai_duet.engine.encodings import ENCODINGS
from ai_duet.engine.network import softmax
from ai_duet.model import MelodyRnn
from modelfiles.errors import UserError
from support.melody_weights import random_weights, write_bundle

ROOT = Path(__file__).resolve().parents[2]
THEME = [60, -2, 62, -2, 64, -1]


@pytest.fixture(params=ENCODINGS)
def network(request):
    return MelodyRnn(request.param, *random_weights(request.param))


def test_the_worker_needs_neither_torch_nor_tensorflow():
    """They would cost it seconds before it is ready."""
    code = (
        "import sys, ai_duet.worker\n"
        "print([name for name in ('torch', 'tensorflow', 'magenta', 'scipy', 'librosa') if name in sys.modules])"
    )
    path = f"{ROOT / '01_ai_duet'}:{ROOT / 'pyext_py3'}"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": path}, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_a_continuation(network):
    events, likelihood = network.continue_melody(THEME, 40, rng=np.random.RandomState(1))
    assert len(events) == 40
    assert all(-2 <= event <= 127 for event in events)
    assert likelihood < 0


def test_the_same_seed_gives_the_same_continuation(network):
    first, second, other = (
        network.continue_melody(THEME, 40, rng=np.random.RandomState(seed)) for seed in (1, 1, 2)
    )
    assert first == second != other


def test_the_likeliest_of_the_candidates_stays(network):
    """Each candidate's draws are its own, so the best of several is the best of what they give one by one."""
    steps, candidates = 20, 5
    draws = np.random.RandomState(3).random_sample((steps, candidates))
    _, best = network.continue_melody(THEME, steps, candidates=candidates, rng=np.random.RandomState(3))

    class Column:
        def __init__(self, number):
            self.values = iter(draws[:, number])

        def choice(self, count, p):
            return np.searchsorted(np.cumsum(p) / np.sum(p), next(self.values), side="right")

    alone = [network.continue_melody(THEME, steps, rng=Column(number))[1] for number in range(candidates)]
    assert best == pytest.approx(max(alone))
    assert max(alone) > min(alone)


def test_a_low_temperature_makes_the_likeliest_choice(network):
    events, _ = network.continue_melody(THEME, 1, temperature=1e-6)
    label = network.probabilities(THEME)[-1].argmax()
    assert network.probabilities(THEME, 1e-6)[-1, label] == pytest.approx(1)
    assert len(events) == 1


def test_an_answer_comes_back_in_the_key_of_the_theme():
    """In F sharp major the network hears C major; what it says is moved back by as much."""
    network = MelodyRnn("basic_rnn", *random_weights("basic_rnn"))
    theme = [60, 62, 64, 65, 67, 69, 71, 72]
    higher = [event + 6 for event in theme]
    answers = [
        network.continue_melody(melody, 30, rng=np.random.RandomState(1))[0] for melody in (theme, higher)
    ]
    assert answers[1] == [event + 6 if event >= 0 else event for event in answers[0]]


def test_the_likelihood_of_a_melody_is_the_product_of_its_probabilities(network):
    probabilities = network.probabilities(THEME)
    squashed = THEME  # already in C major and in the middle
    labels = [network.encoding.label_at(squashed, position) for position in range(1, len(THEME))]
    expected = sum(np.log(probabilities[position, label]) for position, label in enumerate(labels))
    assert network.log_likelihood(THEME) == pytest.approx(expected)


def test_probabilities_sum_to_one_as_closely_as_numpy_asks():
    logits = np.random.RandomState(1).randn(1000, 130).astype("f4") * 50
    assert np.abs(softmax(logits).sum(1) - 1).max() < 1e-12


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"temperature": 0}, "temperature"),
        ({"temperature": -1}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": float("inf")}, "temperature"),
        ({"candidates": 0}, "candidates"),
        ({"steps": 0}, "steps"),
        ({"primer": []}, "no event"),
    ],
)
def test_requests_that_make_no_sense(network, request_, message):
    with pytest.raises(UserError, match=message):
        network.continue_melody(**{"primer": THEME, "steps": 1, **request_})


def test_progress_comes_before_each_step_and_may_end_it(network):
    fractions = []
    network.continue_melody(THEME, 4, progress=fractions.append)
    assert fractions == [0, 0.25, 0.5, 0.75]
    with pytest.raises(InterruptedError):
        network.continue_melody(THEME, 4, progress=interrupt)


def interrupt(_):
    raise InterruptedError


# --- weights -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(3,), (4, 6), (5, 4, 3)])
@pytest.mark.parametrize("outside", [False, True])
def test_any_sizes_and_both_places_of_the_attention(sizes, outside):
    variables, width = random_weights("attention_rnn", sizes, attention_length=7, outside=outside)
    network = MelodyRnn("attention_rnn", variables, width)
    assert (network.layers, network.attention_length) == (list(sizes), 7)
    assert network.probabilities(THEME).shape == (len(THEME), 40)


def test_what_only_training_needs_is_left_out():
    variables, width = random_weights("basic_rnn")
    kernel = "rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel"
    training = {
        "global_step": np.int64(7),
        "beta1_power": np.float32(0.9),
        f"{kernel}/Adam": variables[kernel] + 1,
        f"{kernel}/Adam_1": variables[kernel] + 2,
    }
    with_them = MelodyRnn("basic_rnn", {**training, **variables}, width)
    without = MelodyRnn("basic_rnn", variables, width)
    np.testing.assert_allclose(with_them.probabilities(THEME), without.probabilities(THEME), rtol=1e-5)


def without(pattern):
    return lambda variables: {name: array for name, array in variables.items() if pattern not in name}


def changed(pattern, change):
    return lambda variables: {
        name: change(array) if pattern in name else array for name, array in variables.items()
    }


@pytest.mark.parametrize(
    ("name", "spoil", "message"),
    [
        ("performance_rnn", dict, "no Melody RNN"),
        ("basic_rnn", without(""), "no LSTM layer"),
        ("basic_rnn", without("fully_connected"), "output are missing"),
        ("attention_rnn", without("attn_w"), "are missing"),
        ("attention_rnn", without("attention/kernel"), "are missing"),
        ("mono_rnn", dict, "gets 130 numbers a step, these weights 38"),
        ("basic_rnn", changed("cell_1/basic_lstm_cell/kernel", lambda a: a[:-1]), "do not fit"),
        ("basic_rnn", changed("weights", lambda a: a[:, :-1]), "impossible shapes"),
        ("basic_rnn", changed("fully_connected", lambda a: a[..., :-1]), "chooses among 38 labels"),
        ("basic_rnn", changed("weights", lambda a: a * np.nan), "not numbers"),
        (
            "basic_rnn",
            lambda v: {**v, "rnn/input_projection_wrapper/kernel": v["fully_connected/biases"]},
            "another",
        ),
    ],
)
def test_weights_that_make_no_network(name, spoil, message):
    kind = name if name == "attention_rnn" else "basic_rnn"
    variables, width = random_weights(kind)
    with pytest.raises(UserError, match=message):
        MelodyRnn(name, spoil(variables), width)


@pytest.mark.parametrize("width", [None, 0, 22, 30])
def test_attention_of_unknown_length(width):
    variables, _ = random_weights("attention_rnn")
    with pytest.raises(UserError, match="length of the attention"):
        MelodyRnn("attention_rnn", variables, width)


# --- bundles -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_bundle(tmp_path, name):
    variables, width = random_weights(name)
    write_bundle(tmp_path / "x.mag", name, variables, width)
    bundle = read_bundle(tmp_path / "x.mag")
    assert (bundle.configuration, bundle.state_width) == (name, width)
    ours = MelodyRnn.from_bundle(bundle).probabilities(THEME)
    np.testing.assert_allclose(ours, MelodyRnn(name, variables, width).probabilities(THEME), rtol=1e-5)


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"\0" * 100, b"PK\3\4", b"\x0a\x00"])
def test_a_file_that_is_no_bundle(tmp_path, content):
    (tmp_path / "x.mag").write_bytes(content)
    with pytest.raises(UserError, match=r"x\.mag is not a Magenta bundle"):
        read_bundle(tmp_path / "x.mag")


def test_damaged_bundles_are_refused_or_play(tmp_path):
    variables, width = random_weights("attention_rnn", (3,), 2)
    write_bundle(tmp_path / "x.mag", "attention_rnn", variables, width)
    whole = (tmp_path / "x.mag").read_bytes()
    rng = random.Random(1)
    for _ in range(1000):
        damaged = bytearray(whole)
        if rng.random() < 0.3:
            del damaged[rng.randrange(len(damaged)) :]
        for _ in range(rng.randint(0, 3)):
            # The graph comes last, and no checksum guards it.
            place = (
                rng.randrange(len(damaged)) if rng.random() < 0.5 else -rng.randint(1, min(100, len(damaged)))
            )
            damaged[place] = rng.randrange(256)
        (tmp_path / "x.mag").write_bytes(damaged)
        try:
            MelodyRnn.from_bundle(read_bundle(tmp_path / "x.mag"))
        except UserError as error:
            assert "\n" not in str(error)
