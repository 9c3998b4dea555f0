"""What a worker process builds live models of: the latency that a chain needs, and children that may fail."""

import faulthandler
import os
import threading
import time

import numpy as np
import pytest
from modelfiles.errors import UserError
from pdworker.serving import forked
from pdworker.serving.audio_stream import CHANNELS_AT, MAGIC, RingHeader
from pdworker.serving.forked import run_in_child
from pdworker.serving.job import Cancelled, Job
from pdworker.serving.live import CpuMeter, LiveLoop, Pulse, StreamForm, held_back, latency_of, parts_of
from support.processes import children


class Buffered:
    """A chain that gives sound a buffer at a time, after `filling` frames."""

    def __init__(self, piece, buffer, filling=0):
        self.piece, self.compute_frames = piece, buffer
        self._buffer, self._waiting = buffer, -filling

    def process(self, audio):
        self._waiting += audio.shape[1]
        ready = max(0, self._waiting // self._buffer * self._buffer)
        self._waiting -= ready
        return np.zeros((1, ready), np.float32)


@pytest.mark.parametrize(
    "piece, buffer, filling, expected",
    [(64, 64, 0, 64), (256, 512, 0, 512), (256, 512, 200, 768), (100, 512, 0, 608), (512, 64, 0, 512)],
)
def test_held_back_is_what_is_missing_at_the_worst_moment(piece, buffer, filling, expected):
    assert held_back(Buffered(piece, buffer, filling), 1) == expected
    chain, into, out = Buffered(piece, buffer, filling), 0, 0
    for _ in range(2000):  # with so much latency, each piece is there when it is due
        out += chain.process(np.zeros((1, piece))).shape[1]
        into += piece
        assert into + piece - out <= expected + piece


def test_the_latency_is_whole_blocks_and_leaves_time_to_compute():
    class Instrument:
        def make_chain(self, form, measuring):
            assert measuring
            return Buffered(100, 512)

    assert latency_of(Instrument(), StreamForm(44100, 64, 2, 1)) == (608 + 512 + 63) // 64 * 64


@pytest.mark.parametrize("block", [64, 256, 2048])
@pytest.mark.parametrize(
    "piece, buffer, filling", [(256, 256, 3300), (128, 128, 0), (100, 100, 700), (512, 64, 0)]
)
def test_what_a_block_of_pd_takes_is_there_when_it_takes_it(piece, buffer, filling, block):
    class Instrument:
        def make_chain(self, form, measuring):
            return Buffered(piece, buffer, filling)

    latency = latency_of(Instrument(), StreamForm(48000, block, 1, 1))
    chain, into, out = Buffered(piece, buffer, filling), 0, 0
    for captured in range(block, 300 * block, block):
        while captured - into >= piece:
            into += piece
            out += chain.process(np.zeros((1, piece))).shape[1]
        assert out >= captured + block - latency


def test_the_parts_of_a_latency_add_up_to_it():
    class Instrument:
        def make_chain(self, form, measuring):
            return Buffered(100, 512)

    parts = parts_of(Instrument(), StreamForm(44100, 64, 2, 1), 1152)
    assert parts == {"buffer": 100, "computing": 512, "waiting": 1152 - 612}


def test_a_model_that_is_always_too_slow_is_told_once_and_one_that_is_so_for_a_moment_is_not():
    told = []
    meter = CpuMeter(lambda name, values: told.append((name, values)))

    def warnings(*takes):
        told.clear()
        for seconds in takes:
            meter.add(1.0, seconds)
        return [values["message"] for name, values in told if name == "warning"]

    assert warnings(0.5, 1.4, 1.4, 0.9, 1.4) == []
    (line,) = warnings(1.4, 1.4, 1.4, 1.4)
    assert line.startswith("too slow for this machine: 1.4 s for a second of sound")
    assert "smaller model" in line


def test_a_latency_that_pd_cannot_wait_for_is_told(tmp_path):
    """As with a model at 44.1 kHz, a buffer of 65536 and a Pd at 96 kHz."""
    header = RingHeader(magic=MAGIC, inputs=1, outputs=1, capacity=1 << 18, sample_rate=96000, block_size=64)
    memory = tmp_path / "stream"
    memory.write_bytes(bytes(header).ljust(CHANNELS_AT, b"\0") + bytes(4 * 2 << 18))

    class Instrument:
        def make_chain(self, form, measuring):
            return Buffered(2048, 65536 * 96000 // 44100)

        def describe(self, form):
            return {}

    said = []
    loop = LiveLoop(memory, Instrument(), lambda *event: said.append(event), lambda: len(said) < 2)
    player = threading.Thread(target=loop.run)  # which takes real-time priority
    player.start()
    player.join()
    (_, playing), (kind, warning) = said[:2]
    assert kind == "warning" and playing["latency"] > 131072
    assert f"this needs {playing['latency']} samples, and Pd can wait for 131072" in warning["message"]


def test_a_pulse_marks_the_time_in_which_the_model_computes():
    pulse = Pulse.shared()
    with pytest.raises(ValueError), pulse.busy():
        assert 0 < pulse.busy_since <= time.monotonic()
        raise ValueError
    assert pulse.busy_since == 0


@pytest.fixture
def job():
    job = Job(lambda header, arrays=(): job.sent.append(header), 1)
    job.sent = []
    return job


def answer(link, number):
    link.send("progress", id=0, fraction=0.5, text="half")
    link.send("log", text="a line")
    link.send("result", [np.arange(3.0)], id=0, values={"twice": 2 * number, "pid": os.getpid()})


def test_a_child_answers(job):
    values, (array,) = run_in_child(job, answer, 4)
    assert values["twice"] == 8 and values["pid"] != os.getpid()
    np.testing.assert_array_equal(array, [0, 1, 2])
    assert [header.get("text") for header in job.sent] == ["half", "a line"]


def refuse(link):
    raise UserError("checkpoint", "no such method", "choose another")


def fail(link):
    raise ValueError("a mistake")


def leave(link):
    os._exit(5)


def crash(link):
    faulthandler.disable()
    os.abort()


def hang(link):
    time.sleep(600)


def gorge(link):
    np.ones(2 * forked.MAX_MEMORY_BYTES, np.uint8)


FAILURES = [
    (refuse, "checkpoint", "no such method"),
    (fail, "internal", "ValueError: a mistake"),
    (leave, "internal", "the model's process has ended, exit status 5"),
    (crash, "internal", "the model's process has ended, killed by SIGABRT"),
    (hang, "internal", "the model does not answer: nothing in 1 seconds"),
    (gorge, "internal", "MemoryError: Unable to allocate"),
]


@pytest.mark.parametrize("function, kind, line", FAILURES, ids=[row[0].__name__ for row in FAILURES])
def test_a_child_that_fails_is_one_line(job, function, kind, line):
    before = children()
    with pytest.raises(UserError) as caught:
        run_in_child(job, function, stall_deadline_s=1.0 if function is hang else 60.0)
    assert caught.value.kind == kind and caught.value.message.startswith(line)
    assert children() <= before  # its own is gone, those of other tests may live


def test_what_is_sent_to_a_child_that_was_ended_is_an_error():
    child = forked.Child(hang)
    descriptors = len(os.listdir("/proc/self/fd"))
    child.end()
    with pytest.raises(OSError):
        child.link.send("call")
    assert len(os.listdir("/proc/self/fd")) == descriptors - 1


def test_a_cancelled_job_ends_its_child(job):
    before = children()
    job.cancelled.set()
    with pytest.raises(Cancelled):
        run_in_child(job, hang)
    assert children() <= before
