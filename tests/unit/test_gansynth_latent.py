"""Latent vectors: between two, around several, in files."""

import numpy as np
import pytest
from gansynth import latent
from modelfiles.errors import UserError

RANDOM = np.random.default_rng(1)


def test_slerp_meets_both_ends():
    start, end = RANDOM.standard_normal((2, 256))
    np.testing.assert_allclose(latent.slerp(start, end, 0), start)
    np.testing.assert_allclose(latent.slerp(start, end, 1), end)


def test_slerp_of_right_angles():
    np.testing.assert_allclose(latent.slerp([2, 0], [0, 2], 0.5), [2**0.5, 2**0.5])


@pytest.mark.parametrize("end", [[1.0, 2.0], [2.0, 4.0], [-1.0, -2.0], [0.0, 0.0]])
def test_slerp_where_there_is_no_arc(end):
    middle = latent.slerp([1.0, 2.0], end, 0.25)
    np.testing.assert_allclose(middle, 0.75 * np.array([1.0, 2.0]) + 0.25 * np.array(end))


def test_weighted_sum():
    np.testing.assert_allclose(latent.weighted_sum([[1, 2], [3, 4], [5, 6]], [1, 0.5, -1]), [-2.5, -2])


@pytest.mark.parametrize("name", ["point.npy", "point.txt"])
def test_file_gives_back_the_point(tmp_path, name):
    point = RANDOM.standard_normal(64).astype(np.float32)
    latent.write(tmp_path / name, point)
    np.testing.assert_array_equal(latent.read(tmp_path / name), point)


def test_hostile_and_wrong_files_are_refused(tmp_path):
    np.save(tmp_path / "object.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.save(tmp_path / "square.npy", np.zeros((2, 2)))
    (tmp_path / "words.txt").write_text("hello\n")
    (tmp_path / "nan.txt").write_text("1\nnan\n")
    for file in tmp_path.iterdir():
        with pytest.raises(UserError, match="holds no "):
            latent.read(file)
