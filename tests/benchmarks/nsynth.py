"""NSynth: decoding against magenta's fast generation, which runs in the environment tensorflow, in the same run.

Random weights cost as much as trained ones. Magenta is slow, so it makes STEPS samples of each sound; samples a second
are what is compared.
"""

import json
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from dlwakit.base.paths import find_python
from nsynth.blending import grid_encodings
from nsynth.engine.config import PRESETS
from nsynth.engine.network import Autoencoder, save
from nsynth.loading import load, load_path

NEEDS = ("tensorflow",)
RUNS = 2
STEPS, SOUNDS = 100, 1  # of magenta; its program decodes one sound at a time unless it is told otherwise
STARTER = "starter_notes"
FAST_GENERATION = """
import json, sys, time
import numpy as np
from nsynth.loading import load_path
model = load_path(sys.argv[1], "upstream")
stream = model.stream(list(np.zeros((int(sys.argv[2]), 2, 16), np.float32)))
stream.engine.compute(0, 20)
began = time.perf_counter()
stream.engine.compute(20, 20 + int(sys.argv[3]))
print(json.dumps(time.perf_counter() - began))
"""


def figures(took, samples, rate, model, reference=None):
    """What a benchmark returns of `samples` samples in all that took so many seconds."""
    return {
        "seconds": took,
        "audio_seconds": samples / rate,
        "reference_seconds": reference,
        "samples_per_second": samples / took,
        "megabytes": model.megabytes,
    }


def timed(function):
    began = time.perf_counter()
    result = function()
    return time.perf_counter() - began, result


def decode(model, sounds, hops):
    """Seconds that decoding took, and how many samples it gave."""
    encodings = list(np.random.default_rng(0).standard_normal((sounds, hops, 16), np.float32))
    model.decode([one[:1] for one in encodings])
    took, sound = timed(lambda: model.decode(encodings))
    return took, sound.size


def official():
    """Magenta's size, beside magenta itself."""
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        save(Path(folder), Autoencoder(PRESETS["official"]), 200000)
        words = [find_python("tensorflow"), "-c", FAST_GENERATION, folder, SOUNDS, STEPS]
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.strip()[-300:])
        model = load_path(Path(folder))
    took, samples = decode(model, SOUNDS, 2)
    reference = json.loads(done.stdout.splitlines()[-1]) / (SOUNDS * STEPS) * samples
    return figures(took, samples, model.config.sample_rate, model, reference)


def small():
    """The starter: one sound."""
    model = load(STARTER)
    took, samples = decode(model, 1, 100)
    return figures(took, samples, model.config.sample_rate, model)


def loading():
    """The starter, from its file to ready."""
    took, model = timed(lambda: load(STARTER))
    return {"seconds": took, "audio_seconds": None, "reference_seconds": None, "megabytes": model.megabytes}


def grid():
    """16 sounds of two seconds between four corners, the starter."""
    model = load(STARTER)
    hops = round(2 * model.config.sample_rate / model.config.hop)
    corners = np.random.default_rng(0).standard_normal((4, hops, 16), np.float32)
    points = grid_encodings(list(corners), 4)
    took, sound = timed(lambda: model.decode(points))
    return figures(took, sound.size, model.config.sample_rate, model)


BENCHMARKS = {
    "nsynth.official": official,
    "nsynth.small": small,
    "nsynth.load": loading,
    "nsynth.grid": grid,
}
