"""GANSpaceSynth: components, their files, how they are computed, and the steps of a hallucination."""

import os
import pickle

import numpy as np
import pytest
from ganspacesynth import components, steps
from ganspacesynth.components import Components
from ganspacesynth.steps import Steps
from modelfiles.errors import UserError
from support.gansynth_files import write_model

RANDOM = np.random.default_rng(4)


def some(count=5, shape=(2, 3, 4), **options):
    size = int(np.prod(shape))
    comp = np.linalg.qr(RANDOM.standard_normal((size, count)))[0].T.reshape(count, *shape)
    mean = RANDOM.standard_normal(shape).astype(np.float32)
    stdev = np.arange(count, 0, -1).astype(np.float32)
    return Components("conv0", comp.astype(np.float32), stdev, stdev / 100, mean, **options)


# What an edit means.


def test_an_edit_of_one_is_one_standard_deviation():
    found = some()
    edits = [[1, 0, -2.5, 0, 0.5], [0, 0, 0, 0, 0]]
    wanted = np.zeros((2, 2, 3, 4))
    for note, row in enumerate(edits):
        for edit, stdev, component in zip(row, found.stdev, found.comp):
            wanted[note] += edit * stdev * component
    np.testing.assert_allclose(found.offset(edits), wanted, atol=1e-5)
    np.testing.assert_allclose(found.place(edits), wanted + found.mean, atol=1e-5)


def test_fewer_edits_than_components_and_zeros_beyond_them():
    found = some()
    np.testing.assert_allclose(found.offset([2.0]), found.offset([[2, 0, 0, 0, 0]]))
    np.testing.assert_allclose(found.offset([2.0] + [0] * 8000), found.offset([2.0]))


@pytest.mark.parametrize("edits", [[0, 0, 0, 0, 0, 1], [np.nan]])
def test_edits_that_do_not_fit(edits):
    with pytest.raises(UserError):
        some().offset(edits)


# Files.


@pytest.mark.parametrize("name", ["conv0.npz", "conv0.pickle"])
def test_a_file_gives_back_the_components(tmp_path, name):
    found = some(pitch=60, model="abc")
    found.write(tmp_path / name)
    again = components.read(tmp_path / name)
    for key in ("comp", "stdev", "var_ratio", "mean"):
        np.testing.assert_array_equal(getattr(again, key), getattr(found, key))
    assert again.layer == "conv0"
    assert (again.pitch, again.model) == ((60, "abc") if name.endswith("npz") else (None, ""))


def test_a_pickle_has_the_originals_keys(tmp_path):
    some().write(tmp_path / "conv0.pickle")
    found = pickle.loads((tmp_path / "conv0.pickle").read_bytes())
    assert set(found) == {"layer", "estimator", "comp", "stdev", "var_ratio", "global_mean"}


class Hostile:
    def __init__(self, file):
        self._file = file

    def __reduce__(self):
        return os.system, (f"touch {self._file}",)


def test_a_hostile_pickle_is_refused_and_not_run(tmp_path):
    file = tmp_path / "conv0.pickle"
    file.write_bytes(pickle.dumps({"layer": "conv0", "comp": Hostile(tmp_path / "was_run")}))
    with pytest.raises(UserError, match=r"conv0.pickle: .* it was not run"):
        components.read(file)
    assert not (tmp_path / "was_run").exists()


def test_hostile_objects_in_npz_are_refused(tmp_path):
    np.savez(tmp_path / "conv0.npz", layer=np.array(Hostile(tmp_path / "was_run"), dtype=object))
    with pytest.raises(UserError):
        components.read(tmp_path / "conv0.npz")
    assert not (tmp_path / "was_run").exists()


def cut(file):
    file.write_bytes(file.read_bytes()[:200])


def no_mean(file):
    np.savez(file, layer="conv0", comp=np.zeros((1, 2, 3, 4)), stdev=[1], var_ratio=[1])


def other_mean(file):
    np.savez(
        file,
        layer="conv0",
        comp=np.zeros((1, 2, 3, 4)),
        stdev=[1],
        var_ratio=[1],
        global_mean=np.zeros((2, 3, 5)),
    )


def not_numbers(file):
    bad = np.full((2, 3, 4), np.nan)
    np.savez(file, layer="conv0", comp=np.zeros((1, 2, 3, 4)), stdev=[1], var_ratio=[1], global_mean=bad)


def words(file):
    np.savez(
        file,
        layer="conv0",
        comp=np.full((1, 2, 3, 4), "a"),
        stdev=[1],
        var_ratio=[1],
        global_mean=np.zeros((2, 3, 4)),
    )


@pytest.mark.parametrize("harm", [cut, no_mean, other_mean, not_numbers, words])
def test_what_is_wrong_with_a_file_is_said(tmp_path, harm):
    file = tmp_path / "conv0.npz"
    some().write(file)
    harm(file)
    with pytest.raises(UserError) as caught:
        components.read(file)
    assert "conv0.npz" in str(caught.value) and "\n" not in str(caught.value)


# Computing them.


@pytest.fixture
def model(tmp_path):
    from gansynth.model import load

    return load(write_model(tmp_path / "small"))


def angles(one, two):
    """Degrees between matching directions [k, size]."""
    cosines = np.abs((one * two).sum(axis=1))
    return np.degrees(np.arccos(np.clip(cosines, -1, 1)))


@pytest.mark.parametrize("layer", ["conv0", "conv1"])
def test_directions_are_those_of_the_full_decomposition(model, layer):
    from ganspacesynth.fitting import fit

    found = fit(model, layer=layer, samples=1500, components=24, pitch=62, seed=2)
    rows = model.activations(model.random(1500, 2), [62] * 1500, layer).reshape(1500, -1).astype(np.float64)
    centred = rows - rows.mean(axis=0)
    _, values, directions = np.linalg.svd(centred, full_matrices=False)
    assert angles(found.comp.reshape(24, -1)[:16], directions[:16]).max() < 5
    np.testing.assert_allclose(found.stdev[:16], values[:16] / np.sqrt(1499), rtol=0.01)
    np.testing.assert_allclose(found.mean.ravel(), rows.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(found.var_ratio.sum(), (values[:24] ** 2).sum() / (values**2).sum(), rtol=0.02)


def test_components_know_their_model(model, tmp_path):
    from ganspacesynth.fitting import fit
    from gansynth.model import load

    found = fit(model, samples=100, components=3)
    found.check(model.folder, model.layers)
    other = load(write_model(tmp_path / "other", seed=9))
    with pytest.raises(UserError, match="computed from another model than other"):
        found.check(other.folder, other.layers)
    smaller = load(write_model(tmp_path / "narrow", fmap_max=8))
    with pytest.raises(UserError, match="components of a layer of"):
        found.check(smaller.folder, smaller.layers)
    found.layer = "conv0_9"
    with pytest.raises(UserError, match="layer conv0_9, which small does not have"):
        found.check(model.folder, model.layers)


def test_as_many_components_as_samples_are_all_finite_and_of_length_one(model):
    from ganspacesynth.fitting import fit

    found = fit(model, samples=6, components=6)  # centred, six samples span five directions
    assert all(np.isfinite(part).all() for part in (found.comp, found.stdev, found.var_ratio, found.mean))
    np.testing.assert_allclose(np.linalg.norm(found.comp.reshape(6, -1), axis=1), 1, rtol=1e-4)
    assert np.isfinite(found.place([1.0] * 6)).all()


@pytest.mark.parametrize("wrong", [{"layer": "conv7"}, {"components": 101}, {"components": 0}])
def test_what_cannot_be_computed_is_said(model, wrong):
    from ganspacesynth.fitting import fit

    with pytest.raises(UserError):
        fit(model, **{"samples": 100, "components": 3, **wrong})


# Steps.


def test_steps_go_in_a_circle_and_one_stays():
    mine = Steps(3)
    mine.current = [1, 2, 3]
    mine.add()
    mine.current = [4, 5, 6]
    assert len(mine) == 2 and mine.index == 1
    mine.move(1)
    assert mine.index == 0 and mine.current.tolist() == [1, 2, 3]
    mine.move(-1)
    mine.remove()
    mine.remove()
    assert len(mine) == 1 and mine.current.tolist() == [1, 2, 3]


def test_steps_made_before_components_came_fit_afterwards():
    mine = Steps(1)
    mine.add()
    mine.resize(64)
    assert mine.as_array().shape == (2, 64)


def test_steps_as_text(tmp_path):
    rows = np.array([[0, 0, 0, 0], [0.5, -1, 0, 0]], np.float32)
    steps.write(tmp_path / "steps.txt", rows)
    assert (tmp_path / "steps.txt").read_text() == "0\n0.5 -1\n"
    np.testing.assert_array_equal(steps.read(tmp_path / "steps.txt", 4), rows)


def test_steps_that_were_read_take_the_place_of_all():
    mine = Steps(2)
    mine.add([1, 2])
    mine.replace(np.array([[3, 4], [5, 6], [7, 8]]))
    assert len(mine) == 3 and mine.current.tolist() == [3, 4]


@pytest.mark.parametrize("text", ["", "a b", "1 2 3 4 5", "nan"])
def test_other_text_is_refused(tmp_path, text):
    (tmp_path / "steps.txt").write_text(text)
    with pytest.raises(UserError):
        steps.read(tmp_path / "steps.txt", 4)
