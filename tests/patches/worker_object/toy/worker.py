"""The worker of the toy day."""

import os
import time

from pdworker.serving.server import WorkerError, serve


def load(job, *, checkpoint, folders, engine, speed=1, loop=False):
    if checkpoint == "missing":
        raise WorkerError("checkpoint", "there is no checkpoint 'missing'", "have a look into checkpoints/")
    job.progress(0.25, "reading")
    given = {"name": checkpoint, "engine": engine, "speed": speed, "loop": loop}
    made = {"folders": len(folders), "beside": os.path.basename(folders[0]), "sizes": [512, 512]}
    return {**given, **made, "pid": os.getpid()}


def add(job, *, a, b):
    return {"sum": a + b}


def wait(job, *, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        job.progress(1 - (end - time.monotonic()) / seconds, "waiting")
        time.sleep(0.01)
    return {}


def crash(job):
    raise RuntimeError("boom, with a comma; and a semicolon")


if __name__ == "__main__":
    serve({"load": load, "add": add, "wait": wait, "crash": crash})
