"""`[gansynth~]` in real Pd: keys become notes, eight at once, of the point as it is; and it survives its worker."""

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from support.external import EXTERNAL
from support.processes import descendants
from support.waiting import wait_until

HERE = Path(__file__).parent / "gansynth"
DAY = Path(__file__).resolve().parents[2] / "03_gansynth"
NAME, OUT = "gansynth-live", "gansynth-live-out"
PATIENCE = 120  # seconds: machines that test are busy


@pytest.fixture
def pd(play, tmp_path):
    """live.pd with its sound on, and a starter, whose point is not drawn yet."""
    variables = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(tmp_path)}
    pd = play([HERE / "live.pd"], ["-lib", "py"], path=[EXTERNAL, DAY], listen=[OUT], environment=variables)
    pd.send("pd", "dsp", 1)
    pd.send(NAME, "load", "starter_instruments")
    assert pd.expect(OUT, "model", timeout=PATIENCE)[1:] == [16000, 32000, 16, 48, 84]
    return pd


def press(pd, pitch, *words):
    """Press a key, and return the milliseconds until it sounds."""
    pd.send(NAME, *words, pitch, 100)
    return pd.expect(OUT, "onset", pitch, timeout=PATIENCE)[2]


def heard(pd):
    """The second that follows."""
    pd.send("record")
    pd.let_time_pass(48000 / 44.1 + 50)
    return np.array(pd.array("heard"))


def pitch_of(sound):
    """Hz of the strongest partial."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return np.argmax(spectrum) * 44100 / len(sound)


def test_keys_become_notes_and_a_new_point_a_new_timbre(pd):
    pd.set_array("z", np.random.default_rng(1).standard_normal(16))
    press(pd, 60, "note")
    first = heard(pd)
    assert first.std() > 0.005
    pd.send(NAME, "list", 60, 0)
    assert wait_until(lambda: heard(pd).max() == 0, "silence after the release")
    pd.set_array("z", np.random.default_rng(2).standard_normal(16))
    press(pd, 60, "list")
    second = heard(pd)
    assert second.std() > 0.005
    spectra = [np.abs(np.fft.rfft(sound)) for sound in (first, second)]
    assert np.corrcoef(*spectra)[0, 1] < 0.95
    pd.send(NAME, "silence")
    press(pd, 96, "note")  # an octave above what the model knows
    above = heard(pd)
    pd.send(NAME, "silence")
    press(pd, 84, "note")
    assert pitch_of(above) == pytest.approx(2 * pitch_of(heard(pd)), rel=0.02)


def test_more_keys_than_voices_take_the_oldest_ones_place_and_mistakes_are_one_line(pd):
    for pitch in range(48, 78):
        pd.send(NAME, "note", pitch, 100)
    pd.expect(OUT, "onset", 77, timeout=PATIENCE)
    wait_until(lambda: len([m for m in pd.received[OUT] if m[0] == "onset"]) >= 8, "eight notes")
    assert heard(pd).std() > 0.01
    for words, complaint in (
        (("note", "x", 3), "the pitch"),
        (("point", "nowhere"), ""),
        (("release", -1), "release"),
    ):
        pd.send(NAME, *words)
        if complaint:
            assert complaint in pd.expect(OUT, "error")[1]
    pd.send(NAME, "note", 60, 100)
    assert "there is no array 'nowhere'" in pd.expect(OUT, "error")[1]


def test_a_bent_network_makes_other_notes_and_restored_it_makes_its_own(pd):
    pd.set_array("z", np.random.default_rng(1).standard_normal(16))
    spectra = []
    for words in ((), ("bend", 2, "noise", 1, 3), ("mend",)):
        if words:
            pd.send(NAME, *words)
            pd.expect(OUT, "restored" if words == ("mend",) else "bent", timeout=PATIENCE)
        pd.send(NAME, "silence")
        wait_until(lambda: heard(pd).max() == 0, "silence")
        press(pd, 60, "note")
        sound = heard(pd)
        assert sound.std() > 1e-4
        spectra.append(np.abs(np.fft.rfft(sound)))
    own_bent, own_restored = (np.corrcoef(spectra[0], other)[0, 1] for other in spectra[1:])
    assert own_bent < 0.95 < own_restored


def test_another_sample_rate_leaves_it_in_tune(pd):
    press(pd, 69, "note")
    before = pitch_of(heard(pd))
    pd.send("pd", "audio-dialog", *[0] * 16, 48000, 20, 0, 64)
    pd.send(NAME, "silence")
    wait_until(lambda: heard(pd).max() == 0, "silence")
    press(pd, 69, "note")
    assert pitch_of(heard(pd)) * 48000 / 44100 == pytest.approx(before, rel=0.005)


def test_where_notes_break_off_it_says_so(pd):
    """What makes them stands still, again and again, as soon as they have begun."""
    (worker,) = descendants(pd.process.pid, b"gansynth.worker")
    for pitch in range(48, 78):
        press(pd, pitch, "note")
        os.kill(worker, signal.SIGSTOP)
        pd.let_time_pass(700)
        os.kill(worker, signal.SIGCONT)
        pd.let_time_pass(700)
        if any(message[0] == "note" for message in pd.received[OUT]):
            break
    assert "too slow for this machine: notes break off" in pd.expect(OUT, "note")[1]


def test_killed_it_plays_what_it_keeps_and_then_new_notes(pd):
    press(pd, 60, "note")
    wait_until(lambda: press(pd, 60, "note") < 5, "the note that is kept")
    for pitch in (61, 62):
        (worker,) = descendants(pd.process.pid, b"gansynth.worker")
        os.kill(worker, signal.SIGKILL)
        pd.expect(OUT, "error", timeout=PATIENCE)
        press(pd, 60, "note")
        pd.expect(OUT, "model", timeout=PATIENCE)
        press(pd, pitch, "note")
    assert heard(pd).std() > 0.005
