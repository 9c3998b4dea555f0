"""Does day 5's network disturb the sound? Count JACK's xruns while it loads and generates, and without it.

The parts of a round are explained in xruns.py.

    python tests/benchmarks/samplernn_xruns.py [ROUNDS]

It makes two sounds of 20 s from a starter, and of a model of the course's full size with random weights as much as a
part has time for. It is run by hand, in an environment that has the worker's packages.
"""

import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("setup", "pyext_py3", "tests", "05_samplernn")]

from dlwakit.pdtools.pd_session import PdSession  # noqa: E402
from samplernn.engine import store  # noqa: E402
from samplernn.engine.config import PRESETS  # noqa: E402
from samplernn.engine.network import SampleRNN  # noqa: E402
from support.external import EXTERNAL  # noqa: E402
from xruns import compare  # noqa: E402

PATCH, OUT = ROOT / "05_samplernn/samplernn.pd", "samplernn-out"
PART = 12.0  # seconds
ARRAYS = "#N canvas 0 0 300 200 12;\n#X obj 20 20 array define one 64;\n#X obj 20 50 array define two 64;\n"


def work_of(model, arrays):
    """What a student does with a model: load it, make two sounds, stop when the part is over; seconds until ready."""

    def work(pd):
        start = time.monotonic()
        pd.open(arrays)
        pd.send("samplernn", "load", model)
        pd.expect(OUT, "worker", "on", timeout=120)
        ready = time.monotonic()
        pd.send("samplernn", "generate", "--out", "one", "--out", "two", "--dur", 20, "--temp", 1.1)
        while time.monotonic() < ready + PART - 4 and not any(
            said[0] == "generated" for said in pd.received[OUT]
        ):
            time.sleep(0.1)
        pd.send("samplernn", "cancel")
        pd.expect(OUT, "generated", timeout=20)
        return ready - start

    return work


def main(rounds=3):
    """Print the xruns with each model."""
    with tempfile.TemporaryDirectory() as home:
        full, arrays = Path(home, "full.safetensors"), Path(home, "arrays.pd")
        store.save(full, SampleRNN(PRESETS["course"]))
        arrays.write_text(ARRAYS)
        for model in ("starter_beat", str(full)):
            work = work_of(model, arrays)

            def beside(pd, work=work):
                with PdSession([PATCH], listen=[OUT], path=[EXTERNAL]) as other:
                    work(other)

            print(Path(model).stem, flush=True)
            ready = compare(PATCH, OUT, work, beside, rounds, PART)
            print(f"ready after {sorted(ready)[len(ready) // 2]:.1f} s (median)", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
