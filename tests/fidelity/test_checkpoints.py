"""Every kind of checkpoint that the course meets, written by TensorFlow, read here bit for bit as there."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from ai_duet.engine.bundle import read_bundle
from modelfiles.checkpoint import load_checkpoint
from modelfiles.errors import UserError
from modelfiles.tensor_bundle_writer import write_checkpoint
from support.tensorflow_environment import run_in_tensorflow

pytestmark = pytest.mark.tensorflow
SCRIPT = Path(__file__).with_name("checkpoints_tensorflow.py")
KINDS = {
    "types_v1": 18,
    "types_v1_sharded": 18,
    "types_v2": 18,
    "types_v2_sharded": 18,
    "bfloat16": 1,
    "bundled": 14,
    "melody_train": 21,
    "stage_00012": 4,
    "ddsp": 20,
    "prism": 5,
}
# Where the files of a kind are not called as the kind.
PREFIXES = {"prism": "prism/model.ckpt-5"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    run_in_tensorflow(SCRIPT, folder)
    return folder


def assert_same(ours, theirs):
    assert ours.names() == sorted(theirs)
    for name, expected in theirs.items():
        array = ours[name]
        assert (array.dtype, array.shape) == (expected.dtype, expected.shape), name
        assert (ours.dtypes[name], ours.shapes[name]) == (expected.dtype, expected.shape), name
        if expected.dtype == object:
            assert array.tolist() == expected.tolist()
        else:
            assert array.tobytes() == expected.tobytes(), name


@pytest.mark.parametrize("kind", KINDS)
def test_every_tensor_of(folder, kind):
    theirs = pickle.loads((folder / f"{kind}.pickle").read_bytes())
    assert len(theirs) == KINDS[kind]
    assert_same(load_checkpoint(folder / PREFIXES.get(kind, kind)), theirs)


def test_every_tensor_of_a_bundle(folder):
    bundle = read_bundle(folder / "attention.mag")
    assert (bundle.configuration, bundle.description) == ("attention_rnn", "random weights")
    assert bundle.state_width == 4 * 128 + 128 + 40 * 128
    assert_same(bundle.variables, pickle.loads((folder / "bundled.pickle").read_bytes()))


def test_half_a_data_file_is_noticed_when_a_tensor_is_read(folder):
    data = folder / "prism" / "model.ckpt-5.data-00000-of-00001"
    whole = data.read_bytes()
    try:
        data.write_bytes(whole[: len(whole) // 2])
        checkpoint = load_checkpoint(folder / PREFIXES["prism"])
        with pytest.raises(UserError, match="ends too early"):
            [np.sum(checkpoint[name]) for name in checkpoint if name.endswith("VARIABLE_VALUE")]
    finally:
        data.write_bytes(whole)


def test_tensorflow_reads_what_we_write(tmp_path):
    random = np.random.default_rng(0)
    tensors = {
        f"scope_{number:03d}/weights": random.standard_normal((number % 5, 3)).astype(dtype)
        for number, dtype in enumerate(
            ["float32", "float64", "float16", "int32", "int64", "uint8", "bool"] * 30
        )
    }
    tensors["global_step"] = np.float32(7)
    write_checkpoint(tmp_path / "model.ckpt-7", tensors)
    script = tmp_path / "read.py"
    script.write_text(
        "import pickle, sys, tensorflow as tf\n"
        "folder, out = sys.argv[1:]\n"
        "assert tf.train.latest_checkpoint(folder) == folder + '/model.ckpt-7'\n"
        "reader = tf.train.load_checkpoint(folder)\n"
        "found = {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}\n"
        "pickle.dump(found, open(out, 'wb'))\n"
    )
    run_in_tensorflow(script, tmp_path, tmp_path / "read.pickle")
    theirs = pickle.loads((tmp_path / "read.pickle").read_bytes())
    assert sorted(theirs) == sorted(tensors)
    for name, expected in tensors.items():
        np.testing.assert_array_equal(theirs[name], expected, strict=isinstance(theirs[name], np.ndarray))
