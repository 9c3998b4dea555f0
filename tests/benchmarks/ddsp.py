"""Timbre transfer with a model of official size, against ddsp with CREPE 'full', in the same run.

The model is written once, with random weights, by the ddsp package into a folder of the temporary directory. CREPE
'full' is slow: it hears one second, and its time for the whole is worked out from that.
"""

import functools
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from pdworker.environments import find_python
from timbre_transfer import model
from timbre_transfer.engine import pitch
from timbre_transfer.worker import Worker, warm_up

ROOT = Path(__file__).resolve().parents[2]
RATE = 16000
PLAY = """
import sys, time
import numpy as np
from pathlib import Path
from timbre_transfer import upstream
player = upstream.read_folder(Path(sys.argv[1]))
curves = np.full(1000, 220.0), np.full(1000, -30.0)
player.generate(*curves)
begun = time.perf_counter()
player.generate(*curves)
print((time.perf_counter() - begun) / 4)
"""


class Job:
    """A worker's call that nobody watches."""

    def progress(self, fraction, text):
        pass


def in_tensorflow(*command):
    """What a command prints last."""
    path = os.pathsep.join(map(str, (ROOT / "02_ddsp", ROOT / "pyext_py3")))
    variables = dict(os.environ, PYTHONPATH=path, TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    command = [find_python("tensorflow"), *map(str, command)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    return done.stdout.strip().splitlines()[-1:]


@functools.cache
def official_model():
    """A folder with a model of official size."""
    folder = Path(tempfile.gettempdir(), "dlwa-benchmark-ddsp")
    if not (folder / "solo" / "reference.npz").exists():
        order = {"solo": {"gin": "models/solo_instrument.gin", "bindings": []}}
        in_tensorflow(ROOT / "tests/fidelity/ddsp_reference.py", folder, json.dumps(order))
    return folder / "solo"


@functools.cache
def reference_seconds_a_second():
    """What ddsp and CREPE 'full' need for a second of sound."""
    audio = singing(1)
    pitch.estimate(audio[:4096], "crepe-full")  # reads the weights
    listening = timed(lambda: pitch.estimate(audio, "crepe-full"))
    return listening + float(in_tensorflow("-c", PLAY, official_model())[0])


def singing(seconds):
    """A voice-like tone with vibrato, float32 at 16 kHz."""
    times = np.arange(int(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(220 * 2 ** (np.sin(2 * np.pi * 5.5 * times) / 40)) / RATE
    return (sum(np.sin(k * phase) / k for k in range(1, 12)) / 4).astype(np.float32)


def timed(function):
    begun = time.perf_counter()
    function()
    return time.perf_counter() - begun


def warm_worker():
    """A worker with the official model."""
    instrument = model.load(official_model())
    warm_up(instrument)
    return Worker(instrument)


def play(player, audio, **settings):
    return player.transfer(Job(), rate=RATE, out_rate=RATE, arrays=[audio], **settings)


def transfer(seconds):
    """A new sound: features and playing."""
    player, audio = warm_worker(), singing(seconds)
    return measured(timed(lambda: play(player, audio)), seconds)


def recontrol():
    """The same sound with another setting."""
    player, audio = warm_worker(), singing(4)
    play(player, audio)
    return measured(timed(lambda: play(player, audio, octave_shift=1)), 4)


def measured(took, seconds):
    return {
        "seconds": took,
        "audio_seconds": float(seconds),
        "reference_seconds": reference_seconds_a_second() * seconds,
    }


NEEDS = ("tensorflow",)  # beyond what playing needs
BENCHMARKS = {
    "ddsp.4s": lambda: transfer(4),
    "ddsp.60s": lambda: transfer(60),
    "ddsp.recontrol": recontrol,
}
