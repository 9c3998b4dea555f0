"""Networks are bent as asked, the same each time, and are put back bit for bit."""

import numpy as np
import pytest
from gansynth import load as load_gan
from modelfiles.bending import KINDS, Bending
from modelfiles.errors import UserError
from rave_rt import load
from samplernn import load as load_rnn
from timbre_transfer import load as load_instrument

AMOUNTS = {"scale": -1.5, "noise": 0.5, "flip": 0.3, "zero": 0.3, "shift": 0.25, "swap": 0.5}
SOUND = np.random.default_rng(3).normal(0, 0.2, 1 << 13).astype(np.float32)


@pytest.fixture
def weights():
    return np.random.default_rng(1).normal(0, 1, (8, 4, 3)).astype(np.float32)


@pytest.mark.parametrize("kind", KINDS)
def test_a_bend_is_repeatable_and_restored_bit_for_bit(weights, kind):
    own, bending = weights.copy(), Bending({"one": weights, "other": np.ones(3)})
    bending.put([("one", kind, AMOUNTS[kind], 7)])
    bent = weights.copy()
    assert bending.bent and (bent != own).any()
    bending.put([("1", kind, AMOUNTS[kind], 7)])  # by number, and not upon the other
    np.testing.assert_array_equal(weights, bent)
    bending.put([])
    np.testing.assert_array_equal(weights, own)
    assert not bending.bent


def test_what_the_kinds_do(weights):
    own, bending = weights.copy(), Bending({"one": weights})

    def bent(kind, amount):
        bending.put([("one", kind, amount)])
        return weights.copy()

    np.testing.assert_array_equal(bent("scale", 0.5), 0.5 * own)
    assert bent("noise", 0.1).std() == pytest.approx(own.std() * np.sqrt(1.01), rel=0.1)
    np.testing.assert_array_equal(np.abs(bent("flip", 0.5)), np.abs(own))
    assert 0.3 < (bent("zero", 0.5) == 0).mean() < 0.7
    np.testing.assert_array_equal(bent("shift", 0.25), np.roll(own, 2, 0))
    swapped = bent("swap", 1)
    np.testing.assert_array_equal(np.sort(swapped.ravel()), np.sort(own.ravel()))
    assert (swapped != own).any()


@pytest.mark.parametrize(
    "bend, complaint",
    [
        (("three", "scale", 1), "there is no layer three"),
        (("7", "scale", 1), "there is no layer 7"),
        (("one", "melt", 1), "there is no bend melt, only scale"),
        (("one", "scale", float("nan")), "the amount of scale is a number from -100 to 100, not nan"),
        (("one", "noise", float("inf")), "not inf"),
        (("one", "zero", 1.5), "a number from 0 to 1"),
    ],
)
def test_what_cannot_be_is_told_and_changes_nothing(weights, bend, complaint):
    own, bending = weights.copy(), Bending({"one": weights})
    with pytest.raises(UserError, match=complaint):
        bending.put([("one", "scale", 2), bend])
    np.testing.assert_array_equal(weights, own)


def test_a_picture_has_the_lowest_and_highest_of_each_stretch():
    bending = Bending({"one": np.array([0.5, -1.0, 2.0, 0.25], np.float32)})
    assert bending.picture("one", 2).tolist() == [-0.5, 0.25, 0.125, 1.0]
    bending.put([("one", "scale", 2)])
    assert bending.picture("1", 1).tolist() == [-1.0, 2.0]  # as a share of what was the greatest
    assert len(bending.picture("one", 100)) == 200


def test_a_model_is_bent_and_restored():
    model = load()
    own = model.forward(SOUND, seed=1)
    layer = next(name for name, *sizes in model.layers if name.startswith("decoder") and len(sizes) == 3)
    model.bend((layer, "noise", 1.0, 3))
    assert np.abs(model.forward(SOUND, seed=1) - own).max() > 0.001
    model.bend()
    np.testing.assert_array_equal(model.forward(SOUND, seed=1), own)


def instrument():
    model = load_instrument("starter_violin")
    return model, model.bending.put, lambda: model.generate(np.full(50, 220.0), np.full(50, -30.0), seed=1)


def gan():
    model = load_gan("starter")
    point = model.random(1, seed=1)
    return model, model.bending.put, lambda: model.pictures(point, [60])


def rnn():
    model = load_rnn("starter_beat")
    return model, model.bend, lambda: model.generate(0.05, seed=1)


@pytest.mark.parametrize(
    "make",
    [instrument, pytest.param(gan, marks=pytest.mark.slow), pytest.param(rnn, marks=pytest.mark.slow)],
    ids=lambda make: make.__name__,
)
def test_the_models_of_other_days_are_bent_and_restored(make):
    model, bend, answer = make()
    own = answer()
    for layer in (1, len(model.bending.describe())):
        bend([(layer, "noise", 1.0, 3)])
        assert (answer() != own).any()
        bend([])
        np.testing.assert_array_equal(answer(), own)


def test_a_network_that_answers_no_numbers_says_so():
    model, _, answer = instrument()
    own = answer()
    weights = next(model.decoder._network.parameters())
    kept = weights.clone()
    weights.fill_(float("nan"))
    with pytest.raises(UserError, match="bent until it answers no numbers"):
        answer()
    weights.copy_(kept)
    np.testing.assert_array_equal(answer(), own)
