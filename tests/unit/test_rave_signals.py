"""Day 6's way of a sound through a model: in buffers, at other rates, and as a whole."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from modelfiles.errors import UserError
from pdworker.serving.live import StreamForm, latency_of
from rave_rt import live, rates
from rave_rt.engine.torchscript import Method, Model
from rave_rt.engine.torchscript import load_module as load
from rave_rt.model import whole
from support import rave_files

NOISE = np.random.default_rng(5).normal(0, 0.3, (1, 1 << 16)).astype(np.float32)


def method(inputs=1, in_ratio=1, outputs=1, out_ratio=1):
    return Method("forward", inputs, in_ratio, outputs, out_ratio, (), ())


def chain_of(method, buffer, compute, rate=48000, host_rate=48000, inputs=1, outputs=1):
    return live.Chain(method, buffer, compute, rate, StreamForm(host_rate, 64, inputs, outputs))


def in_pieces(process, signals, piece):
    starts = range(0, signals.shape[1], piece)
    return np.concatenate([process(signals[:, start : start + piece]) for start in starts], 1)


def shift(answer, sound):
    """How many samples later the sound is found in the answer, and how much of it."""
    size = 2 * max(len(answer), len(sound))
    likeness = np.fft.irfft(np.fft.rfft(answer, size) * np.conj(np.fft.rfft(sound, size)))
    return int(np.argmax(likeness)), likeness.max() / np.sum(sound**2)


@pytest.mark.parametrize(
    "rate, host_rate", [(48000, 48000), (44100, 48000), (48000, 44100), (22050, 48000), (16000, 96000)]
)
@pytest.mark.parametrize("piece", [64, 256, 5000])
def test_what_comes_out_stands_where_it_went_in(rate, host_rate, piece):
    chain = chain_of(method(), 2048, lambda values: values, rate, host_rate)
    answer = in_pieces(chain.process, NOISE, piece)
    found, likeness = shift(answer[0], NOISE[0, : answer.shape[1]])
    assert found == 0
    assert likeness > 0.9 * min(1, rate / host_rate) * 0.9


@pytest.mark.parametrize("buffer, expected", [(128, 192), (512, 512)])
def test_a_buffer_is_computed_for_as_long_as_it_lasts_and_at_least_four_milliseconds(buffer, expected):
    assert chain_of(method(), buffer, lambda values: values).compute_frames == expected


@pytest.mark.parametrize("rate, host_rate", [(48000, 48000), (44100, 48000), (22050, 44100)])
@pytest.mark.parametrize("block", [64, 1024, 8192])
def test_the_latency_is_enough_and_not_twice_too_long(rate, host_rate, block):
    """Play blocks as Pd does: what a buffer's time of computing may delay is there when its turn comes."""
    buffer = 4096

    class Instrument:
        def make_chain(self, form, measuring):
            return live.Chain(method(), buffer, lambda values: values, rate, form)

    form = StreamForm(host_rate, block, 1, 1)
    frames, chain = latency_of(Instrument(), form), Instrument().make_chain(form, False)
    piece = chain.piece
    delivered, read, least = 0, 0, 1 << 30
    for now in range(0, 40 * max(buffer, block), block):
        if now >= frames:
            least = min(least, delivered - (now - frames))
        while now + block - read >= piece:
            delivered += chain.process(np.zeros((1, piece), np.float32)).shape[1]
            read += piece
    assert block <= least
    assert frames % block == 0
    if rate == host_rate:
        assert frames == max(2 * buffer, block)


def test_latents_are_the_last_of_each_stretch_and_hold():
    seen = []
    chain = chain_of(
        method(2, 64, 3, 64),
        256,
        lambda values: seen.append(values) or np.vstack([values, values[:1]]),
        inputs=2,
        outputs=3,
    )
    ramp = np.arange(512, dtype=np.float32)[None].repeat(2, 0)
    answer = chain.process(ramp)
    assert np.concatenate(seen, 1)[0].tolist() == [63, 127, 191, 255, 319, 383, 447, 511]
    assert answer.shape == (3, 512)
    assert set(answer[2, 64:128]) == {127}


def test_held_values_are_not_smeared_at_another_rate():
    steps = np.repeat(np.array([[0, 1, 5, 2]], np.float32), 100, 1)
    held = rates.converter(True, 44100, 48000, 1)
    answer = in_pieces(held.process, steps, 33)
    assert set(answer[0]) == {0, 1, 5, 2}
    assert abs(answer.shape[1] - 400 * 48000 / 44100) <= 1


def test_missing_channels_are_silent_and_spare_ones_are_left_out():
    chain = chain_of(method(2, 1, 2, 1), 64, lambda values: values[::-1], outputs=3)
    answer = chain.process(np.ones((1, 64), np.float32))
    assert answer[:, 0].tolist() == [0, 1, 0]


@pytest.mark.parametrize("wanted, size", [(4096, 4096), (1, 64), (64, 64), (3000, 4096), (65, 128)])
def test_buffers_are_powers_of_two_that_all_methods_can_take(tmp_path, wanted, size):
    model = Model(load(rave_files.save(rave_files.Codec(), tmp_path / "codec.ts")))
    assert live.buffer_size(model, wanted) == size


@pytest.mark.parametrize(
    "ratios, wanted, size",
    [
        ((320,), 4096, 5120),
        ((480,), 4096, 7680),
        ((960, 320), 1, 960),
        ((1, 100), 128, 200),
        ((1,), 0, 64),
        ((512, 2048), 4096, 4096),
    ],
)
def test_buffers_are_whole_for_ratios_of_any_size(ratios, wanted, size):
    model = SimpleNamespace(methods={str(ratio): method(1, 1, 1, ratio) for ratio in ratios})
    assert live.buffer_size(model, wanted) == size
    chain = chain_of(method(1, 1, 1, ratios[0]), size, lambda values: values[:, :: ratios[0]])
    assert chain.process(np.ones((1, size), np.float32)).shape == (1, size)


def test_ratios_that_have_no_common_buffer_are_named():
    model = SimpleNamespace(methods={str(ratio): method(1, 1, 1, ratio) for ratio in (997, 1009)})
    with pytest.raises(UserError, match="997, 1009"):
        live.buffer_size(model, 4096)


@pytest.mark.parametrize("buffer", [64, 512, 4096])
def test_block_by_block_is_the_whole(tmp_path, buffer):
    """A model that remembers gives live what it gives offline."""
    path = rave_files.save(rave_files.Codec(), tmp_path / "codec.ts")
    model = Model(load(path))
    forward = model.methods["forward"]
    chain = chain_of(forward, buffer, lambda values: model.run("forward", values))
    played = in_pieces(chain.process, NOISE, 512)
    at_once = whole(Model(load(path)), forward, NOISE)
    np.testing.assert_allclose(played, at_once[:, : played.shape[1]], atol=1e-5)


def test_a_whole_answer_has_the_length_of_its_input(tmp_path):
    model = Model(load(rave_files.save(rave_files.Codec(), tmp_path / "codec.ts")))
    for count in (1, 63, 64, 65, 70001):
        assert (
            whole(model, model.methods["forward"], NOISE[:, :count].repeat(2, 1)[:, :count]).shape[1] == count
        )
    assert whole(model, model.methods["encode"], NOISE[:, :1000]).shape == (4, 16)
    assert whole(model, model.methods["decode"], np.zeros((4, 5), np.float32)).shape == (1, 320)
    assert whole(model, model.methods["forward"], NOISE[:, :0]).shape == (1, 0)


def test_bent_latents_are_what_encode_scale_shift_decode_gives(tmp_path):
    path = rave_files.save(rave_files.Codec(), tmp_path / "codec.ts")
    model = Model(load(path))
    latents = model.run("encode", NOISE[:, :4096])
    by_hand = model.run(
        "decode", latents * np.float32([[2], [1], [1], [1]]) + np.float32([[0], [0.5], [0], [0]])
    )
    assert live.latents_of(model, model.methods["forward"]) == 4
    scale = live.filled(np.ones((4, 1), np.float32), [2])
    bias = live.filled(np.zeros((4, 1), np.float32), [0, 0.5])
    np.testing.assert_allclose(model.run("decode", latents * scale + bias), by_hand, atol=1e-6)
    assert not torch.is_grad_enabled() or latents.dtype == np.float32
