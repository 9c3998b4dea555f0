"""The worker process of the toy day."""

import os
import time

import numpy as np
from modelfiles.errors import UserError
from pdworker.serving.server import send_event, serve


class Worker:
    def load(self, job, *, checkpoint, folders, engine, speed=1, loop=False):
        if checkpoint == "missing":
            raise UserError("checkpoint", "there is no checkpoint 'missing'", "have a look into checkpoints/")
        job.progress(0.25, "reading")
        given = {"name": checkpoint, "engine": engine, "speed": speed, "loop": loop}
        made = {"folders": len(folders), "beside": os.path.basename(folders[0]), "sizes": [512, 512]}
        return {**given, **made, "secret": "hidden", "pid": os.getpid()}

    def add(self, job, *, a, b):
        return {"sum": a + b}

    def wait(self, job, *, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            job.progress(1 - (end - time.monotonic()) / seconds, "waiting")
            time.sleep(0.01)
        return {}

    def scale(self, job, *, gain, arrays):
        return {}, [arrays[0] * np.float32(gain)]

    def draw(self, job, *, seed, gain, arrays):
        noise = np.random.default_rng(seed).standard_normal(len(arrays[0]))
        return {}, [(arrays[0] + gain * noise).astype(np.float32)]

    def grow(self, job, *, pieces, size):
        for number in range(pieces):
            piece = np.full(size, number + 1, np.float32)
            job.progress((number + 1) / pieces, "growing", {"start": number * size}, [piece])
        return {"pieces": pieces}

    def tick(self, job, *, count):
        for number in range(count):
            send_event("tick", {"number": number}, [np.zeros(1, np.float32)] * number)
        send_event("tock", {}, [np.ones(1000, np.float32)])
        send_event("bad")
        send_event("unknown")
        return {}

    def crash(self, job):
        raise RuntimeError("boom, with a comma; and a semicolon")

    def die(self, job):
        os._exit(7)


if __name__ == "__main__":
    serve(Worker())
