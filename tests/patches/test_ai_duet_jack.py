"""Day 1 through JACK's dummy driver at 48 kHz and 256 frames: when the notes really sound."""

import sys
import wave
from array import array

import pytest
from support.duet_player import DAY, OUT, PROBES, TWINKLE, Duet
from support.external import EXTERNAL

RATE = 48000


@pytest.fixture
def duet(play, jack, tmp_path):
    environment = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(tmp_path)}
    pd = play(
        [DAY / "ai_duet.pd", PROBES / "stopwatch.pd"],
        path=[EXTERNAL],
        listen=[OUT, "heard-at"],
        jack=jack,
        environment=environment,
    )
    pd.send("pd", "dsp", 1)
    return Duet(pd)


def onsets(file):
    """The times in milliseconds at which the clicks of a WAV file begin."""
    with wave.open(str(file)) as sound:
        assert sound.getframerate() == RATE
        samples = array("h", sound.readframes(sound.getnframes()))
    loud = [abs(sample) > 3000 for sample in samples]
    return [1000 * i / RATE for i in range(1, len(loud)) if loud[i] and not loud[i - 1]]


def test_generated_notes_sound_within_a_millisecond_of_their_logical_time(duet, tmp_path):
    clicks = tmp_path / "clicks.wav"
    duet.load()
    duet.play(TWINKLE)
    duet.pd.send("recorder", "open", "-bytes", 2, str(clicks))
    duet.pd.send("recorder", "start")
    duet.send("generate", 5)
    answer = duet.answer()
    duet.expect("played")
    duet.pd.send("recorder", "stop")
    assert duet.pd.quit() == 0  # Pd closes the file
    due = [1000 * (start - answer[0][1]) for pitch, start, length in answer]
    heard = onsets(clicks)
    assert len(heard) == len(due) > 3
    assert [when - heard[0] for when in heard] == pytest.approx(due, abs=1.0)
    assert duet.pd.errors() == []
