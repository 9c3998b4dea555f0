"""Day 2 live: features and sound made piece by piece are those made at once."""

import numpy as np
import pytest
from modelfiles.resample import resample
from pdworker.serving.live import StreamForm, latency_of
from support.timbre_files import small_model
from timbre_transfer import controls, features, live, load
from timbre_transfer.controls import Controls
from timbre_transfer.engine import yin
from timbre_transfer.engine.dynamics import Dynamics
from timbre_transfer.engine.loudness import loudness_db
from timbre_transfer.features import Features
from timbre_transfer.keys import Keys

PIECE = 777
AS_SUNG = Controls(adjust=False)


def live_chain(player, rate, milliseconds=220, settings=AS_SUNG):
    return live.Chain(live.LiveInstrument(player, milliseconds, settings), rate)


def loudness_played(audio, **settings):
    """(loudness of what comes out, of what went in), dB, at a latency of 40 ms."""
    chain = live_chain(small_model(), 16000, 40, Controls(adjust=False, **settings))
    sound = np.concatenate([chain.process(piece[None])[0] for piece in pieces(audio)])
    return loudness_db(sound), loudness_db(audio)[: len(sound) // 64]


def song(rate=16000):
    """Two notes, each swelling and fading."""
    times = np.arange(2 * rate) / rate
    phase = 2 * np.pi * np.cumsum(np.where(times < 1, 220.0, 330.0)) / rate
    level = np.sin(np.pi * (times % 1))
    return (0.2 * level * sum(np.sin(k * phase) / k for k in range(1, 8))).astype(np.float32)


def pieces(audio, size=PIECE):
    return [audio[start : start + size] for start in range(0, len(audio), size)]


def features_of(audio, kind=live.StreamingFeatureExtractor, size=PIECE):
    extractor = kind()
    taken = [extractor.extract(piece) for piece in pieces(audio, size)]
    columns = ("f0_hz", "confidence", "loudness_db")
    return Features(*(np.concatenate([getattr(part, column) for part in taken]) for column in columns))


def test_features_in_pieces_are_those_of_the_whole():
    audio = song()
    heard, whole = features_of(audio), features.extract(audio)
    frames = len(heard)
    assert len(whole) - live.StreamingFeatureExtractor.lookahead / 64 - 1 <= frames < len(whole)
    np.testing.assert_allclose(heard.loudness_db, whole.loudness_db[:frames], atol=1e-4)
    tones = whole.confidence[:frames] >= 0.5
    assert np.mean((heard.confidence >= 0.5) == tones) > 0.95
    near = np.abs(1200 * np.log2(heard.f0_hz[tones] / whole.f0_hz[:frames][tones])) < 50
    assert np.mean(near) > 0.95


@pytest.mark.parametrize("size", [64, PIECE])
def test_quick_features_are_the_same_in_any_pieces_and_near_those_of_the_whole(size):
    audio = song()
    heard, at_once = (features_of(audio, live.QuickFeatureExtractor, one) for one in (size, len(audio)))
    for column in ("f0_hz", "confidence"):
        np.testing.assert_allclose(getattr(heard, column), getattr(at_once, column), atol=1e-6)
    whole = features.extract(audio)
    frames = len(heard)
    assert frames == (len(audio) - yin.LOOKAHEAD) // 64 + 1
    np.testing.assert_allclose(heard.loudness_db, whole.loudness_db[:frames], atol=1e-4)
    tones = (whole.confidence[:frames] >= 0.5) & (heard.confidence >= 0.5)
    assert tones.sum() > 0.9 * (whole.confidence[:frames] >= 0.5).sum()
    apart = np.abs(1200 * np.log2(heard.f0_hz[tones] / whole.f0_hz[:frames][tones]))
    assert np.mean(apart < 50) > 0.95 and np.mean(apart > 1100) < 0.002


@pytest.mark.parametrize("hz", [55.0, 82.4, 220.0, 880.0, 1500.0])
@pytest.mark.parametrize("harmonics", [1, 10])
def test_yin_finds_tones_high_and_low_and_no_octave_beside_them(hz, harmonics):
    times = np.arange(8000) / 16000
    sound = 0.2 * sum(
        np.sin(2 * np.pi * k * hz * times) / k for k in range(1, harmonics + 1) if k * hz < 8000
    )
    f0_hz, confidence = yin.Tracker().track(sound.astype(np.float32))
    np.testing.assert_allclose(f0_hz[12:], hz, rtol=0.006)
    assert confidence[12:].min() > 0.5
    assert not yin.Tracker().track(np.zeros(4000, np.float32))[1].any()


def test_yin_follows_a_glide_in_step_and_hears_a_note_as_it_begins():
    times = np.arange(32000) / 16000
    hertz = 220 * 2 ** (0.5 * np.sin(2 * np.pi * times))
    phase = 2 * np.pi * np.cumsum(hertz) / 16000
    sound = 0.2 * sum(np.sin(k * phase) / k for k in range(1, 8)) * (times > 0.5)
    f0_hz, confidence = yin.Tracker().track(sound.astype(np.float32))
    assert np.flatnonzero(confidence > 0.2)[0] * 64 / 16000 < 0.51
    frames = 64 * np.arange(140, len(f0_hz))
    apart = [np.abs(np.log2(f0_hz[140:] / hertz[frames - late])).mean() for late in range(0, 320, 8)]
    assert np.argmin(apart) * 8 <= 64  # a frame


def test_what_sounds_live_is_what_the_model_plays_at_once():
    player, audio = small_model(noise=False), song()
    chain = live_chain(player, 16000)
    sound = np.concatenate([chain.process(piece[None])[0] for piece in pieces(audio)])
    whole = player.generate(*controls.apply(features_of(audio), AS_SUNG), seed=0)
    assert len(sound) > 28000 and np.abs(sound).max() > 0.01
    assert np.abs(sound - whole[: len(sound)]).max() < 1e-5


@pytest.mark.parametrize("rate", [44100, 96000])
def test_what_sounds_live_is_in_step_with_the_whole_at_any_rate(rate):
    player, audio = small_model(noise=False), song(rate)
    chain = live_chain(player, rate, 40)
    sound = np.concatenate([chain.process(piece[None])[0] for piece in pieces(audio, chain.piece)])
    found = features_of(resample(audio, rate, 16000), live.QuickFeatureExtractor)
    whole = resample(player.generate(*controls.apply(found, AS_SUNG), seed=0), 16000, rate)
    spectra = [np.fft.rfft(one, 1 << 19) for one in (sound, whole)]
    likeness = np.fft.irfft(spectra[0] * spectra[1].conj())
    assert np.argmax(likeness) == 0
    assert likeness[0] > 0.99 * np.linalg.norm(sound) * np.linalg.norm(whole[: len(sound)])


@pytest.mark.parametrize("colour", [1, -1], ids=["dark", "bright"])
def test_breath_is_as_loud_as_it_comes_in(colour):
    noise = np.random.default_rng(1).normal(0, 0.05, 32001)
    breath = (noise[1:] + colour * noise[:-1]) * np.repeat([1, 0.1], 16000)
    heard, given = loudness_played(breath.astype(np.float32), breath=1.0)
    for part in (slice(50, 240), slice(300, 450)):
        assert np.median(heard[part]) == pytest.approx(np.median(given[part]), abs=1.5)


def test_dynamics_are_those_of_what_comes_in():
    tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(32000) / 16000).astype(np.float32)
    wanted, dynamics, out = loudness_db(song()), Dynamics(16000, 64), []
    for frame, part in enumerate(pieces(tone, 64)):
        out.append(dynamics(part, wanted[frame : frame + 1], 1.0))
    heard = loudness_db(np.concatenate(out))
    within = wanted > loudness_db(tone) - 20
    assert np.abs(heard - wanted)[within].mean() < 2
    assert np.corrcoef(heard[within], wanted[within])[0, 1] > 0.9
    assert np.abs(heard - loudness_db(tone))[within].mean() > 4  # else there was nothing to do


def test_a_whole_sound_has_the_breath_and_the_dynamics_that_it_has_live():
    noise = (0.05 * np.random.default_rng(1).normal(size=32000) * np.repeat([1, 0.1], 16000)).astype(
        np.float32
    )
    for audio, settings in ((noise, {"breath": 1.0}), (song(), {"breath": 1.0, "dynamics": 1.0})):
        live_db, given = loudness_played(audio, **settings)
        whole = loudness_db(small_model().transfer(audio, 16000, adjust=False, seed=0, **settings))
        bare = loudness_db(small_model().transfer(audio, 16000, adjust=False, seed=0))
        live_db, whole, bare = (one[: len(live_db) - 20][given[:-20] > -50] for one in (live_db, whole, bare))
        assert np.median(np.abs(whole - live_db)) < 1.5
        assert np.median(np.abs(bare - live_db)) > 3  # else there was nothing to do


@pytest.mark.parametrize("dynamics", [0.0, 1.0])
def test_breath_is_adjusted_as_the_notes_are(dynamics):
    audio, s, note = song(), slice(190, 248), slice(80, 165)
    audio[12000:16000] = np.diff(np.random.default_rng(1).normal(0, 0.02, 4001))
    sound = load("starter_violin").transfer(audio, 16000, seed=0, breath=1.0, dynamics=dynamics)
    raised = loudness_db(sound) - loudness_db(audio)
    assert np.median(raised[note]) < -10  # else there was nothing to adjust
    assert np.median(raised[s]) == pytest.approx(np.median(raised[note]), abs=4)


@pytest.mark.parametrize("rate", [16000, 44100])
@pytest.mark.parametrize("milliseconds", [1, 40, 160, 400])
def test_the_latency_is_near_what_was_asked_and_never_too_short(rate, milliseconds):
    player = small_model()
    instrument = live.LiveInstrument(player, milliseconds, AS_SUNG)
    latency = latency_of(instrument, StreamForm(rate, 64, 1, 1))
    assert latency / rate < max(milliseconds, 30) / 1000 + 0.004
    assert latency / rate > 0.75 * milliseconds / 1000
    chain, out = live_chain(player, rate, milliseconds), 0
    for number, part in enumerate(pieces(song(rate), chain.piece)[:-1]):
        out += chain.process(part[None]).shape[1]
        assert (number + 1) * chain.piece + chain.compute_frames - out <= latency


def test_what_is_no_sound_is_silence():
    chain = live_chain(small_model(), 16000)
    strange = np.full(16000, np.nan, np.float32)
    strange[::2] = np.inf
    assert np.isfinite(np.concatenate([chain.process(piece[None])[0] for piece in pieces(strange)])).all()


def test_keys_become_pitch_and_loudness():
    keys = Keys(np.linspace(-80, -20, 100))
    assert keys.features(50).loudness_db.max() < -79
    keys.press(57, 100)
    held = keys.features(100)
    np.testing.assert_allclose(held.f0_hz, 220, rtol=1e-6)
    assert held.loudness_db[-1] == pytest.approx(-80 + 60 * (0.3 + 0.65 * 100 / 127), abs=0.5)
    keys.press(69, 127)
    keys.bend = 12
    glide = keys.features(100)
    assert glide.f0_hz[0] < glide.f0_hz[-1] == pytest.approx(880, rel=1e-3)
    keys.vibrato = 1.0
    swing = 12 * np.log2(keys.features(300).f0_hz[-100:] / 880)
    assert 0.9 < swing.max() < 1.01 and -1.01 < swing.min() < -0.9
    keys.press(69, 0)
    keys.bend = keys.vibrato = 0.0
    assert keys.features(100).f0_hz[-1] == pytest.approx(220, rel=1e-3)  # the key that is still held
    keys.press(57, 0)
    assert keys.features(300).loudness_db[-1] < -79


def test_keys_are_played_in_the_place_of_the_sound():
    instrument = live.LiveInstrument(small_model(noise=False), 40, AS_SUNG, by_keys=True)
    chain = live.Chain(instrument, 16000)
    assert (
        np.abs(np.concatenate([chain.process(piece[None])[0] for piece in pieces(song(), 64)])).max() < 1e-3
    )
    instrument.keys.press(57, 127)
    sound = np.concatenate([chain.process(piece[None])[0] for piece in pieces(np.zeros(16000), 64)])
    assert sound.std() > 1e-3
    spectrum = np.abs(np.fft.rfft(sound[-8000:]))
    assert np.argmax(spectrum) * 2 % 220 < 3
