"""Does the network disturb the sound? Count JACK's xruns while day 1 loads and generates, and without it.

    python tests/benchmarks/duet.py [ROUNDS]

JACK's dummy driver runs at 48 kHz with 256 frames and Pd's DSP is on. In turn, each round has Pd play the patch
  with      its object, which loads a network and lets it generate 20 s;
  beside    without its object, while another process does that very work: the machine is as busy, Pd is not;
  alone     without its object, and nothing else.
Every part lasts as long. It also prints how long the worker needs to be ready, and to answer. It is run by hand, and
in an environment that has the worker's packages: a machine with two cores makes an xrun now and then by itself.
"""

import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "setup"), str(ROOT / "pyext_py3"), str(ROOT / "tests")]

from duet_player import DAY, NETWORK, OUT, TWINKLE, Player  # noqa: E402
from external import EXTERNAL  # noqa: E402
from pd_session import Jack, PdSession  # noqa: E402
from pdworker.client import Worker  # noqa: E402

PART = 12.0  # seconds
SECONDS = 20


def count(work, path, home):
    """The xruns of one part: `work(pd)` runs while Pd plays. Pd looks for its external in `path`, not at home."""
    jack = Jack()
    try:
        environment = {"DLWA_PYTHON_TORCH": sys.executable, "HOME": home}
        with PdSession(
            [DAY / "ai_duet.pd"], listen=[OUT], jack=jack, path=path, environment=environment
        ) as pd:
            pd.send("pd", "dsp", 1)
            time.sleep(1)
            before, start = jack.xruns, time.monotonic()
            times = work(pd)
            time.sleep(max(0, start + PART - time.monotonic()))
            return jack.xruns - before, times
    finally:
        jack.close()


def in_pd(pd):
    """Load and generate as a student does; seconds until ready, and until the answer was there."""
    player = Player(pd)
    start = time.monotonic()
    player.load()
    ready = time.monotonic()
    player.play()
    asked = time.monotonic()
    player.say("generate", SECONDS)
    player.hear("generated")
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
        Player(pd).load()
        return {"seconds": time.monotonic() - start, "audio_seconds": None, "reference_seconds": None}


BENCHMARKS = {"duet.open": opening, "duet.ready": ready}


def main(rounds=10):
    """Print the xruns of every round."""
    xruns = {"with": [], "beside": [], "alone": []}
    times = []
    for _ in range(rounds):
        for name, work, path in (
            ("with", in_pd, [EXTERNAL]),
            ("beside", beside, []),
            ("alone", lambda pd: None, []),
        ):
            with tempfile.TemporaryDirectory() as home:
                found, took = count(work, path, home)
            xruns[name].append(found)
            times += [took] if name == "with" else []
    for name, found in xruns.items():
        print(f"{name:>8}: {sum(found)} xruns in {rounds} x {PART:g} s {found}")
    until_ready, answered = (median(column) for column in zip(*times))
    print(f"worker ready after {until_ready:.2f} s, {SECONDS} s of melody after {answered:.2f} s (medians)")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
