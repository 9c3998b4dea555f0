"""Our Melody RNN against Magenta's, on the same random weights: default, official and odd sizes, and old names."""

import json
from pathlib import Path

import numpy as np
import pytest
from ai_duet.engine.bundle import read_bundle
from ai_duet.model import MelodyRnn
from support.tensorflow_environment import run_in_tensorflow

pytestmark = pytest.mark.tensorflow
SCRIPT = Path(__file__).with_name("melody_rnn_magenta.py")
TUNE = [67, -2, 64, -2, 65, -2, -1, -2, 67, 67, 72, -2, 71, 69, -1, -2]
ORDERS = {
    # A phrase with rests and repeats, longer than both lookbacks and the attention; and three short ones: another
    # key, a wide range, silence.
    "melodies": [
        TUNE * 2 + TUNE[:9] + [74, -2, -1, 60] + TUNE * 2,
        [61, 63, -2, 66, 66, -1, 70, 68],
        [30, -2, 101, -1, -1, 55],
        [-2, -2],
    ],
    "notes": [[60, 90, 0.02, 0.26], [64, 90, 0.24, 0.5], [67, 90, 0.49, 0.9], [72, 90, 1.0, 2.0]],
    "temperature": 0.9,
    "candidates": [1, 4],
    "steps": 160,
    "seconds": 8,
    "seed": 5,
}
BUNDLES = [
    *(
        f"{name}{size}"
        for name in ("basic_rnn", "mono_rnn", "lookback_rnn", "attention_rnn")
        for size in ("", "_512")
    ),
    "odd",
    "outside",
]


@pytest.fixture(scope="module")
def magenta(tmp_path_factory):
    """(folder of bundles, what Magenta did with them)."""
    folder = tmp_path_factory.mktemp("melody")
    (folder / "melodies.json").write_text(json.dumps(ORDERS))
    run_in_tensorflow(SCRIPT, folder)
    return folder, np.load(folder / "answers.npz")


def network(folder, name):
    return MelodyRnn.from_bundle(read_bundle(folder / f"{name}.mag"))


@pytest.mark.parametrize("name", BUNDLES)
@pytest.mark.parametrize("number", range(len(ORDERS["melodies"])))
def test_the_same_probabilities_along_a_melody(magenta, name, number):
    folder, answers = magenta
    ours = network(folder, name).probabilities(ORDERS["melodies"][number], ORDERS["temperature"])
    theirs = answers[f"{name} probabilities {number}"]
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("name", BUNDLES)
def test_the_networks_are_decided(magenta, name):
    """With uniform probabilities everything would agree with everything."""
    probabilities = magenta[1][f"{name} probabilities 0"]
    assert probabilities.max() > 3 / probabilities.shape[1]


@pytest.mark.parametrize("name", BUNDLES)
@pytest.mark.parametrize("candidates", ORDERS["candidates"])
def test_the_same_continuation_from_the_same_draws(magenta, name, candidates):
    folder, answers = magenta
    events, likelihood = network(folder, name).continue_melody(
        ORDERS["melodies"][0],
        ORDERS["steps"],
        temperature=ORDERS["temperature"],
        candidates=candidates,
        rng=np.random.RandomState(ORDERS["seed"]),
    )
    assert events == answers[f"{name} events {candidates}"].tolist()
    assert likelihood == pytest.approx(float(answers[f"{name} events {candidates} likelihood"]), abs=1e-3)


@pytest.mark.parametrize("name", BUNDLES)
def test_the_same_likelihood(magenta, name):
    folder, answers = magenta
    for number, melody in enumerate(ORDERS["melodies"]):
        ours = network(folder, name).log_likelihood(melody)
        assert ours == pytest.approx(float(answers[f"{name} likelihood {number}"]), abs=1e-3)


@pytest.mark.parametrize("name", BUNDLES)
def test_the_same_notes(magenta, name):
    folder, answers = magenta
    answer = network(folder, name).generate(ORDERS["notes"], ORDERS["seconds"], seed=ORDERS["seed"])
    np.testing.assert_allclose(np.reshape(answer.notes, (-1, 4)), answers[f"{name} notes"])


@pytest.mark.parametrize("name", ["basic_rnn", "mono_rnn", "lookback_rnn", "attention_rnn"])
def test_the_same_notes_as_unmodified_magenta(magenta, name):
    folder, answers = magenta
    orders = ORDERS["notes"], ORDERS["seconds"]
    answer = network(folder, name).generate(*orders, tempo=120, seed=ORDERS["seed"])
    ours = np.reshape(answer.notes, (-1, 4))[:, [0, 2, 3]]
    np.testing.assert_allclose(ours, answers[f"{name} unmodified"], atol=1e-6)


@pytest.mark.parametrize("age", ["old_names", "old_names_2017"])
@pytest.mark.parametrize("name", ["basic_rnn", "attention_rnn", "outside"])
def test_the_same_weights_under_older_names(magenta, name, age):
    folder, answers = magenta
    ours = network(folder, f"{age}_{name}").probabilities(ORDERS["melodies"][0], ORDERS["temperature"])
    np.testing.assert_allclose(ours, answers[f"{name} probabilities 0"], atol=1e-5)
