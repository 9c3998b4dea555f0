"""Our DDSP against the ddsp package, on the same random weights of official size."""

import json
from pathlib import Path

import numpy as np
import pytest
from modelfiles.errors import UserError
from support.tensorflow_environment import run_in_tensorflow
from timbre_transfer import load
from timbre_transfer.engine.synthesiser import Harmonic

pytestmark = pytest.mark.tensorflow
HERE = Path(__file__).parent
SOLO, TINY, AE = "models/solo_instrument.gin", "papers/iclr2020/tiny_instrument.gin", "models/ae.gin"
CASES = {
    "solo": {"gin": SOLO, "bindings": []},
    "tiny": {"gin": TINY, "bindings": []},
    "dry": {
        "gin": AE,
        "bindings": ["Autoencoder.encoder = None", "RnnFcDecoder.input_keys = ('f0_scaled', 'ld_scaled')"],
    },
    "z": {"gin": AE, "bindings": []},
    "z_first": {
        "gin": AE,
        "bindings": [
            "MfccTimeDistributedRnnEncoder.z_time_steps = 250",
            "RnnFcDecoder.input_keys = ('z', 'f0_scaled', 'ld_scaled')",
        ],
    },
    "narrow_window": {"gin": TINY, "bindings": ["FilteredNoise.window_size = 33"]},
    "even_window": {"gin": TINY, "bindings": ["FilteredNoise.window_size = 48"]},
    "wet": {"gin": SOLO, "bindings": ["Reverb.add_dry = False", "Harmonic.normalize_below_nyquist = False"]},
}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ddsp")
    run_in_tensorflow(HERE / "ddsp_reference.py", folder, json.dumps({**CASES, "vst": {}}), day="02_ddsp")
    return folder


@pytest.mark.parametrize("name", CASES)
def test_audio_is_the_ddsp_packages(models, name):
    reference = np.load(models / name / "reference.npz")
    curves = reference["f0_hz"], reference["loudness_db"]
    audio = load(models / name).generate(*curves, noise=reference["noise"], audio=reference["sound"])
    assert difference(audio, reference["audio"]) < 1e-4


@pytest.mark.parametrize("name", ["solo", "dry", "z"])
def test_both_engines_give_the_same(models, name):
    """As near as ddsp's phase in float32 allows."""
    reference = np.load(models / name / "reference.npz")
    curves = reference["f0_hz"], reference["loudness_db"]
    audio = load(models / name).generate(*curves, noise=reference["upstream_noise"], audio=reference["sound"])
    assert difference(audio, reference["upstream"]) < 5e-3


def test_a_model_of_the_vst_plug_in_is_left_to_the_ddsp_package(models):
    with pytest.raises(UserError, match="FilteredNoiseReverb"):
        load(models / "vst")
    reference = np.load(models / "vst" / "reference.npz")
    assert difference(reference["upstream"], reference["audio"]) < 1e-3
    assert difference(reference["softer"], reference["audio"]) > 0.1


def test_phase_stays_exact_where_the_ddsp_packages_drifts(models):
    """Its `oscillator_bank.use_angular_cumsum = True` has no effect, and float32 loses count of the periods."""
    reference = np.load(models / "solo" / "reference.npz")
    assert difference(reference["drifting_harmonics"], reference["harmonics"]) > 3e-4


def test_phase_stays_exact_for_ten_minutes():
    harmonic = Harmonic(16000, 64)
    f0_hz, frames = 440.5, 2500
    amplitudes = np.full((frames, 1), 1.0)
    for _ in range(60):
        sound = harmonic(amplitudes, np.full(frames, f0_hz), (amplitudes[0], f0_hz))
    times = np.arange(60 * frames * 64 - len(sound), 60 * frames * 64) + 1
    assert difference(sound, np.sin(2 * np.pi * ((f0_hz * times / 16000) % 1))) < 1e-6


def difference(ours, theirs):
    """Largest difference in relation to the sound's peak."""
    assert ours.shape == theirs.shape
    return np.abs(ours - theirs).max() / np.abs(theirs).max()
