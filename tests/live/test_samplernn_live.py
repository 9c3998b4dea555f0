"""`[samplernn~]` in real Pd: a starter plays, follows a temperature signal, hears, and comes back when it is killed."""

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from support.external import EXTERNAL
from support.processes import descendants
from support.waiting import wait_until

HERE = Path(__file__).parent / "samplernn"
DAY = Path(__file__).resolve().parents[2] / "05_samplernn"
OUT = "samplernn-live-out"
PATIENCE = 240  # seconds: where the loops have to be compiled first


@pytest.fixture
def pd(play, tmp_path):
    """live.pd with its sound on, and a starter that plays."""
    variables = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(tmp_path)}
    pd = play([HERE / "live.pd"], ["-lib", "py"], path=[EXTERNAL, DAY], listen=[OUT], environment=variables)
    pd.send("pd", "dsp", 1)
    pd.send("samplernn-live", "latency", 1000)
    pd.send("samplernn-live", "load", "starter_beat")
    pd.expect(OUT, "playing", 1, 16000, timeout=PATIENCE)
    pd.expect(OUT, "alive", 1, timeout=PATIENCE)
    return pd


def recorded(pd):
    """A second of the first voice, and of the entropy."""
    pd.send("record")
    pd.let_time_pass(48000 / 44.1 + 50)
    return np.array(pd.array("heard")), np.array(pd.array("entropy"))


def until(pd, condition, what):
    """Record until a recording is as it should be: a busy machine may leave blocks out."""
    return wait_until(lambda: condition(*recorded(pd)), what)


def test_it_plays_follows_the_temperature_and_takes_messages(pd):
    (latency,) = {message[2] for message in pd.received[OUT] if message[0] == "latency"}
    assert 990 < latency <= 1000
    until(pd, lambda heard, entropy: heard.std() > 1e-3 and 0.5 < entropy.max() < 9, "a sound")
    pd.send("samplernn-live", "temperature", 0)
    until(pd, lambda heard, entropy: np.abs(entropy).max() < 0.2, "one choice only")
    pd.send("heat", 1.3)
    until(pd, lambda heard, entropy: entropy.mean() > 2, "open choices, by the signal")
    pd.send("samplernn-live", "remember", 2)
    pd.expect(OUT, "remembered", 2)
    for words, complaint in (
        (("voices", 5), "out of range"),
        (("rewind", 3), "nothing is remembered in 3"),
        (("latency", "long"), "latency"),
        (("remember", 17), "the slot"),
    ):
        pd.send("samplernn-live", *words)
        assert complaint in pd.expect(OUT, "error")[1]


def test_it_listens_in_silence_and_goes_on_and_a_flood_of_messages_ends_with_the_last(pd):
    pd.send("played-level", 0.5)
    pd.send("samplernn-live", "listen", 1)
    until(pd, lambda heard, entropy: np.abs(heard).max() == 0 and entropy.max() > 0, "silence")
    for number in range(300):
        pd.send("samplernn-live", "temperature", number / 300)
    pd.send("samplernn-live", "temperature", 1.2)
    pd.send("samplernn-live", "listen", 0)
    until(pd, lambda heard, entropy: heard.std() > 1e-3 and entropy.mean() > 1, "it goes on")


def test_its_network_is_bent_and_restored_while_it_plays(pd):
    """Without the last layer's weights each choice is as open as any other."""
    pd.send("samplernn-live", "layers")
    pd.expect(OUT, "layers")
    layers = [message for message in pd.received[OUT] if message[0] == "layer"]
    number = [message[1] for message in layers if len(message) > 4][-1]
    pd.send("samplernn-live", "bend", number, "scale", 0)
    pd.expect(OUT, "bent", timeout=PATIENCE)
    until(pd, lambda heard, entropy: heard.std() > 1e-3 and entropy[entropy > 0].std() < 1e-3, "one entropy")
    pd.send("samplernn-live", "mend")
    pd.expect(OUT, "restored", 1, timeout=PATIENCE)
    until(pd, lambda heard, entropy: entropy.std() > 0.05, "choices again")


def test_killed_it_plays_again_as_it_was_set(pd):
    pd.send("samplernn-live", "voices", 2)
    for depth in (-1, 0):  # what plays, then the worker, with what plays in it
        os.kill(descendants(pd.process.pid, b"samplernn.worker")[depth], signal.SIGKILL)
        pd.expect(OUT, "error", timeout=PATIENCE)
        pd.expect(OUT, "playing", 2, 16000, timeout=PATIENCE)
        until(pd, lambda heard, entropy: heard.std() > 1e-3, "the sound is back")
