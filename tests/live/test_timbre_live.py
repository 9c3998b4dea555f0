"""`[timbre_transfer~]` in real Pd: a tone goes in, an instrument comes out, and its controls are heard."""

import itertools
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from support.external import EXTERNAL
from support.live_sound import undisturbed
from support.pd_window import boxes, size
from support.processes import descendants
from support.sounds import loudness
from support.timbre_files import write_model
from support.waiting import wait_until
from timbre_transfer import features

HERE = Path(__file__).parent / "timbre"
DAY = Path(__file__).resolve().parents[2] / "02_ddsp"
OUT = "timbre-live-out"
PATIENCE = 120  # seconds: machines that test are busy


@pytest.fixture
def pd(play, tmp_path):
    """live.pd with its sound on, and a model that plays."""
    write_model(tmp_path / "a model")
    variables = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(tmp_path)}
    pd = play([HERE / "live.pd"], ["-lib", "py"], path=[EXTERNAL, DAY], listen=[OUT], environment=variables)
    pd.send("pd", "dsp", 1)
    pd.send("timbre-live", "load", str(tmp_path / "a model"))
    pd.send("timbre-live", "latency", 1000)
    pd.expect(OUT, "alive", 1, timeout=PATIENCE)
    return pd


def heard(pd):
    """The second half of two seconds, which a change made before has reached."""

    def record():
        pd.send("record")
        pd.let_time_pass(96000 / 44.1 + 50)
        return np.array(pd.array("heard"))[-44100:]

    return undisturbed(pd, OUT, record)


def pitch(sound):
    """Hz, as the pitch estimator hears it."""
    return float(np.median(features.extract(features.prepare(sound, 44100)).f0_hz))


def test_a_tone_is_played_by_the_model_and_its_controls_are_heard(pd):
    assert loudness(heard(pd)) < 1e-4  # silence comes in
    pd.send("voice-level", 0.3)
    pd.let_time_pass(1500)
    as_sung = heard(pd)
    assert loudness(as_sung) > 1e-3
    assert pitch(as_sung) == pytest.approx(220, rel=0.02)
    pd.send("timbre-live", "octave", 1)
    pd.let_time_pass(1500)
    assert pitch(heard(pd)) == pytest.approx(440, rel=0.02)
    assert pd.errors() == []


def test_notes_are_played_and_bent(pd):
    pd.send("timbre-live", "midi", 1)
    pd.send("timbre-live", "list", 57, 110)
    pd.let_time_pass(1500)
    assert pitch(heard(pd)) == pytest.approx(220, rel=0.02)
    pd.send("timbre-live", "bend", 2)
    pd.let_time_pass(1500)
    assert pitch(heard(pd)) == pytest.approx(220 * 2 ** (2 / 12), rel=0.02)
    pd.send("timbre-live", "note", 57, 0)
    for number in range(1000):  # more than any player
        pd.send("timbre-live", "list", 40 + number % 40, number % 2 * 90)
    pd.send("timbre-live", "bend", 0)
    pd.send("timbre-live", "list", 69, 110)
    wait_until(lambda: pitch(heard(pd)) == pytest.approx(440, rel=0.02), "the last of many notes")
    pd.send("timbre-live", "note", 57)
    assert "note PITCH VELOCITY" in pd.expect(OUT, "error")[1]


def test_killed_it_plays_on_as_it_was_set(pd):
    pd.send("timbre-live", "octave", 1)
    os.kill(descendants(pd.process.pid, b"timbre_transfer.worker")[-1], signal.SIGKILL)
    assert "another one takes its place" in pd.expect(OUT, "error", timeout=PATIENCE)[1]
    pd.send("voice-level", 0.3)
    wait_until(lambda: loudness(heard(pd)) > 1e-3, "the sound is back")
    assert pitch(heard(pd)) == pytest.approx(440, rel=0.02)


def levels(sound):
    """dB of forty bands of frequency."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    edges = (np.geomspace(100, 8000, 41) * len(sound) / 44100).astype(int)
    return np.array([10 * np.log10(power[low:high].mean() + 1e-9) for low, high in zip(edges, edges[1:])])


def test_its_network_is_bent_stays_so_when_it_is_killed_and_is_restored(pd):
    def away(other):
        return np.abs(levels(heard(pd)) - other).mean()

    pd.send("voice-level", 0.3)
    wait_until(lambda: loudness(heard(pd)) > 1e-3, "the sound")
    own = levels(heard(pd))
    pd.send("timbre-live", "layers")
    last = pd.expect(OUT, "layers")[1]
    pd.send("timbre-live", "bend", last, "noise", 3, 1)
    pd.expect(OUT, "bent")
    wait_until(lambda: away(own) > 3, "another timbre")
    bent = levels(heard(pd))
    far = np.abs(bent - own).mean()
    os.kill(descendants(pd.process.pid, b"timbre_transfer.worker")[-1], signal.SIGKILL)
    pd.expect(OUT, "error", timeout=PATIENCE)
    wait_until(lambda: away(bent) < far / 2, "the bent timbre again")
    pd.send("timbre-live", "mend")
    pd.expect(OUT, "restored", 1)
    wait_until(lambda: away(own) < far / 2, "its own timbre")
    pd.send("timbre-live", "bend", "nowhere", "scale", 1)
    assert "there is no layer nowhere" in pd.expect(OUT, "error")[1]


def test_what_cannot_be_done_is_said_and_the_sound_goes_on(pd):
    for words in (("threshold", 2), ("octave", "high"), ("latency", 0)):
        pd.send("timbre-live", *words)
        assert "Traceback" not in pd.expect(OUT, "error")[1]
    pd.send("timbre-live", "load", "nobody")
    assert "no checkpoint 'nobody'" in pd.expect(OUT, "error", timeout=PATIENCE)[1]
    pd.send("voice-level", 0.3)
    pd.let_time_pass(1500)
    assert loudness(heard(pd)) > 1e-3


def test_its_help_opens_and_nothing_overlaps(play):
    patch = DAY / "timbre_transfer~-help.pd"
    pd = play([patch], path=[EXTERNAL])
    pd.sync()
    assert pd.errors() == []
    found, (width, height) = boxes(patch), size(patch)
    assert len(found) > 20
    for left, top, right, bottom, line in found:
        assert left >= 0 and top >= 0 and right <= width and bottom <= height, line
    for one, other in itertools.combinations(found, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, f"{one[4]}\n{other[4]}"
