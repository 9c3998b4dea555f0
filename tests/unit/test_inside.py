"""The short programs of the lessons' *inside* compute what the engines compute, on the starters' weights."""

import importlib.util
import re

import numpy as np
import pytest
import torch
from support import concept_data
from support.course_copy import ROOT

PROGRAMS = sorted(ROOT.glob("[0-9][0-9]_*/inside/*.py"))
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def program(path):
    """A short program as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def of_day(number):
    return program(next(path for path in PROGRAMS if path.parts[-3].startswith(f"0{number}")))


def test_every_day_has_one_that_is_short_and_needs_only_numpy():
    assert {path.parts[-3][:2] for path in PROGRAMS} >= {"01", "02", "03", "04", "05", "06"}
    for path in PROGRAMS:
        lines = path.read_text().splitlines()
        assert len(lines) <= 120
        imported = [line for line in lines if re.match(r"(import|from) ", line)]
        assert imported == ["import numpy as np"]
        assert f"[{path.name}]({path.name})" in path.with_name("README.md").read_text()


@pytest.mark.parametrize("name", concept_data.FILES)
def test_what_a_small_patch_shows_is_what_the_network_computes(name):
    shown = [line.rstrip(";").split() for line in (ROOT / name).read_text().splitlines()]
    assert np.allclose(np.array(shown, float), concept_data.FILES[name](), rtol=2e-3, atol=2e-3)


def test_day_1_the_melody_network():
    from ai_duet.engine.bundle import read_bundle
    from ai_duet.engine.network import Linear, build_cell, softmax
    from ai_duet.engine.weights import layer_sizes, weights_by_role

    weights = weights_by_role(read_bundle(ROOT / "01_ai_duet/checkpoints/starter_basic_rnn.mag").variables)
    inside = of_day(1)
    network = inside.MelodyNetwork(weights)
    cell, _ = build_cell(weights, layer_sizes(weights), None)
    output, state = Linear(weights, "output"), cell.zero_state(1)
    for event in (16, 0, 18, 0, 20, 1):
        row = np.zeros((1, cell.input_size), np.float32)
        row[0, event] = 1
        hidden, state = cell.step(row, state)
        assert np.allclose(network.step(row[0]), softmax(output(hidden))[0], **CLOSE)
    assert inside.compose(weights, [16, 0], 8, seed=3) == inside.compose(weights, [16, 0], 8, seed=3)


def test_day_2_the_synthesizer():
    from timbre_transfer.engine.synthesiser import FilteredNoise, Harmonic

    inside, rng = of_day(2), np.random.default_rng(1)
    frames, hop, rate = 40, 64, 16000
    f0 = np.linspace(200, 900, frames)
    raw = rng.normal(size=(frames, 1)), rng.normal(size=(frames, 20))
    engine = Harmonic(rate, hop)
    amplitudes = inside.controls(*raw, f0, rate)
    assert np.allclose(amplitudes, engine.controls(*raw, f0), **CLOSE)
    assert np.allclose(inside.harmonics(amplitudes, f0, hop, rate), engine(amplitudes, f0), **CLOSE)
    noise, gains = rng.uniform(-1, 1, frames * hop), rng.uniform(0, 1, (frames, 65))
    filtered = FilteredNoise(hop, 65)
    sound = np.concatenate([filtered(gains, noise), filtered.rest()])[filtered.delay :]
    assert np.allclose(inside.filtered_noise(gains, noise, hop)[: len(sound)], sound, **CLOSE)


def test_day_3_the_generator():
    from gansynth import load
    from gansynth.folder import SCOPE
    from gansynth.spectrogram import Spectrogram, inverse_mel_matrix

    inside, model = of_day(3), load("starter")
    folder, weights = model.folder, {}
    for block in range(1, folder.blocks + 1):
        for layer in ("conv0", "conv1", "to_rgb"):
            for part, ending in (("kernel", "conv2d/kernel"), ("bias", "bias")):
                name = SCOPE.format(block, f"{layer}/{ending}")
                weights[f"{block}/{layer}/{part}"] = folder.checkpoint[name].astype(np.float64)
    point = np.concatenate([folder.random(1, seed=3)[0], np.eye(len(folder.pitches), dtype=np.float32)[5]])
    with torch.inference_mode():
        expected = model._generator.pictures(torch.from_numpy(point)[None])[0].numpy()
    picture = inside.picture(point, weights, folder.blocks)
    assert np.allclose(picture, expected, **CLOSE)
    rng = np.random.default_rng(1)
    small = rng.normal(size=(8, 32, 2)).astype(np.float32)
    engine = Spectrogram(8, 32, 160, 16000)
    expected = engine.to_audio(torch.from_numpy(small)[None])[0].numpy()
    to_linear = inverse_mel_matrix(32, 16000)
    assert np.allclose(inside.sound(small[..., 0], small[..., 1], to_linear, 160), expected, **CLOSE)


def test_day_4_the_principal_components():
    from ganspacesynth.components import Components
    from sklearn.decomposition import PCA

    inside, rng = of_day(4), np.random.default_rng(1)
    rows = rng.normal(size=(300, 24)) * np.geomspace(5, 0.1, 24) @ np.linalg.qr(rng.normal(size=(24, 24)))[0]
    mean, directions, deviations, shares = inside.principal_components(rows, 4)
    pca = PCA(4, svd_solver="full").fit(rows)
    assert np.allclose(np.abs(np.sum(directions * pca.components_, axis=1)), 1, **CLOSE)
    assert np.allclose(deviations, np.sqrt(pca.explained_variance_), **CLOSE)
    assert np.allclose(shares, pca.explained_variance_ratio_, **CLOSE)
    assert abs(abs(inside.longest_direction(rows) @ directions[0]) - 1) < 1e-5
    engine = Components("conv0", directions.reshape(4, 2, 3, 4), deviations, shares, mean.reshape(2, 3, 4))
    edits = np.array([1.0, -2.0, 0.5, 3.0])
    moved = inside.offset(edits, directions, deviations)
    assert np.allclose(mean + moved, engine.place(edits)[0].ravel(), **CLOSE)
    assert np.allclose(inside.coordinates(mean + moved, mean, directions, deviations), edits, **CLOSE)


@pytest.mark.slow
def test_day_5_the_network_of_samples():
    from samplernn import load

    model = load("starter_beat").model
    weights = {name: value.numpy().astype(np.float64) for name, value in model.state_dict().items()}
    given = np.random.default_rng(1).integers(0, 256, 64 + 128)
    values, scores = of_day(5).generate(weights, 128, given=given)
    with torch.inference_mode():
        expected, _ = model(torch.from_numpy(given)[None])
    assert np.allclose(scores, expected[0].numpy(), **CLOSE)
    assert (values == given[64:]).all()


def test_day_6_the_autoencoder():
    from rave_rt.training.network import Rave, Size
    from rave_rt.training.warm import open_source

    inside, weights, size = of_day(6), open_source("base"), Size()
    network = Rave(size)
    own = network.state_dict()
    network.load_state_dict({name: torch.from_numpy(np.array(weights[name])) for name in own})
    network.decoder.noisy = False
    sound = np.random.default_rng(1).normal(0, 0.1, (1, 8 * size.ratio)).astype(np.float32)
    with torch.inference_mode():
        mean, _ = network.encoder(torch.from_numpy(sound)[None])
        expected = network.decoder(mean)[0].numpy()
    curves = inside.encode(sound, weights, size.ratios, size.dilations)
    assert np.allclose(curves, mean[0].numpy(), **CLOSE)
    assert np.allclose(inside.decode(curves, weights, size.ratios, size.dilations), expected, **CLOSE)
