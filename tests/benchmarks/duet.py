"""Does the network disturb the sound? Count JACK's xruns while day 1 loads and generates, and without it.

    python tests/benchmarks/duet.py [ROUNDS]

xruns.py tells how, and what is compared. The network loads and generates 20 s of melody. It also prints how long the
worker needs to be ready, and to answer. It is run by hand, in an environment that has the worker's packages.
"""

import sys
import threading
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "setup"), str(ROOT / "pyext_py3"), str(ROOT / "tests"), str(Path(__file__).parent)]

from dlwakit.pdtools.pd_session import PdSession  # noqa: E402
from pdworker.host.worker import Worker  # noqa: E402
from support.duet_player import DAY, NETWORK, OUT, TWINKLE, Duet  # noqa: E402
from support.external import EXTERNAL  # noqa: E402
from xruns import compare  # noqa: E402

PART = 12.0  # seconds
SECONDS = 20


def in_pd(pd):
    """Load and generate as a student does; seconds until ready, and until the answer was there."""
    player = Duet(pd)
    start = time.monotonic()
    player.load()
    ready = time.monotonic()
    player.play()
    asked = time.monotonic()
    player.send("generate", SECONDS)
    player.expect("generated")
    return ready - start, time.monotonic() - asked


def beside(pd):
    """The same work in a worker of this process's own."""
    done = threading.Event()
    worker = Worker("ai_duet.worker", "torch", [DAY], lambda function, *values: function(*values))
    worker.start(sys.executable)
    notes = [[pitch, 100, i * 0.06, i * 0.06 + 0.05] for i, pitch in enumerate(TWINKLE)]

    def loaded(facts, arrays):
        arguments = {"notes": notes, "seconds": SECONDS}
        worker.call("generate", arguments, on_result=lambda *_: done.set(), on_error=lambda _: done.set())

    arguments = {"checkpoint": NETWORK, "folders": [str(DAY / "checkpoints")], "engine": "small"}
    worker.call("load", arguments, on_result=loaded, on_error=lambda _: done.set())
    done.wait(PART)
    worker.stop()


def opening():
    """Seconds until the patch is open in a running Pd."""
    with PdSession(path=[EXTERNAL]) as pd:
        start = time.monotonic()
        pd.open(DAY / "ai_duet.pd")
        return {"seconds": time.monotonic() - start, "audio_seconds": None, "reference_seconds": None}


def ready():
    """Seconds from `load` until the network answers."""
    with PdSession([DAY / "ai_duet.pd"], listen=[OUT], path=[EXTERNAL]) as pd:
        start = time.monotonic()
        Duet(pd).load()
        return {"seconds": time.monotonic() - start, "audio_seconds": None, "reference_seconds": None}


BENCHMARKS = {"duet.open": opening, "duet.ready": ready}


def main(rounds=10):
    """Print the xruns of every round."""
    times = compare(DAY / "ai_duet.pd", OUT, in_pd, beside, rounds, PART)
    until_ready, answered = (median(column) for column in zip(*times))
    print(f"worker ready after {until_ready:.2f} s, {SECONDS} s of melody after {answered:.2f} s (medians)")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
