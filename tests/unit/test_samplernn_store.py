"""SampleRNN's configurations, quantisation and files."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from modelfiles.errors import UserError
from samplernn.engine import quantise, store
from samplernn.engine.config import PRESETS, Config
from samplernn.engine.network import SampleRNN

CONFIG = Config(frame_sizes=(4, 16), dim=12, num_rnn_layers=1, emb_size=4, seq_len=32, skip_conn=True)


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(1)
    model = SampleRNN(CONFIG).eval()
    store.save(tmp_path / "small.safetensors", model)
    return model, tmp_path / "small.safetensors"


@pytest.mark.parametrize("half", [False, True])
def test_a_model_comes_back_as_it_went(tmp_path, half):
    """Weight by weight: sums of products may differ, for they are added up as the weights lie in memory."""
    model = SampleRNN(CONFIG).eval()
    store.save(tmp_path / "one.safetensors", model, half=half)
    again = store.load(tmp_path / "one.safetensors")
    assert again.config == CONFIG
    weights = again.state_dict()
    assert weights.keys() == model.state_dict().keys()
    for name, value in model.state_dict().items():
        assert torch.equal(weights[name], value.half().float() if half else value), name


def test_loaded_weights_lie_in_memory_as_allocated_ones_do(saved):
    """A file's bytes are mapped at any address; products with unaligned weights are slower."""
    model = store.load(saved[1])
    assert all(value.data_ptr() % 64 == 0 for value in model.state_dict().values())


def test_a_half_written_file(saved):
    _, path = saved
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match="not a whole safetensors file"):
        store.load(path)


def test_a_configuration_of_another_model(saved):
    model, path = saved
    other = dataclasses.replace(model.config, dim=16)
    store.config_path(path).write_text(json.dumps(other.to_dict()))
    with pytest.raises(UserError, match=r"does not fit its configuration: .* is \(.*12.*asks for \(.*16"):
        store.load(path)
    store.config_path(path).write_text("{not json")
    with pytest.raises(UserError, match="not JSON"):
        store.load(path)
    store.config_path(path).unlink()
    with pytest.raises(UserError, match="no configuration beside it"):
        store.load(path)


@pytest.mark.parametrize(
    "values, complaint",
    [
        ({"rnn_type": "rnn"}, "gru or lstm"),
        ({"q_type": "alaw"}, "linear or mu-law"),
        ({"dim": 0}, "dim is 0"),
        ({"dim": "big"}, "dim is 'big'"),
        ({"frame_sizes": [16]}, "two positive"),
        ({"frame_sizes": [16, 40]}, "multiple"),
        ({"frame_sizes": 16}, "does not hold what it should"),
        ({"seq_len": 1000}, "seq_len is 1000"),
    ],
)
def test_configurations_that_cannot_be(values, complaint):
    with pytest.raises(UserError, match=complaint):
        Config.from_dict(values)


def test_missing_keys_have_prisms_defaults():
    assert Config.from_dict({"unknown": 1, "skip_conn": None}) == PRESETS["prism"]
    assert Config.from_dict({"q_type": "mu-law", "q_levels": 128}).q_levels == 256
    assert Config.from_dict({"q_type": "mu-law", "q_levels": 512}).q_levels == 512
    assert quantise.decode([255, 256, 511], "mu-law", 512).tolist() == [1, 1, 1]
    assert PRESETS["course"].rnn_type == "lstm"


def test_the_course_configuration_has_its_111_6_million_parameters():
    with torch.device("meta"):
        model = SampleRNN(PRESETS["course"])
    unused = sum(
        value.numel() for name, value in model.named_parameters() if name.endswith("bias_hh_l0")
    )  # torch's LSTM has two biases where Keras has one
    assert sum(value.numel() for value in model.parameters()) - unused == 111_597_824


@pytest.mark.parametrize(
    "code, linear, mu_law",
    [(0, -1, -1), (128, 0, 8.6e-5), (255, 0.9921875, 1)],
)
def test_known_values_of_the_quantisations(code, linear, mu_law):
    assert quantise.decode([code], "linear")[0] == pytest.approx(linear, abs=1e-6)
    assert quantise.decode([code], "mu-law")[0] == pytest.approx(mu_law, abs=1e-6)


@pytest.mark.parametrize("q_type, levels", [("linear", 256), ("linear", 100), ("mu-law", 256)])
def test_codes_survive_there_and_back(q_type, levels):
    codes = np.arange(levels)
    middles = quantise.decode(codes, q_type, levels) + (1 / levels if q_type == "linear" else 0)
    assert np.array_equal(quantise.encode(middles, q_type, levels), codes)
    assert list(quantise.encode([-7, 7], q_type, levels)) == [0, levels - 1]
