"""Runs hostile_worker as a stranger's program, and prints what it could do; a program for test_confinement.

`confined_worker.py PYEXT FOLDER VICTIM [without-landlock] [without-bubblewrap] [trusted] [weights]`

weights: it runs no program of the model's.
"""

import ctypes
import errno
import json
import os
import queue
import sys
from pathlib import Path

FAULTS = Path(__file__).parent


def main(folder, victim, *options):
    from pdworker.host.worker import Worker
    from pdworker.rights import Rights
    from pdworker.system_calls import refuse_numbers

    if "without-landlock" in options:
        ctypes.CDLL(None).prctl(38, *map(ctypes.c_ulong, (1, 0, 0, 0)))
        refuse_numbers((444, 445, 446), errno.ENOSYS)
    if "without-bubblewrap" in options:
        os.environ["PATH"] = "/nowhere"
    posted = queue.Queue()
    rights = Rights(readable=(), writable=(), program="weights" not in options, trusted="trusted" in options)
    worker = Worker(
        "hostile_worker", "torch", [FAULTS, FAULTS.parent], lambda *post: posted.put(post), rights=rights
    )
    ended = []

    def end(what):
        return lambda *values: ended.append(
            (what, *map(str, values[:1])) if what == "error" else (what, values[0])
        )

    worker.start(sys.executable, on_log=lambda line: print(json.dumps(["log", line])))
    worker.call("load", {"folder": folder, "victim": int(victim)}, (), end("result"), None, end("error"))
    while not ended:
        function, *values = posted.get(timeout=120)
        function(*values)
    print(json.dumps(ended[0]), flush=True)
    worker.stop()


if __name__ == "__main__":
    sys.path[1:1] = sys.argv[1:2]
    main(*sys.argv[2:])
