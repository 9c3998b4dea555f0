"""Day 6 against acids-rave: an export of the official v2 configuration, narrow and with random weights."""

import numpy as np
import pytest
import torch
from pdworker.serving.live import StreamForm
from rave_rt import live
from rave_rt import model as rave_model
from rave_rt.engine.torchscript import Model
from rave_rt.engine.torchscript import load_module as load
from support import rave_files

pytestmark = [pytest.mark.slow, pytest.mark.needs("rave")]
NOISE = np.random.default_rng(2).normal(0, 0.2, (1, 1 << 16)).astype(np.float32)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A streaming export in which nothing is random: the encoder's means, and all 128 latents."""
    path = tmp_path_factory.mktemp("rave") / "v2.ts"
    return rave_files.official(path, "v2", 128, "streaming", "plain", "CAPACITY=8")


def test_what_an_official_export_tells_of_itself(exported):
    model = Model(load(exported))
    assert list(model.methods) == ["encode", "decode", "forward"]
    assert model.rate == 44100 and model.largest_ratio == 2048
    assert model.methods["encode"].outputs == model.methods["decode"].inputs == 128
    assert model.methods["encode"].output_labels[0] == "(signal) Latent dimension 1"
    assert model.attributes["learn_target"] == ("bool",)
    model.set("learn_target", [1])
    assert model.get("learn_target") == [True]


def test_streaming_equals_offline_and_the_package(exported):
    """Block by block, in one piece, and by torch alone: the same to 1e-4; and so again, from a model that is reset."""
    with torch.inference_mode():
        direct = load(exported)(torch.from_numpy(NOISE)[None])[0].numpy()
    first = Model(load(exported))
    forward = first.methods["forward"]
    whole = rave_model.whole(first, forward, NOISE)
    model = Model(load(exported))
    form = StreamForm(sample_rate=44100, block_size=64, inputs=1, outputs=1)
    chain = live.Chain(forward, 4096, lambda values: model.run("forward", values), 44100, form)
    played = np.concatenate(
        [chain.process(NOISE[:, start : start + 1024]) for start in range(0, NOISE.shape[1], 1024)], 1
    )
    loudest = np.abs(direct).max()  # random weights are quiet
    assert loudest > 0
    np.testing.assert_allclose(whole / loudest, direct / loudest, atol=1e-4)
    np.testing.assert_allclose(played / loudest, direct / loudest, atol=1e-4)


def test_forward_is_decode_of_encode(exported):
    """What bends latents on their way may split forward in two."""
    once, twice = Model(load(exported)), Model(load(exported))
    latents = twice.run("encode", NOISE[:, :8192])
    np.testing.assert_allclose(once.run("forward", NOISE[:, :8192]), twice.run("decode", latents), atol=1e-5)
