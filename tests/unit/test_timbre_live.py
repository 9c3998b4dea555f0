"""Day 2 live: what is heard and played piece by piece is what is heard and played at once."""

import numpy as np
import pytest
from support.timbre_files import small_model
from timbre_transfer import controls, features, live
from timbre_transfer.controls import Controls
from timbre_transfer.features import Features

PIECE = 777
AS_SUNG = Controls(adjust=False)


def song(rate=16000):
    """Two notes, each swelling and fading."""
    times = np.arange(2 * rate) / rate
    phase = 2 * np.pi * np.cumsum(np.where(times < 1, 220.0, 330.0)) / rate
    level = np.sin(np.pi * (times % 1))
    return (0.2 * level * sum(np.sin(k * phase) / k for k in range(1, 8))).astype(np.float32)


def pieces(audio, size=PIECE):
    return [audio[start : start + size] for start in range(0, len(audio), size)]


def heard_by(ear, audio):
    taken = [ear.take(piece) for piece in pieces(audio)]
    columns = ("f0_hz", "confidence", "loudness_db")
    return Features(*(np.concatenate([getattr(heard, column) for heard in taken]) for column in columns))


def test_the_ear_hears_what_is_heard_at_once():
    audio = song()
    heard, whole = heard_by(live.Ear(), audio), features.extract(audio)
    frames = len(heard)
    assert len(whole) - live.LOOKAHEAD / 64 - 1 <= frames < len(whole)
    np.testing.assert_allclose(heard.loudness_db, whole.loudness_db[:frames], atol=1e-4)
    tones = whole.confidence[:frames] >= 0.5
    assert np.mean((heard.confidence >= 0.5) == tones) > 0.95
    near = np.abs(1200 * np.log2(heard.f0_hz[tones] / whole.f0_hz[:frames][tones])) < 50
    assert np.mean(near) > 0.95


def test_what_sounds_live_is_what_the_model_plays_at_once():
    player, audio = small_model(noise=False), song()
    chain = live.Chain(player, 16000, AS_SUNG)
    sound = np.concatenate([chain.take(piece) for piece in pieces(audio)])
    whole = player.generate(*controls.apply(heard_by(live.Ear(), audio), AS_SUNG), seed=0)
    assert len(sound) > 28000 and np.abs(sound).max() > 0.01
    assert np.abs(sound - whole[: len(sound)]).max() < 1e-5


@pytest.mark.parametrize("rate", [16000, 44100])
@pytest.mark.parametrize("milliseconds", [1, 400])
def test_the_latency_is_near_what_was_asked_and_never_too_short(rate, milliseconds):
    player = small_model()
    piece = live.piece_size(milliseconds, rate)
    latency = live.held_back(live.Chain(player, rate, AS_SUNG), piece) + piece
    assert latency / rate < max(milliseconds, 150) / 1000 + 0.08  # 44.1 kHz needs the longest filter
    chain, out = live.Chain(player, rate, AS_SUNG), 0
    for number, part in enumerate(pieces(song(rate), piece)[:-1]):
        out += len(chain.take(part))
        assert (number + 2) * piece - out <= latency


def test_what_is_no_sound_is_silence_for_the_ear():
    chain = live.Chain(small_model(), 16000, AS_SUNG)
    strange = np.full(16000, np.nan, np.float32)
    strange[::2] = np.inf
    assert np.isfinite(np.concatenate([chain.take(piece) for piece in pieces(strange)])).all()
