"""A thousand bends of a network that plays in real Pd, and fifty kills of the process that plays it.

rave_bends.thousand    [rave~ starter_drums], sound on: seconds until all is done. Pd has to answer after each kill, and
                       the model to play again, else it is an error. memory_before, memory_after: megabytes of the
                       worker's processes after the first kill, and in the end.
"""

import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("setup", "tests", "pyext_py3", "06_rave")]

from support import bend_soak  # noqa: E402

BENDS, KILLS = 1000, 50
STARTER = ROOT / "06_rave/checkpoints/starter_drums.ts"


def thousand():
    """The whole of it."""
    with tempfile.TemporaryDirectory() as folder:
        pd = bend_soak.playing(STARTER, Path(folder))
        try:
            began = time.perf_counter()
            before, after = bend_soak.soak(pd, BENDS, KILLS)
            seconds = time.perf_counter() - began
        finally:
            pd.close()
    memory = {"memory_before": before, "memory_after": after}
    return {"seconds": seconds, "audio_seconds": None, "reference_seconds": None, **memory}


RUNS = 1
BENCHMARKS = {"rave_bends.thousand": thousand}
