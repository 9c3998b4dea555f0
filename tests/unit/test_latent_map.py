"""A map of sounds: where they lie, what lies between them, paths over it, and what cannot be mapped."""

import numpy as np
import pytest
from modelfiles.errors import UserError
from modelfiles.latent_map import LatentMap, places_along, walk
from modelfiles.sounds import read_beginning, write_sound


def codes(count=60, latents=8):
    """Latents of sounds of different lengths, in three groups."""
    rng = np.random.default_rng(1)
    return {
        f"sound-{one:02d}": rng.normal(3 * (one % 3), 1, (latents, 20 + one)).astype(np.float32)
        for one in range(count)
    }


@pytest.fixture(scope="module")
def space():
    return LatentMap(codes())


def test_like_sounds_lie_near_each_other_and_none_covers_another(space):
    groups = [space.places[group::3] for group in range(3)]
    middles = np.array([group.mean(0) for group in groups])
    for group, own in zip(groups, middles):
        others = [np.linalg.norm(group - middle, axis=1) for middle in middles]
        assert (np.linalg.norm(group - own, axis=1) <= np.min(others, axis=0)).all()
    apart = np.linalg.norm(space.places[:, None] - space.places, axis=2) + 9 * np.eye(60)
    assert apart.min() > 0.05 and np.abs(space.places).max() <= 1
    assert space.shares[0] > space.shares[1] > 0 and space.shares.sum() <= 1
    assert (LatentMap(codes()).places == space.places).all()


def test_the_directions_are_principal_components():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(12, 3)) * (5, 2, 0.1)
    space = LatentMap({str(one): [[one]] for one in range(12)}, features)
    variances = np.linalg.eigvalsh(np.cov(features.T))[::-1]
    np.testing.assert_allclose(space.shares, variances[:2] / variances.sum())
    centred = features - features.mean(0)
    assert abs(np.corrcoef(space.places[:, 0], centred[:, 0])[0, 1]) > 0.95


def test_where_a_sound_lies_it_is_itself(space):
    for one in (0, 17, 59):
        x, y = space.places[one]
        assert space.nearest(x, y) == one
        np.testing.assert_array_equal(space.at(x, y), codes()[f"sound-{one:02d}"])


def test_between_sounds_nothing_jumps(space):
    places = places_along([(-0.2, -0.1), (0.1, 0.2), (0.2, -0.1)], 4000)
    for neighbours in (2, 3, 60):
        weights = space.weights(places, neighbours)
        np.testing.assert_allclose(weights.sum(1), 1)
        assert (weights > 0).sum(1).max() <= neighbours
        steps = np.abs(np.diff(weights, axis=0)).max()
        coarser = np.abs(np.diff(weights[::4], axis=0)).max()
        assert steps < 0.5 * coarser  # a jump would stay as high
    assert set(np.unique(space.weights(places, 1))) == {0, 1}


def test_a_mixture_of_two_has_a_length_between_theirs():
    space = LatentMap({"low": np.zeros((2, 10)), "high": np.ones((2, 30))})
    middle = space.at(0, 0, 2)
    assert middle.shape == (2, 20)
    np.testing.assert_allclose(middle, 0.5)


def test_mixtures_of_random_points_are_as_long_as_these():
    points = np.random.default_rng(0).normal(size=(40, 256))
    space = LatentMap({str(one): point[:, None] for one, point in enumerate(points)}, sphere=True)
    way = space.along([(-1, -1), (1, 1)], 300, 5)
    lengths = np.linalg.norm(way, axis=0)
    assert lengths.min() > 14 and lengths.max() < 18
    assert np.linalg.norm(space.at(0.1, 0.1, 5)) == pytest.approx(16, abs=2)


def test_a_path_goes_from_one_sound_to_another(space):
    begin, end = space.places[3], space.places[8]
    way = space.along([begin, end], 500)
    of_first, of_last = codes()["sound-03"], codes()["sound-08"]
    np.testing.assert_allclose(way[:, 0], of_first[:, 0], rtol=1e-5)
    np.testing.assert_allclose(way[:, 499], of_last[:, 499 % of_last.shape[1]], rtol=1e-5)
    assert way.dtype == np.float32 and way.shape == (8, 500)
    still = space.along([begin, begin], 50)
    np.testing.assert_array_equal(still, np.resize(of_first.T, (50, 8)).T)


def test_a_walk_is_repeated_by_its_seed_and_stays_on_the_map():
    way = walk(500, 3, (0.5, -0.5))
    assert way[0].tolist() == [0.5, -0.5] and np.abs(way).max() <= 1
    assert (walk(500, 3, (0.5, -0.5)) == way).all() and (walk(500, 4, (0.5, -0.5)) != way).any()
    assert np.ptp(way, axis=0).min() > 1


@pytest.mark.parametrize(
    "bad, complaint",
    [
        ({}, "a map needs two sounds or more, here are none"),
        ({"only": [[1.0]]}, "a map needs two sounds or more, here is 1"),
        ({"one": [[1.0]], "other": [[1.0, 1.0]]}, "all sounds are alike"),
    ],
)
def test_what_cannot_be_mapped_is_told(bad, complaint):
    with pytest.raises(UserError, match=complaint):
        LatentMap(bad)


def test_a_path_of_one_point_is_told(space):
    with pytest.raises(UserError, match="a path needs two points or more, here is 1 - draw a line") as raised:
        space.along([(0, 0)], 10)
    assert "\n" not in str(raised.value)


def test_sounds_that_are_alike_in_place_are_pushed_apart():
    space = LatentMap({f"{one}": [[float(one // 3)]] for one in range(9)})
    apart = np.linalg.norm(space.places[:, None] - space.places, axis=2) + 9 * np.eye(9)
    assert apart.min() > 0.03


def test_names_do_not_cover_each_other(space):
    named = space.room_for_names(0.05, 0.1, 20)
    assert 5 < sum(named) < 60
    lines = [space.places[one] for one in np.flatnonzero(named)]
    assert all(abs(a[1] - b[1]) > 0.1 or abs(a[0] - b[0]) > 0.4 for a in lines for b in lines if a is not b)
    assert LatentMap({"a": [[0.0]], "long name": [[1.0]]}).room_for_names(0.05, 0.1, 20) == [True, False]


def test_of_a_long_sound_the_beginning_is_read(tmp_path):
    sound = np.linspace(-0.5, 0.5, 40000)
    write_sound(tmp_path / "long.wav", sound, 8000, "FLOAT")
    read, rate = read_beginning(tmp_path / "long.wav", 1.5)
    assert rate == 8000
    np.testing.assert_allclose(read, sound[:12000], atol=1e-7)
    write_sound(tmp_path / "silent.wav", np.zeros(100), 8000)
    with pytest.raises(UserError, match=r"silent.wav is silent"):
        read_beginning(tmp_path / "silent.wav", 1)


def test_the_places_explain_the_latents_that_are_heard_and_no_others():
    rng = np.random.default_rng(0)
    latents = rng.normal(size=(60, 3))
    space = LatentMap(
        {str(one): point[:, None] for one, point in enumerate(latents)}, latents[:, :2] * (3, 2)
    )
    assert space.explained[0] > 0.8 and space.explained[1] > 0.7 and space.explained[2] < 0.2
