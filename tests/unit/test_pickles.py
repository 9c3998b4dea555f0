"""Pickles of data are read; whatever wants more is refused before any of it runs."""

import collections
import contextlib
import pickle
import random
from pathlib import Path

import numpy as np
import pytest
from modelfiles.errors import UserError
from modelfiles.unpickling import load_pickle_allow_list
from support.hostile_files import memory_stays_small, mutate  # noqa: F401, a fixture

ARRAYS = {
    "layer": "conv0",
    "comp": np.arange(24, dtype="f4").reshape(2, 3, 4),
    "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "big_endian": np.arange(3, dtype=">i2"),
    "text": np.array(["a", "bcd"]),
    "flags": np.array([True, False]),
    "scalar": np.float32(0.1),
    "step": np.int64(7),
    "plain": [1, 2.5, None, True, (b"raw", {3}), frozenset([4]), 1 + 2j],
    "ordered": collections.OrderedDict(b=1, a=2),
}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_of_data(tmp_path, protocol):
    (tmp_path / "p.pkl").write_bytes(pickle.dumps(ARRAYS, protocol))
    read = load_pickle_allow_list(tmp_path / "p.pkl")
    expected = pickle.loads(pickle.dumps(ARRAYS, protocol))
    assert list(read) == list(expected)
    for name, value in expected.items():
        assert type(read[name]) is type(value)
        if isinstance(value, np.ndarray):
            assert read[name].dtype == value.dtype
            np.testing.assert_array_equal(read[name], value)
        else:
            assert read[name] == value


class Quantiles:
    """Stands for a class that the reader does not have."""

    def __init__(self):
        self.quantiles_ = np.arange(3.0)
        self.random = np.random.RandomState(1)

    def __setstate__(self, state):
        raise AssertionError("a stranger's code was run")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_objects_of_named_classes_come_as_records(tmp_path, protocol):
    (tmp_path / "p.pkl").write_bytes(pickle.dumps({"transform": Quantiles()}, protocol))
    name = f"{Quantiles.__module__}.Quantiles"
    record = load_pickle_allow_list(tmp_path / "p.pkl", records=[name])["transform"]
    assert record.name == name
    np.testing.assert_array_equal(record.attributes["quantiles_"], [0, 1, 2])


class Hostile:
    def __init__(self, function, *arguments):
        self._call = (function, arguments)

    def __reduce__(self):
        return self._call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "value",
    [
        Hostile(Path.touch, Path("hacked")),
        Hostile(eval, "open('hacked', 'w')"),
        Hostile(np.load, "hacked"),
        Hostile(np.zeros, 10**9),
        np.array([1, None], object),
        np.array([(1, 2.0)], [("a", "i4"), ("b", "f8")]),
        Quantiles(),
    ],
)
def test_pickles_that_want_more_are_refused(tmp_path, monkeypatch, value, protocol):
    monkeypatch.chdir(tmp_path)
    Path("p.pkl").write_bytes(pickle.dumps({"mean": value}, protocol))
    with pytest.raises(UserError, match="the pickle"):
        load_pickle_allow_list("p.pkl")
    assert not Path("hacked").exists()


NESTED = b"K\x01" + b"2\x86" * 27  # a pair of the same pair of the same pair ...
FOLDED = {
    "a key": b"\x80\x02}" + NESTED + b"Ns.",
    "a member": b"\x80\x04\x8f(" + NESTED + b"\x90.",
    "a kind of numbers": b"\x80\x02cnumpy\ndtype\n" + NESTED + b"\x85R.",
    "an encoding": b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00a" + NESTED + b"\x86R.",
    "lists": b"\x80\x02" + b"(" * 27 + b"K\x01" + b"2l" * 27 + b".",
    "a list in itself": b"\x80\x02]q\x00h\x00a.",
    "keys of one hash": pickle.dumps({number * (2**61 - 1): 0 for number in range(11_000)}),
    "members of one hash": pickle.dumps({number * (2**61 - 1) for number in range(11_000)}, 2),
}


@pytest.mark.parametrize("content", FOLDED.values(), ids=FOLDED)
@pytest.mark.usefixtures("memory_stays_small")
def test_few_bytes_that_say_the_same_again_and_again_are_refused(tmp_path, content):
    (tmp_path / "p.pkl").write_bytes(content)
    with pytest.raises(UserError, match="the pickle"):
        load_pickle_allow_list(tmp_path / "p.pkl")


def test_a_missing_pickle():
    with pytest.raises(UserError, match="cannot read nowhere"):
        load_pickle_allow_list("nowhere")


@pytest.mark.slow
@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.usefixtures("memory_stays_small")
def test_2000_mutated_pickles(tmp_path, protocol):
    rng = random.Random(protocol)
    data = pickle.dumps(ARRAYS, protocol)
    for _ in range(2000):
        (tmp_path / "p.pkl").write_bytes(mutate(data, rng))
        with contextlib.suppress(UserError):
            load_pickle_allow_list(tmp_path / "p.pkl")
