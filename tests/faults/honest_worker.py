"""A worker that keeps to the rules, with calls for every situation that the tests need."""

import ctypes
import os
import subprocess
import sys
import time

import numpy as np
from pdworker.serving.server import WorkerError, serve

libc = ctypes.CDLL(None)
print("printed while importing")
libc.puts(b"printed by C while importing")
os.write(1, b"written to descriptor 1 while importing\n")

model = None


def load(job, *, checkpoint, fails=False, seconds=0.0, deaf=False):
    global model
    wait(job, seconds, deaf)
    if fails:
        raise WorkerError("checkpoint", f"{checkpoint} is not a checkpoint", "choose another")
    model = checkpoint
    return {"name": checkpoint, "pid": os.getpid()}


def what(job):
    return {"model": model, "pid": os.getpid(), "nice": os.nice(0)}


def twice(job, *, arrays):
    for array in arrays:
        array *= 2  # what arrives may be written to
    return {"count": len(arrays)}, arrays


def slow(job, *, seconds, deaf=False):
    wait(job, seconds, deaf)
    return {"done": True}


def wait(job, seconds, deaf):
    if deaf:
        job.log("deaf for a while")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not deaf:
            job.progress(1 - (end - time.monotonic()) / seconds, "waiting")
        time.sleep(0.01)


def hog(job):
    """Compute without ever giving up the interpreter lock."""
    job.log("hogging")
    return {"digits": (7 ** (1 << 27)).bit_length()}


def chatter(job):
    print("a print")
    libc.puts(b"a print of C")
    libc.fflush(None)
    os.system("echo a print of a child")
    os.write(1, b"\x00pdwk garbage\n" * 1000)
    for _ in range(200):
        job.log("a line")
    return {}


def wrong(job):
    raise WorkerError("input", "two\nlines of " + "text " * 500, "do better")


def crash(job):
    return 1 / 0


def leave(job):
    sys.exit("a library's parser gave up")


def unspeakable(job, *, how):
    return {
        "object": lambda: {"thing": object()},
        "nan": lambda: {"loss": float("nan")},
        "large": lambda: {"text": "x" * (1 << 20)},
        "dtype": lambda: ({}, [np.zeros(3, complex)]),
        "nothing": lambda: None,
    }[how]()


def scalars(job):
    return {"f": np.float32(0.5), "i": np.int64(3), "b": np.bool_(True), "list": [np.float64(1.5)]}


def spawn(job):
    """Start a process that outlives the call."""
    return {"pid": subprocess.Popen(["sleep", "600"]).pid}


def abort(job):
    print("last words", file=sys.stderr)
    os.abort()


if __name__ == "__main__":
    calls = [load, what, twice, slow, hog, chatter, wrong, crash, leave, unspeakable, scalars, spawn, abort]
    serve({call.__name__: call for call in calls})
