"""PRiSM's network in Keras against ours, on the same random weights, through PRiSM's own checkpoint files."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from modelfiles.errors import UserError
from samplernn.engine import store
from samplernn.model import Generator
from support.tensorflow_environment import run_in_tensorflow

pytestmark = pytest.mark.tensorflow
SCRIPT = Path(__file__).parent / "samplernn_prism.py"


KINDS = [("gru", False), ("gru", True), ("lstm", False), ("lstm", True)]


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    """One checkpoint folder per kind of network: weights, configuration, and Keras's answer for some codes."""
    folders = {}
    for rnn, skip in KINDS:
        config = {
            "frame_sizes": [4, 16],
            "dim": 40,
            "num_rnn_layers": 2,
            "q_levels": 256,
            "emb_size": 256,
            "seq_len": 64,
        }
        config |= {
            "rnn_type": rnn,
            "skip_conn": skip,
            "q_type": "linear" if skip else "mu-law",
            "sample_rate": 16000,
        }
        folders[rnn, skip] = tmp_path_factory.mktemp(f"{rnn}-{skip}")
        (folders[rnn, skip] / "my.config.json").write_text(json.dumps(config))
    run_in_tensorflow(SCRIPT, *folders.values())
    return folders


def read(folder, **settings):
    return store.read(folder, settings, str(folder))


@pytest.mark.parametrize("kind", KINDS)
def test_logits_equal_prisms(checkpoints, kind):
    folder = checkpoints[kind]
    model = read(folder)
    codes, wanted = np.load(folder / "codes.npy"), np.load(folder / "logits.npy")
    with torch.no_grad():
        logits, _ = model(torch.from_numpy(codes).long())
    assert (model.config.rnn_type, model.config.skip_conn) == kind
    assert wanted.std() > 0.1
    assert np.abs(logits.numpy() - wanted).max() < 1e-4


@pytest.mark.parametrize("kind", [("gru", False), ("lstm", True)])
def test_eight_bits_lose_next_to_nothing_on_prisms_weights(checkpoints, kind):
    folder = checkpoints[kind]
    generator = Generator(read(folder))
    codes = np.load(folder / "codes.npy")
    assert generator.engine == "int8"
    assert generator.measure(codes[:, 16:]) < 1e-4


def test_prism_checkpoints_survive_our_own_format(checkpoints, tmp_path):
    folder = checkpoints["lstm", True]
    model = read(folder)
    store.save(tmp_path / "mine.safetensors", model)
    again = store.load(tmp_path / "mine.safetensors")
    weights = again.state_dict()
    assert all(torch.equal(weights[name], value) for name, value in model.state_dict().items())


def test_what_prisms_weights_do_not_tell_is_asked_for(checkpoints, tmp_path):
    for file in checkpoints["gru", False].glob("model.ckpt-1.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(UserError, match="does not tell q_type and sample_rate"):
        read(tmp_path)
    model = read(tmp_path, q_type="linear", sample_rate=22050)
    assert (model.config.q_type, model.config.sample_rate, model.config.dim) == ("linear", 22050, 40)
    (tmp_path / "wrong.config.json").write_text(
        json.dumps({"dim": 1024, "q_type": "linear", "sample_rate": 16000})
    )
    with pytest.raises(UserError, match="dim is 40 in the weights, 1024 in the configuration"):
        read(tmp_path)
