"""Mutated frames, 100,000 of them, never crash or hang either end: they are understood or refused."""

import contextlib
import copy
import io
import json
import random
import socket
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from modelfiles.errors import UserError
from pdworker.host.calls import CallQueue
from pdworker.host.delivery import Delivery, Listeners
from pdworker.host.exchange import Exchange
from pdworker.host.process import WorkerSpec
from pdworker.host.session import Session, WakePipe
from pdworker.protocol import (
    MAX_HEADER,
    MAX_PAYLOAD,
    VERSION,
    FrameError,
    FrameReader,
    StreamClosed,
    encode,
)
from pdworker.serving import server
from support.worker_desk import FAULTS

pytestmark = pytest.mark.slow

MUTANTS = 100_000
REFUSALS = (FrameError, StreamClosed, UserError)

TO_WORKER = [
    [{"kind": "hello", "version": VERSION, "name": "pd"}],
    [{"kind": "call", "id": 1, "name": "what", "arguments": {}, "files": []}],
    [{"kind": "call", "id": 2, "name": "twice", "arguments": {}}, [np.arange(6, dtype="<f4").reshape(2, 3)]],
    [{"kind": "cancel", "id": 2}],
]
TO_PD = [
    [{"kind": "hello", "version": VERSION, "name": "worker", "calls": ["what", "twice"]}],
    [{"kind": "progress", "id": 1, "fraction": 0.5, "text": "half"}],
    [{"kind": "log", "text": "a line"}],
    [{"kind": "progress", "id": 1, "fraction": 1, "text": "", "values": {"at": 3}}, [np.zeros(4, "<f4")]],
    [{"kind": "event", "name": "tick", "values": {"n": 1}}, [np.zeros(2, "<f8")]],
    [{"kind": "result", "id": 1, "values": {"n": 2}}, [np.arange(5, dtype=">i2"), np.zeros((2, 0))]],
    [{"kind": "error", "id": 1, "error": "input", "message": "no", "hint": ""}],
]


def pieces(conversation):
    return [b"".join(bytes(piece) for piece in encode(*frame)) for frame in conversation]


DEEP = '"deep"'  # stands for lists in lists in lists
JSON_ENDS = [
    "deep",
    None,
    True,
    -1,
    0,
    1,
    2**63,
    1e308,
    "",
    "x",
    "<f8",
    "|O",
    [],
    {},
    [[]],
    [2**30] * 9,
    {"kind": "call"},
]
SIZES = [0, 1, 15, MAX_HEADER, MAX_HEADER + 1, 2**31, 2**32 - 1]
PAYLOADS = [0, 1, 24, MAX_PAYLOAD, MAX_PAYLOAD + 1, 2**63, 2**64 - 1]


def mutated(frames, dice):
    """Return a conversation with something wrong in it: the order, the bytes, the sizes or the JSON."""
    frames = list(frames)
    where = dice.randrange(len(frames))
    kind = dice.randrange(6)
    if kind == 0:
        dice.shuffle(frames)
    elif kind == 1:
        frames.insert(where, dice.choice(frames))
    elif kind == 2:
        frames[where] = with_other_sizes(frames[where], dice)
    elif kind == 3:
        frames[where] = with_other_json(frames[where], dice)
    data = bytearray(b"".join(frames))
    if kind >= 4:
        for _ in range(dice.randrange(1, 4)):
            if data:
                damage(data, dice)
    return bytes(data)


def with_other_sizes(frame, dice):
    header_size, payload_size = struct.unpack_from("<IQ", frame, 4)
    if dice.random() < 0.5:
        header_size = dice.choice([*SIZES, header_size + dice.randrange(-3, 4)])
    else:
        payload_size = dice.choice([*PAYLOADS, payload_size + dice.randrange(0, 4)])
    return frame[:4] + struct.pack("<IQ", max(0, header_size), payload_size) + frame[16:]


def with_other_json(frame, dice):
    header_size, payload_size = struct.unpack_from("<IQ", frame, 4)
    header = json.loads(frame[16 : 16 + header_size])
    node, key = header, dice.choice(list(header))
    while node[key] and isinstance(node[key], (dict, list)) and dice.random() < 0.7:
        node = node[key]
        key = dice.choice(list(node) if isinstance(node, dict) else range(len(node)))
    if dice.random() < 0.2:
        del node[key]
    else:
        node[key] = copy.deepcopy(dice.choice([*JSON_ENDS, *header.values()]))
    text = json.dumps(header).replace(DEEP, "[" * 5000 + "]" * 5000).encode()
    return frame[:4] + struct.pack("<IQ", len(text), payload_size) + text + frame[16 + header_size :]


def damage(data, dice):
    start = dice.randrange(len(data))
    end = min(len(data), start + dice.randrange(1, 12))
    kind = dice.randrange(5)
    if kind == 0:
        data[start] ^= 1 << dice.randrange(8)
    elif kind == 1:
        data[start:end] = dice.randbytes(end - start)
    elif kind == 2:
        del data[start:end]
    elif kind == 3:
        data[start:start] = dice.choice([data[start:end], b"[" * 2000, b"\x00" * 16, b"1" * 3000, b"print\n"])
    else:
        del data[max(1, start) :]


def listen_as_worker(data):
    """Receive `data` as a worker does; return how many calls were understood."""
    files, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with files, theirs:
        return _understood(server._Server("fuzz", io.BytesIO(data), io.BytesIO(), files))


def _understood(worker):
    with pytest.raises(REFUSALS):
        worker._receive_all()
    return worker._calls.qsize()


def listen_as_pd(data, folder, exchange):
    """Receive `data` as Pd does, with call 1 running; return how many callbacks were posted."""
    posted = []
    queue = CallQueue()
    delivery = Delivery(lambda function, *values: posted.append((function, values)), queue, print)
    delivery.listeners = Listeners(*[lambda *values: None] * 4)
    session = Session(queue, delivery, WorkerSpec("fuzz", "torch", (), "fuzz", 0, False), None, WakePipe())
    session._process = type("Process", (), {"log": folder / "log", "exchange": exchange})
    session._reader = FrameReader(io.BytesIO(data))
    session._call = queue.add(
        "twice",
        {},
        (),
        on_result=lambda *values: None,
        on_progress=lambda *values: None,
        on_partial=lambda values, arrays, release: release(),
    )
    with pytest.raises(REFUSALS):
        while True:
            frame = session._reader.poll()
            if frame is not None:
                session._receive(frame)
    for function, values in posted:
        function(*values)  # what was understood can be delivered, too
    assert delivery.waiting_bytes == 0
    return len(posted)


@pytest.mark.slow
def test_mutated_frames_are_understood_or_refused(tmp_path):
    dice = random.Random(2026)
    to_worker, to_pd = pieces(TO_WORKER), pieces(TO_PD)
    calls = posts = 0
    with contextlib.closing(Exchange()) as exchange:
        assert listen_as_worker(b"".join(to_worker)) == 2
        assert listen_as_pd(b"".join(to_pd[:6]), tmp_path, exchange) == 6
        for _ in range(MUTANTS // 2):
            calls += listen_as_worker(mutated(to_worker, dice))
            posts += listen_as_pd(mutated(to_pd, dice), tmp_path, exchange)
    # What the mutation left whole was still understood: the mutants reach past the first frame.
    assert 0 < calls < MUTANTS and 0 < posts < 6 * (MUTANTS // 2)


PROCESSES = 300


def test_mutated_frames_end_a_worker_process_or_are_answered(tmp_path):
    """Forks of one process that has the server imported: each takes one conversation, and must end by itself."""
    dice = random.Random(2027)
    to_worker = pieces(TO_WORKER)
    for number in range(PROCESSES):
        (tmp_path / f"{number:03}").write_bytes(mutated(to_worker, dice))
    done = subprocess.run(
        [sys.executable, str(FAULTS / "fork_workers.py"), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
        env={"PYTHONPATH": f"{Path(server.__file__).parents[2]}:{FAULTS}"},
    )
    outcomes = dict(line.split(":") for line in done.stdout.splitlines())
    assert set(outcomes) <= {"ended", "gave up"}
    assert sum(map(int, outcomes.values())) == PROCESSES
    assert len(outcomes) == 2
