"""`[nsynth~]` in real Pd: keys play a grid at the pad's place, which moves without a click, also without a worker."""

import json
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from support.external import EXTERNAL
from support.processes import descendants

HERE = Path(__file__).parent / "nsynth"
DAY = Path(__file__).resolve().parents[2] / "03_gansynth"
NAME, OUT = "nsynth-live", "nsynth-live-out"
RATE, PD_RATE = 8000, 44100
HERTZ = {48: (100, 150, 200, 250), 72: (400, 450, 500, 550)}  # of the points of a grid, pitch by pitch
LOUD = 0.7 * (100 / 127) ** 2  # of a key of velocity 100
PATIENCE = 120  # seconds: machines that test are busy


@pytest.fixture
def pd(play, tmp_path):
    """live.pd with its sound on, and a grid of two pitches, each point of which is a tone of its own."""
    folder, times = tmp_path / "tones", np.arange(6 * RATE) / RATE
    folder.mkdir()
    tones = [hertz for pitch in HERTZ for hertz in HERTZ[pitch]]
    for hertz in tones:
        soundfile.write(folder / f"{hertz}.wav", 0.5 * np.cos(2 * np.pi * hertz * times), RATE)
    facts = {"pitches": list(HERTZ), "files": [f"{hertz}.wav" for hertz in tones]}
    (folder / "grid.json").write_text(json.dumps(facts))
    variables = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(tmp_path)}
    pd = play([HERE / "live.pd"], ["-lib", "py"], path=[EXTERNAL, DAY], listen=[OUT], environment=variables)
    pd.send("pd", "dsp", 1)
    pd.send(NAME, "open_grid", str(folder))
    pd.expect(OUT, "filled", 2, len(times), RATE, timeout=PATIENCE)
    return pd


def heard(pd, *between):
    """The next second; between: what is sent 100 ms later, and so on."""
    pd.send("record")
    for words in between:
        pd.let_time_pass(100)
        pd.send(NAME, *words)
    pd.let_time_pass(1100)
    return np.array(pd.array("heard"))


def pitch_of(sound):
    """Hz of the strongest partial of the middle of a second."""
    middle = sound[len(sound) // 4 : -len(sound) // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    return np.argmax(spectrum) * PD_RATE / len(middle)


@pytest.mark.parametrize(
    "key, place, hertz",
    [
        (48, (0, 0), 100),
        (60, (0, 0), 200),
        (61, (1, 0), 450 * 2 ** (-11 / 12)),
        (72, (0, 1), 500),
        (84, (1, 1), 1100),
    ],
)
def test_a_key_plays_the_nearest_pitch_of_the_grid_faster_or_slower(pd, key, place, hertz):
    pd.send(NAME, "pad", *place)
    pd.let_time_pass(50)
    pd.send(NAME, key, 100)
    pd.let_time_pass(50)
    sound = heard(pd)
    assert pitch_of(sound) == pytest.approx(hertz, abs=2.1)
    assert np.abs(sound[: PD_RATE // 4]).max() == pytest.approx(0.5 * LOUD, rel=0.05)


def test_after_a_flood_of_keys_and_at_another_sample_rate_a_key_is_in_tune(pd):
    for number in range(1000):
        pd.send(NAME, 40 + number % 40, number % 2 * 90)
    pd.send("pd", "audio-dialog", *[0] * 16, 48000, 20, 0, 64)
    for key in range(128):
        pd.send(NAME, key, 0)
    pd.let_time_pass(500)
    assert not heard(pd).any()
    pd.send(NAME, "pad", 0, 0)
    pd.send(NAME, 48, 100)
    pd.let_time_pass(50)
    assert pitch_of(heard(pd)) * 48000 / PD_RATE == pytest.approx(100, abs=2.1)
    assert pd.errors() == []


def test_nothing_clicks_and_a_killed_worker_is_not_missed(pd):
    steepest = 0.5 * LOUD * 2 * np.pi * 250 / PD_RATE  # between two samples of the highest tone
    (worker,) = descendants(pd.process.pid, b"nsynth.worker")
    os.kill(worker, signal.SIGKILL)
    pd.expect(OUT, "worker", "off", timeout=PATIENCE)
    pd.send(NAME, 48, 100)
    moves = [("pad", 1, 0), ("pad", 0.9, 0.9), ("pad", 0, 1), ("pad", 1, 1), (50, 100), (48, 0), (50, 0)]
    sound = heard(pd, *moves)
    assert np.abs(sound).max() > 0.4 * LOUD
    assert np.abs(np.diff(sound)).max() < 3 * steepest  # a jump would be thirty times as high
    pd.let_time_pass(200)
    assert not heard(pd).any()


def test_notes_fade_before_another_grid_takes_the_place(pd, tmp_path):
    steepest = 0.5 * LOUD * 2 * np.pi * 250 / PD_RATE
    pd.send(NAME, 48, 100)
    sound = heard(pd, ("open_grid", str(tmp_path / "tones")))
    pd.expect(OUT, "filled", timeout=PATIENCE)
    assert np.abs(np.diff(sound)).max() < 8 * steepest
    pd.let_time_pass(200)
    assert not heard(pd).any()
