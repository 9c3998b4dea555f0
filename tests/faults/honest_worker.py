"""A worker process that keeps to the rules, with calls for every situation that the tests need."""

import ctypes
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
from modelfiles.errors import UserError
from pdworker.serving.server import send_event, serve

libc = ctypes.CDLL(None)
print("printed while importing")
libc.puts(b"printed by C while importing")
os.write(1, b"written to descriptor 1 while importing\n")


class Worker:
    """Each public method is a call."""

    not_a_call = "an attribute"

    def __init__(self):
        self.model = None

    def load(self, job, *, checkpoint, fails=False, seconds=0.0, deaf=False):
        self._wait(job, seconds, deaf)
        if fails:
            raise UserError("checkpoint", f"{checkpoint} is not a checkpoint", "choose another")
        self.model = checkpoint
        return {"name": checkpoint, "pid": os.getpid()}

    def what(self, job):
        return {"model": self.model, "pid": os.getpid(), "nice": os.nice(0)}

    def twice(self, job, *, arrays):
        for array in arrays:
            array *= 2  # what arrives may be written to
        return {"count": len(arrays)}, arrays

    def read(self, job, *, file):
        return {"text": os.read(file, 100).decode()}

    def slow(self, job, *, seconds, deaf=False, answers=""):
        self._wait(job, seconds, deaf, answers)
        return {"done": True}

    def _wait(self, job, seconds, deaf, answers=""):
        if deaf:
            job.log("deaf for a while")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not deaf:
                job.progress(1 - (end - time.monotonic()) / seconds, "waiting")
                job.answer(answers)
            time.sleep(0.01)

    def parts(self, job, *, count, samples=3, counter=None):
        """Partial results, as fast as they go; how many are sent is in the file `counter`."""
        audio = np.zeros(samples, np.float32)
        for number in range(count):
            audio[:] = number  # it was written before progress() returned
            job.progress(number / count, f"part {number}", {"number": number}, [audio])
            if counter:
                Path(counter).write_text(str(number + 1))
        return {"count": count}

    def announce(self, job, *, count, samples=0):
        """Events, from a thread that outlives the call."""

        def send():
            for number in range(count):
                send_event("tick", {"number": number}, [np.full(samples, number, np.float32)])

        threading.Thread(target=send).start()
        return {}

    def hog(self, job):
        """Compute without ever giving up the interpreter lock."""
        job.log("hogging")
        return {"digits": (7 ** (1 << 27)).bit_length()}

    def chatter(self, job):
        print("a print")
        libc.puts(b"a print of C")
        libc.fflush(None)
        os.system("echo a print of a child")
        os.write(1, b"\x00pdwk garbage\n" * 1000)
        for _ in range(200):
            job.log("a line")
        return {}

    def wrong(self, job):
        raise UserError("input", "two\nlines of " + "text " * 500, "do better")

    def missing_file(self, job):
        return {"text": Path("/no/such/file").read_text()}

    def crash(self, job):
        return 1 / 0

    def leave(self, job):
        sys.exit("a library's parser gave up")

    def unspeakable(self, job, *, how):
        return {
            "object": lambda: {"thing": object()},
            "nan": lambda: {"loss": float("nan")},
            "large": lambda: {"text": "x" * (1 << 20)},
            "dtype": lambda: ({}, [np.zeros(3, complex)]),
            "nothing": lambda: None,
        }[how]()

    def scalars(self, job):
        return {"f": np.float32(0.5), "i": np.int64(3), "b": np.bool_(True), "list": [np.float64(1.5)]}

    def spawn(self, job):
        """Start a process that outlives the call."""
        return {"pid": subprocess.Popen(["sleep", "600"]).pid}

    def abort(self, job):
        print("last words", file=sys.stderr)
        os.abort()


if __name__ == "__main__":
    serve(Worker())
