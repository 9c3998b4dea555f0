"""Audio to a worker and back: `[pystream~]` in real Pd, with a worker process at the other end."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
from pdworker.serving.audio_stream import CHANNELS_AT
from support.echo_worker import EchoWorker
from support.external import EXTERNAL
from support.live_sound import undisturbed

PATCH = Path(__file__).parent / "stream" / "echo.pd"


@pytest.fixture
def worker():
    workers = []

    def start(path, **options):
        workers.append(EchoWorker(path, **options))
        return workers[-1]

    yield start
    for each in workers:
        each.kill()


@pytest.fixture
def pd(play):
    session = play([PATCH], ["-lib", "py"], path=[EXTERNAL], listen=["stream-out", "recorded"])
    session.send("pd", "dsp", 1)
    session.expect("stream-out", "latency", 4096)
    return session


def stream_path(pd):
    pd.send("stream", "bang")
    return pd.expect("stream-out", "stream")[1]


def recorded(pd):
    """Record 48000 samples of what goes to the worker and of what comes back."""
    return undisturbed(pd, "stream-out", lambda: record(pd))


def record(pd):
    """Record once, whether blocks come late or not."""
    pd.send("record")
    pd.expect("recorded")
    return np.array(pd.array("played")), np.array(pd.array("heard"))


def test_what_the_worker_makes_comes_back_after_exactly_the_latency(pd, worker):
    worker(stream_path(pd))
    pd.expect("stream-out", "alive", 1)
    played, heard = recorded(pd)
    assert np.abs(heard).max() > 0.4
    np.testing.assert_allclose(heard[4096:40000], 0.5 * played[: 40000 - 4096], atol=1e-6)
    assert not pd.errors()


def test_the_latency_can_be_set_while_it_plays(pd, worker):
    worker(stream_path(pd))
    pd.expect("stream-out", "alive", 1)
    pd.send("stream", "latency", 100)
    pd.expect("stream-out", "latency", 6400)
    played, heard = recorded(pd)
    np.testing.assert_allclose(heard[6400:40000], 0.5 * played[: 40000 - 6400], atol=1e-6)


@pytest.mark.parametrize("blocks, frames", [(-1e30, 64), (0, 64), (1e30, 131072)])
def test_a_latency_beyond_what_can_be_is_the_nearest_that_can(pd, blocks, frames):
    pd.send("stream", "latency", blocks)
    pd.expect("stream-out", "latency", frames)


def test_without_a_worker_there_is_silence(pd):
    _, heard = recorded(pd)
    assert not np.any(heard)
    assert not [message for message in pd.received["stream-out"] if message[0] in ("late", "alive")]


def test_late_audio_is_silence_and_is_counted(pd, worker):
    worker(stream_path(pd))
    pd.expect("stream-out", "alive", 1)
    pd.send("stream", "latency", 1)
    pd.expect("stream-out", "late")
    _, heard = record(pd)
    assert np.abs(heard[:40000]).max() < 1e-6 or np.mean(np.abs(heard[:40000]) < 1e-6) > 0.3


def test_a_killed_worker_leaves_silence_and_another_one_brings_the_sound_back(pd, worker):
    path = stream_path(pd)
    first = worker(path)
    pd.expect("stream-out", "alive", 1)
    first.kill()
    pd.expect("stream-out", "alive", 0)
    _, heard = recorded(pd)
    assert not np.any(heard)
    worker(path, gain=0.25)
    pd.expect("stream-out", "alive", 1)
    played, heard = recorded(pd)
    np.testing.assert_allclose(heard[4096:40000], 0.25 * played[: 40000 - 4096], atol=1e-6)


def test_what_is_silent_between_two_workers_is_not_late(pd, worker):
    pd.send("stream", "latency", 1000)  # more than a second: nothing else is late
    path = stream_path(pd)
    for _ in range(2):
        other = worker(path)
        pd.expect("stream-out", "alive", 1)
        other.kill()
        pd.expect("stream-out", "alive", 0)
    worker(path)
    pd.expect("stream-out", "alive", 1)
    pd.let_time_pass(300)
    assert not [message for message in pd.received["stream-out"] if message[0] == "late"]


def test_where_the_sound_stops_and_starts_it_fades(pd, worker):
    first = worker(stream_path(pd))
    pd.expect("stream-out", "alive", 1)
    pd.send("record")
    time.sleep(0.3)
    first.kill()
    pd.expect("recorded")
    heard = np.array(pd.array("heard"))
    sawtooth_fall = 0.5  # once in a period; nothing else may jump
    last = np.flatnonzero(heard)[-1]
    jumps = np.abs(np.diff(heard[last - 62 :]))
    assert jumps.max() < sawtooth_fall / 32


def test_the_memory_goes_with_the_object(pd):
    path = Path(stream_path(pd))
    assert path.exists()
    pd.send("pd-echo.pd", "menuclose", 1)
    pd.sync()
    assert not path.exists()


def test_the_memory_goes_with_pd(pd):
    path = Path(stream_path(pd))
    pd.quit()
    assert not path.exists()


def test_the_memory_of_a_killed_pd_goes_with_it(pd):
    path = Path(stream_path(pd))
    assert not list(Path("/dev/shm").glob("pystream*"))
    pd.process.kill()
    pd.process.wait()
    assert not path.exists()


@pytest.mark.parametrize("size", [0, 4096, 1 << 30])
def test_nobody_can_take_the_memory_away(pd, worker, size):
    path = stream_path(pd)
    worker(path)
    pd.expect("stream-out", "alive", 1)
    with pytest.raises(PermissionError):
        os.truncate(path, size)
    played, heard = recorded(pd)
    np.testing.assert_allclose(heard[4096:40000], 0.5 * played[: 40000 - 4096], atol=1e-6)


@pytest.mark.parametrize("value", [0, 0x7F, 0xFF])
def test_a_worker_that_overwrites_the_header_does_not_end_pd(pd, value):
    with open(stream_path(pd), "r+b", 0) as memory:
        header = bytes([value]) * CHANNELS_AT
        for _ in range(200):
            memory.seek(0)
            memory.write(header)
            pd.let_time_pass(5)
    assert pd.process.poll() is None
    pd.sync()


def test_a_file_that_is_no_stream_is_refused(tmp_path):
    from pdworker.serving.audio_stream import Stream, StreamError

    (tmp_path / "other").write_bytes(bytes(4096))
    for name in ("other", "missing"):
        with pytest.raises(StreamError):
            Stream(tmp_path / name)
