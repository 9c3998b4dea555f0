"""GANSynth at official size, with random weights, against magenta's own graph; both on two cores.

The model is written once, by magenta, into a folder of the temporary directory, and kept there.
"""

import functools
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from support.gansynth_files import OFFICIAL

ROOT = Path(__file__).resolve().parents[2]
FIDELITY = ROOT / "tests/fidelity"
PLAY = """
import sys, time
begun = time.perf_counter()
from gansynth.{module} import load
model = load(sys.argv[1])
def seconds(count):
    start = time.perf_counter()
    model.generate(model.random(count, 0), [60] * count)
    return time.perf_counter() - start
first = seconds(1)
print(time.perf_counter() - begun, *(min(seconds(count) for _ in range(2)) for count in (1, 8) if seconds(count)))
"""


def run(environment, *command):
    """What a command of an environment prints last."""
    from pdworker.environments import find_python

    variables = dict(
        os.environ, PYTHONPATH=f"{ROOT / '03_gansynth'}:{ROOT / 'pyext_py3'}", TF_CPP_MIN_LOG_LEVEL="3"
    )
    command = [find_python(environment), *command]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    return done.stdout.strip().splitlines()[-1:]


@functools.cache
def official_model():
    """A folder with a model of official size."""
    folder = Path(tempfile.gettempdir(), "dlwa-benchmark-gansynth")
    if not Path(f"{folder}.npz").exists():
        order = {"flags": OFFICIAL, "stage": 12, "images": 11_000_000, "pitches": list(range(24, 85))}
        run("tensorflow", FIDELITY / "gansynth_magenta.py", json.dumps({str(folder): order}))
    return folder


@functools.cache
def measured(environment, module, turn):
    """Seconds from the start to the first note, of one warm note, of eight; once a turn for all benchmarks."""
    (line,) = run(environment, "-c", PLAY.format(module=module), official_model())
    return [float(word) for word in line.split()]


def note(index, audio_seconds):
    """A benchmark of the index-th of `measured`."""

    turns = itertools.count()

    def benchmark():
        turn = next(turns)
        ours, theirs = (
            measured("torch", "model", turn)[index],
            measured("tensorflow", "upstream", turn)[index],
        )
        return {"seconds": ours, "audio_seconds": audio_seconds, "reference_seconds": theirs}

    return benchmark


def pca():
    """64 components of conv0 from 8192 points; the reference is the full decomposition of the same numbers."""
    sys.path[:0] = [str(ROOT / "04_ganspacesynth")]
    from ganspacesynth.fitting import fit
    from gansynth.model import load

    model = load(official_model())
    start = time.perf_counter()
    fit(model, samples=8192, components=64)
    return {"seconds": time.perf_counter() - start, "audio_seconds": None, "reference_seconds": None}


NEEDS = ("tensorflow",)  # beyond what playing needs
BENCHMARKS = {
    "gansynth.load": note(0, None),
    "gansynth.1note": note(1, 4.0),
    "gansynth.8notes": note(2, 32.0),
    "ganspace.pca8192": pca,
}
