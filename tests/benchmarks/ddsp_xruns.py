"""Does day 2's network disturb the sound? Count JACK's xruns while it loads and transfers, and without it.

The parts of a round are explained in xruns.py.

    python tests/benchmarks/ddsp_xruns.py [ROUNDS]

A sung phrase of 4 s is transferred again and again, with another setting each time, by a starter and by a model of
the official size with random weights. It is run by hand, in an environment that has the worker's packages.
"""

import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [
    str(ROOT / folder) for folder in ("setup", "pyext_py3", "tests", "02_ddsp", "tests/benchmarks")
]

import soundfile  # noqa: E402
from ddsp import RATE, official_model, singing  # noqa: E402
from dlwakit.pdtools.pd_session import PdSession  # noqa: E402
from support.external import EXTERNAL  # noqa: E402
from xruns import compare  # noqa: E402

PATCH, OUT = ROOT / "02_ddsp/timbre_transfer.pd", "timbre_transfer-out"
PART = 12.0  # seconds
TRANSFERS = 8


def work_of(model, phrase):
    """What a student does: load a model, open a phrase, transfer it, move a control; seconds until ready."""

    def work(pd):
        start = time.monotonic()
        pd.send("timbre_transfer", "load", model)
        pd.expect(OUT, "worker", "on", timeout=120)
        ready = time.monotonic() - start
        pd.send("timbre_transfer", "open", "in", phrase)
        pd.expect(OUT, "opened")
        for octave in range(TRANSFERS):
            pd.send("timbre_transfer", "octave", octave % 2)
            pd.send("timbre_transfer", "transfer", "in", "out")
            pd.expect(OUT, "transferred", timeout=60)
        return ready

    return work


def main(rounds=3):
    """Print the xruns with each model."""
    with tempfile.TemporaryDirectory() as home:
        phrase = str(Path(home, "sung.wav"))
        soundfile.write(phrase, singing(4), RATE)
        for model in ("starter_violin", str(official_model())):
            work = work_of(model, phrase)

            def beside(pd, work=work):
                with PdSession([PATCH], listen=[OUT], path=[EXTERNAL]) as other:
                    work(other)

            print(Path(model).name, flush=True)
            ready = compare(PATCH, OUT, work, beside, rounds, PART)
            print(f"ready after {sorted(ready)[len(ready) // 2]:.1f} s (median)", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
