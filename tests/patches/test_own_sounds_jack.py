"""A sound that comes in through JACK, from a file that another Pd plays, becomes a sound of the collection.

DLWA_RECORD_S=60 records for a minute, the most that the window takes, instead of 5 seconds.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from dlwakit.pdtools.jack import Jack
from modelfiles.sounds import read_sound, write_sound
from support.external import EXTERNAL
from support.waiting import wait_until

RATE, OBJECT = 48000, "own_sounds-out"
SECONDS = float(os.environ.get("DLWA_RECORD_S", "5"))
LONGEST = 60
PATCH = Path(__file__).parents[2] / "03_gansynth/gansynth.pd"
PLAYER = """#N canvas 0 0 300 200 12;
#X obj 20 20 r player;
#X obj 20 50 readsf~;
#X obj 20 80 dac~ 1;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
"""


def connect(jack, source, target):
    """Connect two ports once both are there."""

    def ports():
        words = ["jack_lsp", "-s", jack.name]
        return subprocess.run(words, capture_output=True, text=True).stdout.splitlines()

    wait_until(lambda: {source, target} <= set(ports()), "the clients' ports")
    subprocess.run(["jack_connect", "-s", jack.name, source, target], check=True, capture_output=True)


@pytest.fixture
def player(play, jack, tmp_path):
    """A Pd that plays a file with a tone that rises by an octave in the recorded time."""
    seconds = np.arange(round((SECONDS + 20) * RATE)) / RATE
    phase = 2 * np.pi * 220 * SECONDS / np.log(2) * 2 ** (seconds / SECONDS)
    write_sound(tmp_path / "tone.wav", 0.5 * np.sin(phase), RATE)
    (tmp_path / "player.pd").write_text(PLAYER)
    pd = play([tmp_path / "player.pd"], ["-jackname", "player"], jack=jack)
    pd.send("pd", "dsp", 1)
    pd.send("player", "open", str(tmp_path / "tone.wav"))
    return pd


@pytest.fixture
def student(play, jack, tmp_path):
    variables = {
        "DLWA_PYTHON_TORCH": sys.executable,
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
    }
    words = ["-jackname", "student"]
    pd = play([PATCH], words, path=[EXTERNAL], listen=[OBJECT], jack=jack, environment=variables)
    pd.send("own_sounds", "load", "gansynth")
    pd.expect(OBJECT, "sounds", 0, 0, 0, timeout=60)
    pd.send("pd", "dsp", 1)
    return pd


def hertz_at(samples, second):
    """The strongest frequency around a second."""
    part = samples[round((second - 0.1) * RATE) : round((second + 0.1) * RATE)]
    return 5 * np.argmax(np.abs(np.fft.rfft(part * np.hanning(len(part)))))


def test_what_comes_in_is_a_sound_of_the_collection(jack: Jack, player, student, tmp_path):
    connect(jack, "player:output_1", "student:input_1")
    student.send("own_sounds", "number")
    mic = f"{int(student.expect(OBJECT, 'number')[1])}-mic"
    player.send("player", 1)
    player.let_time_pass(200)
    student.send(f"{mic}-record", 1)
    if SECONDS < LONGEST:
        student.let_time_pass(1000 * SECONDS)
        student.send(f"{mic}-record", 0)
    said = student.expect(OBJECT, "sound", timeout=SECONDS + 60)
    assert said[4:6] == ["recording-01.wav", "good"] and said[3] == pytest.approx(SECONDS, abs=0.1)
    student.expect(OBJECT, "sounds", 1, 1)
    samples, rate = read_sound(tmp_path / "data/dlwa/own/gansynth/my_sounds/recordings/recording-01.wav")
    assert rate == RATE and len(samples) / rate == pytest.approx(SECONDS, abs=0.1)
    assert np.abs(samples).max() == pytest.approx(0.5, abs=0.01)
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.03)
    first, last = hertz_at(samples, 0.5), hertz_at(samples, SECONDS - 0.5)
    assert last / first == pytest.approx(2 ** ((SECONDS - 1) / SECONDS), rel=0.05)
    assert student.errors() == []
