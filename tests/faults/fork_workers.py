"""`fork_workers.py FOLDER`: gives each file's bytes to a worker process of its own and counts how these end."""

import collections
import contextlib
import os
import signal
import socket
import sys
import threading
from pathlib import Path

from pdworker.protocol import FrameReader, StreamClosed
from pdworker.serving import server

DEADLINE = 60  # seconds for one worker; it ends within milliseconds


def play(data):
    """Run a worker on `data`; return what became of it."""
    from_us, to_worker = os.pipe()
    from_worker, to_us = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(to_worker)
        os.close(from_worker)
        os.dup2(2, 1)
        files, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        server.run("honest_worker", 10, from_us, to_us, files.detach())
    os.close(from_us)
    os.close(to_us)
    threading.Thread(target=feed, args=(to_worker, data)).start()
    kinds = []
    with open(from_worker, "rb", buffering=0) as stream:
        reader = FrameReader(stream)
        try:
            while True:
                kinds.append(reader.read())
        except StreamClosed:
            pass
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status == 0:
        return "ended"
    assert status == 1, f"status {status}"
    assert kinds[-1].kind == "error" and kinds[-1].header["id"] is None
    return "gave up"


def feed(pipe, data):
    with open(pipe, "wb", buffering=0) as stream, contextlib.suppress(BrokenPipeError):
        stream.write(data)


if __name__ == "__main__":
    outcomes = collections.Counter()
    for file in sorted(Path(sys.argv[1]).iterdir()):
        signal.alarm(DEADLINE)
        outcomes[play(file.read_bytes())] += 1
    for outcome, count in outcomes.items():
        print(f"{outcome}:{count}")
