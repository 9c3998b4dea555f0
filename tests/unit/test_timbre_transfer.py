"""Day 2's model and controls, without ddsp: what a player may do and what must not go wrong."""

import inspect
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from modelfiles.errors import UserError
from support.sounds import tone
from support.timbre_files import GIN, small_model, tensors, write_model
from timbre_transfer import controls, features, model
from timbre_transfer.controls import Controls
from timbre_transfer.engine import configuration, pitch, statistics
from timbre_transfer.engine.decoder import SUFFIX
from timbre_transfer.engine.pitch import hertz, midi
from timbre_transfer.engine.synthesiser import Harmonic
from timbre_transfer.engine.timbre_model import Performance, TimbreModel, decoder_tensors
from timbre_transfer.features import Features

ROOT = Path(__file__).parents[2]


def sung(frames=600, f0_hz=220.0):
    """A tone with a rest in its middle."""
    on = (np.arange(frames) < frames // 2 - 40) | (np.arange(frames) > frames // 2 + 40)
    loudness = np.where(on, -30 + 6 * np.sin(np.arange(frames) / 40), -75)
    return Features(np.full(frames, f0_hz), np.where(on, 0.95, 0.1), loudness)


STATISTICS = statistics.Statistics(mean_pitch=76.0, loudness_quantiles=np.linspace(-60, -20, 100))


# Controls.


def test_each_control_is_audible():
    """Under ddsp 3.x the loudness controls did nothing: loudness was computed anew from the input."""
    player = small_model()

    def play(**change):
        f0_hz, loudness = controls.apply(sung(), Controls(**change), STATISTICS)
        return player.generate(f0_hz, loudness, seed=1)

    plain = play()
    changes = {"octave_shift": 1, "threshold": 0, "loudness_shift": -20, "adjust": False, "quiet": 30}
    for name, value in changes.items():
        assert np.abs(play(**{name: value}) - plain).max() > 1e-3, name
    out_of_tune = controls.apply(sung(f0_hz=227.0), Controls(autotune=0), STATISTICS)[0]
    in_tune = controls.apply(sung(f0_hz=227.0), Controls(autotune=1), STATISTICS)[0]
    assert out_of_tune.max() != pytest.approx(in_tune.max())


def test_shifts_mean_octaves_and_decibels():
    before = sung()
    f0_hz, loudness = controls.apply(
        before, Controls(octave_shift=1, loudness_shift=-7, threshold=0, adjust=False)
    )
    assert np.allclose(f0_hz, 2 * before.f0_hz)
    assert np.allclose(loudness, before.loudness_db - 7)
    assert controls.apply(before, Controls(octave_shift=20, threshold=0))[0].max() == pytest.approx(
        hertz(110)
    )


def test_threshold_is_for_pitch_alone():
    """The course handed it on as the note threshold, so that 0 made every frame a note."""
    before = sung()
    f0_hz, _ = controls.apply(before, Controls(threshold=0.5, adjust=False))
    assert np.array_equal(f0_hz == 0, before.confidence < 0.5)
    adjusted = [
        controls.apply(before, Controls(threshold=value, quiet=20), STATISTICS)[1] for value in (0, 0.9)
    ]
    assert np.allclose(*adjusted)
    assert adjusted[0][300] < before.loudness_db[300] - 10  # the rest is a rest at threshold 0, too


def test_what_is_no_note_is_softer_unless_one_says_otherwise():
    """By 20 dB and no word said, as in the original and in DDSP."""
    before = sung()
    plain, as_sung = (
        controls.apply(before, Controls(**words), STATISTICS)[1] for words in ({}, {"quiet": 0})
    )
    on, ratio = controls.notes(before)
    assert np.array_equal(plain[on], as_sung[on]) and not on[300]
    assert np.allclose(as_sung[~on] - plain[~on], 20 * (1 - ratio[~on]))


def test_adjust_moves_notes_to_where_the_model_learnt_them():
    f0_hz, loudness = controls.apply(sung(), Controls(threshold=0), STATISTICS)
    assert np.allclose(
        midi(f0_hz), 57 + 12
    )  # 19 semitones below: rounded down, less than 18 would be rounded up
    on, _ = controls.notes(sung())
    assert np.percentile(loudness[on], [0, 50, 100]) == pytest.approx([-60, -40, -20], abs=1)


def test_autotune_moves_to_the_scale_by_its_amount():
    scale = np.repeat([60, 62, 64, 65, 67.3, 69], 100)
    features_ = Features(hertz(scale), np.ones(600), np.full(600, -30.0))
    statistics_ = statistics.Statistics(scale.mean(), STATISTICS.loudness_quantiles)
    for amount, expected in ((0, 67.3), (0.5, 67.15), (1, 67.0)):
        f0_hz, _ = controls.apply(features_, Controls(autotune=amount), statistics_)
        assert midi(f0_hz)[450] == pytest.approx(expected, abs=1e-6)


def test_silence_has_no_notes():
    """ddsp divides 0 by 0 here."""
    silence = Features(np.full(100, 100.0), np.zeros(100), np.full(100, -80.0))
    f0_hz, loudness = controls.apply(silence, Controls(quiet=20, autotune=1), STATISTICS)
    assert np.isfinite(loudness).all() and not f0_hz.any()


# Playing.


def test_playing_in_pieces_is_playing_at_once():
    player = small_model()
    f0_hz, loudness = controls.apply(sung(), Controls())
    noise = np.random.default_rng(0).uniform(-1, 1, len(f0_hz) * player.hop)
    whole = player.generate(f0_hz, loudness, noise=noise)
    performance = Performance(player)
    pieces = [
        performance(f0_hz[a : a + 7], loudness[a : a + 7], noise[a * player.hop : (a + 7) * player.hop])
        for a in range(0, 600, 7)
    ]
    assert np.abs(np.concatenate([*pieces, performance.end()]) - whole).max() < 1e-6


def test_masked_frames_are_silent():
    """At 0 Hz the original's oscillators stand still with their amplitude on: a constant offset."""
    f0_hz, loudness = controls.apply(sung(), Controls(threshold=0.5))
    sound = small_model(noise=False).generate(f0_hz, loudness, seed=1).reshape(-1, 64)
    rest = np.flatnonzero(f0_hz == 0)
    assert np.abs(sound[rest[1:-1]]).max() < 1e-4 < np.abs(sound[rest[0] - 20]).max()


def test_a_tone_begins_and_ends_on_its_pitch():
    """Linear interpolation of a masked f0 glides up from 0 Hz and down to it."""
    f0_hz = np.repeat([0.0, 220.0, 0.0], 3)
    amplitudes = (f0_hz > 0)[:, None] * 1.0
    sound = Harmonic(16000, 64)(amplitudes, f0_hz)
    phase = 2 * np.pi * 220 / 16000 * np.arange(1, 4 * 64 + 1)
    fade = 0.5 - 0.5 * np.cos(np.pi * np.arange(64) / 64)
    envelope = np.concatenate([fade, np.ones(128), 1 - fade])
    assert np.abs(sound[2 * 64 : 6 * 64] - envelope * np.sin(phase)).max() < 1e-9
    assert not sound[: 2 * 64].any() and not sound[6 * 64 :].any()


def test_models_do_not_see_each_others_settings():
    """gin is global to a process: a second model took over the settings of the first."""
    one = configuration.read(GIN + "Harmonic.normalize_below_nyquist = False\n")
    other = configuration.read(GIN)
    assert not one.normalize_below_nyquist and other.normalize_below_nyquist


# What comes from files.


def test_input_order_is_read_or_the_model_refused():
    swapped = GIN.replace("('ld_scaled', 'f0_scaled')", "('f0_scaled', 'ld_scaled')")
    assert configuration.read(swapped).input_keys == ("f0_scaled", "ld_scaled")
    without = "\n".join(line for line in GIN.splitlines() if "input_keys" not in line)
    with pytest.raises(UserError, match="order"):
        configuration.read(without)


def test_old_names_are_known():
    old = GIN.replace("synths.Harmonic", "synths.Additive").replace("Harmonic.sample", "Additive.sample")
    old = old.replace("RnnFcDecoder", "ZRnnFcDecoder") + "DefaultPreprocessor.frame_rate = 250\n"
    assert configuration.read(old) == configuration.read(GIN)


def test_what_an_old_gin_file_says_of_frames_and_scales_counts_or_is_named():
    old = GIN + "DefaultPreprocessor.time_steps = 500\nAdditive.n_samples = 64000\n"
    assert configuration.read(old).frame_rate == 125
    for line, name in (
        ("Additive.n_samples = 64001\nDefaultPreprocessor.time_steps = 1000", "time_steps"),
        ("Additive.scale_fn = @tf.nn.relu", "Harmonic.scale_fn"),
        ("FilteredNoise.scale_fn = None", "FilteredNoise.scale_fn"),
        (f"FilteredNoise.window_size = {10**12}", "window_size"),
    ):
        with pytest.raises(UserError, match=name):
            configuration.read(f"{GIN}{line}\n")


def test_what_the_small_engine_cannot_play_is_named():
    with pytest.raises(UserError, match="ResnetSinusoidalEncoder"):
        configuration.read(GIN + "Autoencoder.encoder = @encoders.ResnetSinusoidalEncoder()\n")
    with pytest.raises(UserError, match="inputs are ld_scaled, f0_scaled"):
        configuration.read(GIN + "Autoencoder.encoder = @encoders.MfccTimeDistributedRnnEncoder()\n")
    with pytest.raises(UserError, match="linear"):
        configuration.read(GIN + "Harmonic.amp_resample_method = 'linear'\n")


def test_a_gin_file_is_read_as_text():
    text = """
        import ddsp.synths
        from os import path
        include 'other.gin'
        size = 65
        LIMIT = %NOT_DEFINED_HERE
        a/b/synths.Harmonic:
          n_samples = -64000  # a comment with a ' in it
          scale_fn = @core.exp_sigmoid
        ProcessorGroup.dag = [
            (@synths.Harmonic(), ['amps']),
            {'size': (%size, 1e-3,), 'x': None},
        ]
        FilteredNoise.name = 'filtered' \\
            '_noise'
    """
    assert configuration.parse(inspect.cleandoc(text)) == {
        "Harmonic.n_samples": -64000,
        "Harmonic.scale_fn": "@core.exp_sigmoid",
        "ProcessorGroup.dag": [("@synths.Harmonic()", ["amps"]), {"size": (65, 1e-3), "x": None}],
        "FilteredNoise.name": "filtered_noise",
    }


@pytest.mark.parametrize(
    "text",
    [
        "A.b = __import__('os').system('touch hacked')",
        "A.b = @synths.Harmonic(open('hacked', 'w'))",
        "A.b = [1, 2",
        "A.b = " + "[" * 100_000,
        "A.b = {[]: 1}",
        "A.b = %undefined",
        "A.b = 1 +",
        "A.b",
        "A.b:\nc = 1",
        "\0",
        "A.b = " + 3 * "'",
        "A.b = " + "9" * 10_000,
    ],
    ids=lambda text: text[:20],
)
def test_a_hostile_gin_file_is_refused_unrun(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="the gin file") as caught:
        configuration.parse(text)
    assert "\n" not in str(caught.value) and not Path("hacked").exists()


@pytest.mark.parametrize(
    "line, complaint",
    [
        ("Harmonic.sample_rate = 'fast'", "sample_rate is 'fast'"),
        ("F0LoudnessPreprocessor.frame_rate = 0", "frame_rate is 0"),
        ("FilteredNoise.window_size = 2.5", "window_size is 2.5"),
        ("FilteredNoise.initial_bias = None", "initial_bias is None"),
        ("ProcessorGroup.dag = 5", "signal path"),
        ("RnnFcDecoder.input_keys = 5", "input_keys"),
        ("RnnFcDecoder.output_splits = 5", "output_splits"),
        ("RnnFcDecoder.output_splits = (('amps', 1),)", "outputs are amps"),
    ],
)
def test_settings_that_cannot_be_are_named(line, complaint):
    with pytest.raises(UserError, match=complaint):
        configuration.read(GIN + line + "\n")


@pytest.mark.parametrize("window, changes", [(0, False), (257, False), (16, False), (9, True), (8, True)])
def test_the_noise_has_the_window_that_the_gin_file_asks_for(window, changes):
    """Nine bands make responses of 16 samples; a larger window is cut to them (tests/fidelity compares with ddsp)."""
    settings = configuration.read(GIN.replace("window_size = 0", f"window_size = {window}"))
    assert settings.noise_window == window
    asked, whole = (
        TimbreModel("small", config, tensors()).generate(np.zeros(50), np.full(50, -20.0), seed=1)
        for config in (settings, configuration.read(GIN))
    )
    assert len(asked) == len(whole) and np.isfinite(asked).all()
    assert (np.abs(asked - whole).max() > 1e-3) == changes


def test_a_hostile_statistics_file_is_refused_unrun(tmp_path):
    class Hostile:
        def __reduce__(self):
            return (open, (str(tmp_path / "written"), "w"))

    (tmp_path / statistics.NAME).write_bytes(pickle.dumps({"mean_pitch": Hostile()}))
    with pytest.raises(UserError, match="not run"):
        statistics.load(tmp_path)
    assert not (tmp_path / "written").exists()


def test_a_models_folder_is_loaded_with_its_statistics(tmp_path):
    values = {"mean_pitch": 70.0, "quantile_transform": {"quantiles_": np.linspace(-60, -20, 5)[:, None]}}
    player = model.load(write_model(tmp_path / "a model", values))
    assert player.statistics.mean_pitch == 70
    f0_hz, loudness = controls.apply(sung(), Controls(adjust=False))
    wanted = small_model().generate(f0_hz, loudness, seed=1)
    assert np.abs(player.generate(f0_hz, loudness, seed=1) - wanted).max() < 1e-5


def test_a_checkpoint_of_another_kind_is_refused():
    with pytest.raises(UserError, match="no DDSP decoder"):
        decoder_tensors({f"model/generator/kernel{SUFFIX}": np.zeros(3)})


def test_the_newest_gin_file_counts_as_a_number(tmp_path):
    for step in (900, 1000):
        text = "Autoencoder.decoder = @decoders.Other()\n" if step == 1000 else GIN
        (tmp_path / f"operative_config-{step}.gin").write_text(text)
    with pytest.raises(UserError, match="Other"):
        model.load(tmp_path)


# Sounds of any kind.


@pytest.mark.parametrize("rate", [8000, 16000, 32000, 44100, 48000, 96000])
def test_pitch_does_not_depend_on_the_sample_rate(rate):
    """The original's analysis took sound at 32 kHz for sound at 16 kHz: an octave too low and twice as long."""
    heard = features.extract(features.prepare(tone(1.0, rate, 220, 7, channels=2), rate))
    assert len(heard) == 250
    assert np.median(heard.f0_hz) == pytest.approx(220, rel=0.01)


@pytest.mark.parametrize("estimator", ["swift", "crepe-tiny"])
def test_estimators_agree_and_know_noise(estimator):
    f0_hz, confidence = pitch.estimate(tone(0.6, 16000, 220, 7), estimator)
    assert len(f0_hz) == len(confidence) == 150
    inner = slice(20, -20)
    assert np.abs(1200 * np.log2(f0_hz[inner] / 220)).max() < 30 and confidence[inner].min() > 0.5
    noise = np.random.default_rng(0).normal(0, 0.1, 9600)
    assert np.mean(pitch.estimate(noise, estimator)[1] > 0.5) < 0.1


@pytest.mark.parametrize("offset", [0.0, 0.5])
def test_odd_sounds_become_finite_features(offset):
    clipped = np.clip(5 * tone(0.3, 16000, 220, 7), -1, 1)
    broken = np.where(np.arange(4800) % 97 == 0, np.nan, 0.1 * clipped)
    for sound in (np.zeros(4800), clipped, broken, np.random.default_rng(0).normal(0, 0.3, 4800)):
        heard = features.extract(features.prepare(sound + offset, 16000))
        assert all(np.isfinite(curve).all() for curve in (heard.f0_hz, heard.confidence, heard.loudness_db))
    silent = features.extract(features.prepare(np.full(4800, offset), 16000))
    assert silent.confidence.max() < 0.2 and silent.loudness_db.max() == -80


def test_what_is_no_sound_is_refused_in_one_line():
    for sound, rate, words in (
        (np.zeros(0), 16000, "empty"),
        (np.zeros(160), 16000, "too short"),
        (np.zeros(100), 1, "sample rate"),
        (np.zeros(4000 * 601), 4000, "too long"),
    ):
        with pytest.raises(UserError, match=words):
            features.prepare(sound, rate)
    with pytest.raises(UserError, match="swift"):
        pitch.estimate(tone(0.2, 16000, 220, 7), "yin")


LONG = """
import resource, sys
import numpy as np
from support.timbre_files import small_model
from timbre_transfer.worker import Worker, warm_up

class Job:
    def progress(self, fraction, text):
        pass

instrument = small_model()
warm_up(instrument)
worker = Worker(instrument)
second = sum(np.sin(2 * np.pi * 220 * k * np.arange(16000) / 16000) / k for k in range(1, 8))
audio = np.tile((0.3 * second).astype(np.float32), 600)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
facts, (sound, *pictures) = worker.transfer(Job(), rate=16000, out_rate=16000, arrays=[audio])
assert len(sound) == len(audio) and facts["voiced"] > 0.9
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


@pytest.mark.slow
def test_ten_minutes_take_a_bounded_memory():
    """The sound itself is 38 MB; what hears and plays it goes through it in stretches."""
    path = os.pathsep.join(str(ROOT / folder) for folder in ("02_ddsp", "pyext_py3", "tests"))
    done = subprocess.run(
        [sys.executable, "-c", LONG], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 500
