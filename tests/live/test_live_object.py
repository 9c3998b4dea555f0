"""A model on an audio stream: the loop of a worker and the object that owns a [pystream~], in real Pd."""

import os
import shutil
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from support.external import EXTERNAL
from support.live_sound import undisturbed
from support.worker_desk import ended, wait_until

HERE = Path(__file__).parent / "stream"
OUT = "toy-out"
BOTH = pytest.mark.parametrize("how", ["thread", "child"])


@pytest.fixture
def toy(play, tmp_path):
    """The toy patch with its sound on; nothing is loaded."""
    folder = tmp_path / "02 toy"
    shutil.copytree(HERE, folder)
    variables = {
        "DLWA_PYTHON_TORCH": sys.executable,
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
    }
    pd = play(
        [folder / "live.pd"], ["-lib", "py"], path=[EXTERNAL], listen=[OUT, "recorded"], environment=variables
    )
    pd.send("pd", "dsp", 1)
    return pd


def start(toy, how):
    """Load and let it play; return (the worker's pid, latency in frames)."""
    toy.send("toy", "how", how)
    toy.send("toy", "load", "a")
    pid = int(toy.expect(OUT, "worker", "on")[-1])
    return pid, wait_for_sound(toy)


def wait_for_sound(toy):
    """Wait until it plays anew; return the latency in frames."""
    toy.expect(OUT, "playing")
    latency = int(toy.expect(OUT, "latency")[1])
    toy.expect(OUT, "cpu")  # a second of sound was played
    return latency


def recorded(toy, latency):
    """Record; return (what was played, what was heard of it)."""

    def record():
        toy.send("record")
        toy.expect("recorded")
        return np.array(toy.array("played")), np.array(toy.array("heard"))

    played, heard = undisturbed(toy, OUT, record)
    return played[: 40000 - latency], heard[latency:40000]


@BOTH
def test_the_sound_comes_back_after_exactly_the_latency_that_is_said(toy, how):
    _, latency = start(toy, how)
    assert latency % 64 == 0 and 1024 <= latency - 8192 <= 1024 + 512
    played, heard = recorded(toy, latency)
    assert np.abs(heard).max() > 0.4
    np.testing.assert_allclose(heard, 0.5 * played, atol=1e-6)
    assert 0 < toy.expect(OUT, "cpu")[1] < 1
    assert ["alive", 1] in toy.received[OUT]
    assert toy.errors() == []


@BOTH
def test_it_changes_while_it_plays(toy, how):
    _, latency = start(toy, how)
    toy.send("toy", "gain", 0.125)
    toy.send("toy", "buffer", 2048)
    assert wait_for_sound(toy) > latency
    _, heard = recorded(toy, 12000)
    assert 0.11 < np.abs(heard).max() < 0.13
    assert toy.errors() == []


def test_a_buffer_that_pd_cannot_wait_for_is_told_and_another_one_plays(toy):
    start(toy, "child")
    toy.send("toy", "buffer", 65536)
    line = toy.expect(OUT, "error")[1]
    assert "Pd can wait for 131072: it stays silent - choose a smaller buffer" in line
    toy.send("toy", "buffer", 1024)
    wait_for_sound(toy)
    _, heard = recorded(toy, 12000)
    assert np.abs(heard).max() > 0.4


def test_what_a_child_refuses_is_reported_and_it_plays_on(toy):
    start(toy, "child")
    toy.send("toy", "gain", 0.25)
    assert toy.expect(OUT, "error") == ["error", "a quarter is not possible"]
    _, heard = recorded(toy, 12000)
    assert np.abs(heard).max() > 0.4


@BOTH
@pytest.mark.parametrize("size", [128, 2048])
def test_another_block_size_begins_anew(toy, how, size):
    start(toy, how)
    toy.send("block", "set", size)
    assert toy.expect(OUT, "playing")[3] == size
    latency = int(toy.expect(OUT, "latency")[1])
    toy.expect(OUT, "cpu")
    played, heard = recorded(toy, latency)
    np.testing.assert_allclose(heard, 0.5 * played, atol=1e-6)


def test_another_sample_rate_begins_anew(toy):
    _, latency = start(toy, "child")
    none = [0] * 16  # devices and their channels
    toy.send("pd", "audio-dialog", *none, 48000, 20, 0, 64)
    wait_for_sound(toy)
    told = [message for message in toy.received[OUT] if message[0] == "latency"]
    assert told[-1] == ["latency", latency, round(latency / 48, 1)]
    played, heard = recorded(toy, latency)
    np.testing.assert_allclose(heard, 0.5 * played, atol=1e-6)
    assert toy.errors() == []


def test_on_one_core_without_permission_for_real_time_priority_it_plays_and_says_so(poor_machine, toy):
    _, latency = start(toy, "child")
    assert ["realtime", 0] in toy.received[OUT]
    toy.expect_console("no permission for real-time priority")
    played, heard = recorded(toy, latency)
    np.testing.assert_allclose(heard, 0.5 * played, atol=1e-6)
    assert toy.errors() == []


@BOTH
def test_after_a_gap_it_goes_on_in_step(toy, how):
    pid, latency = start(toy, how)
    player = int([message for message in toy.received[OUT] if message[0] == "playing"][-1][2])
    os.kill(player, signal.SIGSTOP)
    toy.expect(OUT, "alive", 0)
    os.kill(player, signal.SIGCONT)
    toy.expect(OUT, "late")
    toy.expect(OUT, "alive", 1)
    played, heard = recorded(toy, latency)
    np.testing.assert_allclose(heard, 0.5 * played, atol=1e-6)
    assert (player == pid) == (how == "thread")


def test_a_model_that_is_too_slow_is_told_and_what_was_late_is_in_step_again(toy):
    _, latency = start(toy, "child")
    toy.send("toy", "trouble", "slow")
    line = toy.expect(OUT, "error")[1]
    assert line.startswith("too slow for this machine: ") and line.endswith("a smaller model would do")
    toy.send("toy", "trouble", "none")
    played, heard = recorded(toy, latency)
    np.testing.assert_allclose(heard, 0.5 * played, atol=1e-6)


def test_a_thread_that_fails_says_so(toy):
    start(toy, "thread")
    toy.send("toy", "trouble", "raise")
    line = "the sound has stopped: ValueError: a mistake in the model - load the model again"
    assert toy.expect(OUT, "error") == ["error", line]
    toy.send("toy", "reload")
    wait_for_sound(toy)


@pytest.mark.parametrize(
    "trouble, reason", [("exit", "the model's process has ended, exit status 3"), ("hang", "the model hangs")]
)
def test_a_child_that_ends_or_hangs_is_replaced(toy, trouble, reason):
    start(toy, "child")
    toy.send("toy", "trouble", trouble)
    assert toy.expect(OUT, "error") == ["error", f"{reason}: another one takes its place"]
    latency = wait_for_sound(toy)
    played, heard = recorded(toy, latency)
    np.testing.assert_allclose(heard, 0.5 * played, atol=1e-6)


def test_a_child_that_does_nothing_but_end_is_given_up(toy):
    start(toy, "child")
    toy.send("toy", "trouble", "exit_at_once")
    for _ in range(5):
        assert "another one takes its place" in toy.expect(OUT, "error")[1]
    assert "exit status 3, 6 times in a row" in toy.expect(OUT, "error")[1]
    toy.send("toy", "reload")
    wait_for_sound(toy)


def test_a_child_that_raises_is_given_up(toy):
    start(toy, "child")
    toy.send("toy", "trouble", "raise")
    line = "the sound has stopped: ValueError: a mistake in the model - load the model again"
    assert toy.expect(OUT, "error") == ["error", line]


@BOTH
def test_a_worker_that_was_killed_loads_and_plays_again(toy, how):
    pid, _ = start(toy, how)
    os.kill(pid, signal.SIGKILL)
    assert "killed by SIGKILL" in toy.expect(OUT, "error")[1]
    assert int(toy.expect(OUT, "worker", "on")[-1]) != pid
    wait_for_sound(toy)


def test_a_worker_that_is_replaced_after_a_cancel_plays_again(toy):
    pid, _ = start(toy, "child")
    player = int([message for message in toy.received[OUT] if message[0] == "playing"][-1][2])
    toy.send("toy", "deaf", 600)
    toy.expect_console("deaf")
    toy.send("toy", "cancel")
    wait_until(lambda: ended(pid) and ended(player), "the end of the worker and its child")
    wait_for_sound(toy)
    assert toy.errors() == []


@BOTH
def test_unload_ends_the_sound_and_leaves_nothing(toy, how):
    pid, _ = start(toy, how)
    player = int([message for message in toy.received[OUT] if message[0] == "playing"][-1][2])
    toy.send("toy", "unload")
    toy.expect(OUT, "worker", "off")
    toy.expect(OUT, "alive", 0)
    wait_until(lambda: ended(pid) and ended(player), "the end of the worker and its child")
    assert toy.errors() == []
