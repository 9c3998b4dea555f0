"""Checkpoints that we write ourselves, read by our own reader; tests/fidelity has TensorFlow read them."""

import numpy as np
import pytest
from modelfiles.checkpoint import load_checkpoint
from modelfiles.errors import UserError
from modelfiles.tensor_bundle_writer import write_checkpoint

RANDOM = np.random.default_rng(0)
TENSORS = {
    "scalar": np.float32(3.5),
    "empty": np.zeros((0, 3), np.float32),
    "matrix": RANDOM.standard_normal((7, 5)).astype(np.float32),
    "transposed": RANDOM.standard_normal((4, 6)).astype(np.float32).T,
    "big": RANDOM.standard_normal((300, 100)),
    "step": np.int64(-12),
    "codes": np.arange(9, dtype=np.int32),
    "bytes": np.arange(256, dtype=np.uint8),
    "halves": np.arange(4, dtype=np.float16),
    "mask": np.array([True, False]),
}


def test_what_is_read_is_what_was_written(tmp_path):
    write_checkpoint(tmp_path / "model.ckpt-7", TENSORS)
    read = load_checkpoint(tmp_path)
    assert read.names() == sorted(TENSORS)
    for name, expected in TENSORS.items():
        assert (read[name].dtype, read[name].shape) == (expected.dtype, expected.shape), name
        np.testing.assert_array_equal(read[name], expected)


def test_names_that_fill_many_blocks_are_all_found(tmp_path):
    tensors = {f"layer_{number}/ä/{'x' * (number % 90)}": np.float32(number) for number in range(900)}
    write_checkpoint(tmp_path / "many", tensors)
    read = load_checkpoint(tmp_path / "many")
    assert {name: float(read[name]) for name in read} == {name: float(tensors[name]) for name in tensors}


def test_the_newest_of_a_folder_is_the_last_written(tmp_path):
    for number in (2, 1):
        write_checkpoint(tmp_path / f"model.ckpt-{number}", {"number": np.float32(number)})
    assert load_checkpoint(tmp_path)["number"] == 1


def test_damage_is_noticed(tmp_path):
    write_checkpoint(tmp_path / "model", TENSORS)
    data = tmp_path / "model.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:-1] + b"\x55")
    with pytest.raises(UserError, match="the checksum of a tensor is wrong"):
        dict(load_checkpoint(tmp_path / "model"))


def test_a_type_that_is_not_written_leaves_nothing_behind(tmp_path):
    with pytest.raises(ValueError, match="words: arrays of str64 are not written"):
        write_checkpoint(tmp_path / "model", {"a": np.float32(1), "words": np.array(["ab"])})
    assert not list(tmp_path.iterdir())
