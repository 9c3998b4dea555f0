"""Weights of TorchScript files are read; whatever code they hold is not run."""

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from modelfiles.errors import UserError
from modelfiles.torchscript import read_weights
from support import rave_files
from support.hostile_files import memory_stays_small  # noqa: F401, a fixture

STARTER = next(iter(sorted((Path(__file__).parents[2] / "06_rave" / "checkpoints").glob("*.ts"))))


def test_the_weights_are_those_that_torch_reads():
    expected, read = torch.jit.load(STARTER).state_dict(), read_weights(STARTER)
    assert set(expected) == set(read)
    for name, tensor in expected.items():
        np.testing.assert_array_equal(read[name], tensor.numpy())


class Repeats(torch.nn.Module):
    """A tensor whose four rows are the same numbers, as acids-ircam's features.ts has one."""

    def __init__(self):
        super().__init__()
        self.rows = torch.arange(5.0).expand(4, 5)

    def forward(self, x):
        return x + self.rows


def test_a_tensor_may_repeat_its_numbers(tmp_path):
    rave_files.save(Repeats(), path := tmp_path / "repeats.ts")
    np.testing.assert_array_equal(read_weights(path)["rows"], np.tile(np.arange(5.0), (4, 1)))


class Command:
    """Runs a command where it is unpickled."""

    def __reduce__(self):
        return exec, ("raise AssertionError('a stranger\\'s code was run')",)


def test_a_strangers_code_is_refused(tmp_path):
    path = tmp_path / "stranger.ts"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("stranger/data.pkl", pickle.dumps({"weight": Command()}))
    with pytest.raises(UserError, match=r"stranger\.ts: .*exec.* was not run"):
        read_weights(path)


def test_a_program_that_is_larger_than_any_models_is_not_read(monkeypatch):
    monkeypatch.setattr("modelfiles.torchscript.MOST_TEXT_BYTES", 1000)
    with pytest.raises(UserError, match="its program is larger than any model's"):
        read_weights(STARTER)


def test_damaged_files_end_in_one_line(tmp_path, memory_stays_small):  # noqa: F811
    whole = STARTER.read_bytes()
    path = tmp_path / "damaged.ts"
    for damaged in (b"", whole[:1000], whole[: len(whole) // 2], whole.replace(b"data.pkl", b"data.abc")):
        path.write_bytes(damaged)
        with pytest.raises(UserError, match=r"damaged\.ts"):
            read_weights(path)
