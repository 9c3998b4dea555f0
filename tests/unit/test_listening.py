"""Figures of what can be heard, on sounds of which they are known."""

import numpy as np
import pytest
from dlwakit.training.listening import clicks, figures, flatness, level

RATE = 16000
TONE = 0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)
NOISE = np.random.default_rng(0).normal(0, 0.1, 2 * RATE)
STROKE = NOISE * np.exp(-np.arange(2 * RATE) / 1000) * (np.arange(2 * RATE) % RATE > 400)


def test_levels_and_flatness_of_known_sounds():
    assert level(2 * TONE) == pytest.approx(-3.01, abs=0.05) and level(0 * TONE) == -120
    assert flatness(TONE) < 0.01 < 0.4 < flatness(NOISE) < 1
    assert np.isnan(flatness(0 * TONE))


@pytest.mark.parametrize(
    "sound", [TONE, NOISE, STROKE, 0 * TONE], ids=["tone", "noise", "strokes", "silence"]
)
def test_whole_sounds_have_no_clicks(sound):
    assert clicks(sound, RATE) == 0


def test_jumps_gaps_and_cut_ends_are_clicks():
    jump, gap, spike = TONE.copy(), TONE.copy(), 0.01 * NOISE
    jump[5000:9000] -= 0.3  # down, and up again
    gap[8018:8030] = 0
    spike[900] = 0.8
    assert [clicks(sound, RATE) for sound in (jump, gap, spike)] == [2, 1, 1]
    cut = np.concatenate([TONE[:9009], np.zeros(9000), TONE[9009:18010], np.zeros(500)])
    assert clicks(cut, RATE) == 3


def test_figures_of_several_sounds():
    heard = figures([TONE, 0 * TONE], RATE)
    assert heard["peak"] == pytest.approx(0.5, abs=1e-3) and heard["silent"] == 0.5
    assert heard["rms_db"] == pytest.approx(level(TONE) - 3.01, abs=0.05)
    assert heard["clicks"] == 0 and heard["flatness"] == flatness(TONE)
    assert figures([0 * TONE], RATE)["flatness"] is None
