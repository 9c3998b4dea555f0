"""The checkpoints that come with day 1: as their registry says, small, and better than chance at a real tune."""

import json
import random
import statistics
from pathlib import Path

import pytest
from ai_duet.engine.bundle import read_bundle
from ai_duet.model import MelodyRnn

CHECKPOINTS = Path(__file__).resolve().parents[2] / "01_ai_duet" / "checkpoints"
REGISTRY = json.loads((CHECKPOINTS / "registry.json").read_text())
CONFIGURATIONS = {"basic_rnn", "mono_rnn", "lookback_rnn", "attention_rnn"}
STARTERS = [entry for entry in REGISTRY if entry["kind"] == "starter"]
MEGABYTE = 2**20

# "Ode to Joy" in quarter notes, which none of the tune books holds.
ODE_TO_JOY = [
    64,
    64,
    65,
    67,
    67,
    65,
    64,
    62,
    60,
    60,
    62,
    64,
    64,
    62,
    62,
    64,
    64,
    65,
    67,
    67,
    65,
    64,
    62,
    60,
    60,
]


def quarters(pitches):
    return [event for pitch in pitches for event in (pitch, -2, -2, -2)]


def test_every_configuration_has_a_starter_and_an_official_checkpoint():
    assert {entry["name"] for entry in STARTERS} == {f"starter_{name}" for name in CONFIGURATIONS}
    assert {entry["name"] for entry in REGISTRY if entry["kind"] == "official"} == CONFIGURATIONS


def test_every_starter_is_in_the_registry():
    assert sorted(entry["file"] for entry in STARTERS) == sorted(
        path.name for path in CHECKPOINTS.glob("*.mag")
    )


@pytest.mark.parametrize("entry", STARTERS, ids=lambda entry: entry["name"])
def test_a_starter_is_small_and_has_a_licence(entry):
    assert entry["bytes"] < 3 * MEGABYTE
    assert entry["licence"]


@pytest.mark.parametrize("entry", STARTERS, ids=lambda entry: entry["name"])
def test_a_starter_likes_a_tune_better_than_its_notes_at_random(entry):
    network = MelodyRnn.from_bundle(read_bundle(CHECKPOINTS / entry["file"]))
    assert f"starter_{network.configuration}" == entry["name"]
    tune = network.log_likelihood(quarters(ODE_TO_JOY))
    at_random = []
    for seed in range(5):
        shuffled = ODE_TO_JOY.copy()
        random.Random(seed).shuffle(shuffled)
        at_random.append(network.log_likelihood(quarters(shuffled)))
    assert tune > statistics.mean(at_random) + 3
