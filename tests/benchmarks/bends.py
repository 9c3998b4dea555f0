"""Networks that play in real Pd, bent at random, and the process that plays killed.

bends.rave         [rave~ starter_drums], a thousand bends and fifty kills
bends.samplernn    [samplernn~ starter_beat], two hundred bends and ten kills

Seconds until all is done. Pd has to answer after each kill, and the model to play again, else it is an error.
memory_before, memory_after: megabytes of the worker's processes after the first kill, and in the end. differs: the
largest difference between what [rave~] makes of a sound before all that and after `mend`, 0: bit for bit the same.
"""

import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("setup", "tests", "pyext_py3", "06_rave")]

from support.bend_soak import RAVE, SAMPLERNN, Soak  # noqa: E402


def soaked(live, bends, kills):
    """A benchmark of an object."""

    def benchmark():
        with tempfile.TemporaryDirectory() as folder, closing(Soak(live, Path(folder))) as soak:
            began = time.perf_counter()
            own = soak.whole()
            before, after = soak.run(bends, kills)
            soak.mend()
            found = {"memory_before": float(before), "memory_after": float(after)}
            if live.whole:
                found["differs"] = float(np.abs(soak.whole() - own).max())
            seconds = time.perf_counter() - began
        return {"seconds": seconds, "audio_seconds": None, "reference_seconds": None, **found}

    return benchmark


RUNS = 1
BENCHMARKS = {
    "bends.rave": soaked(RAVE, 1000, 50),
    "bends.samplernn": soaked(SAMPLERNN, 200, 10),
}
