"""Own sounds: does a training that was started in the patch disturb the sound?

own.xruns
    seconds         of the training, of a minute, of GANSynth on two minutes of tones
    late_with       blocks of 64 frames at 48 kHz that the Pd in whose window it trains was late with, in that time
    late_plain      those of another Pd beside it, on the same JACK server, with the same patch but without Python
    late_with_calm, late_plain_calm
                    those of as long a time just after, in which nothing trains
    blocks          in that time

JACK's dummy driver; a machine with two cores is late now and then by itself, so a number says little without its
neighbours. DLWA_BENCH_MINUTES is another length of the training.
"""

import os
import tempfile
from pathlib import Path

import numpy as np
from modelfiles.sounds import write_sound
from support.late_blocks import beside_a_plain_one

ROOT = Path(__file__).resolve().parents[2]
NEEDS = ("jackd2",)
RUNS = 1
SOUND_RATE = 16000
MINUTES = float(os.environ.get("DLWA_BENCH_MINUTES", "1"))
OUT, PATCH = "own_sounds-out", ROOT / "03_gansynth/gansynth.pd"


def tones(folder):
    """Two minutes of tones that fade."""
    seconds = np.arange(2 * SOUND_RATE) / SOUND_RATE
    for number in range(60):
        hertz = 110 * 2 ** (number / 12)
        tone = 0.5 * np.sin(2 * np.pi * hertz * seconds) * np.exp(-2 * seconds)
        write_sound(folder / f"tone-{number:02d}.wav", tone, SOUND_RATE)


def train(pd, folder):
    """Add the sounds, train, and wait for the end."""
    pd.send("own_sounds", "add", str(folder))
    pd.expect(OUT, "sounds", timeout=120)
    pd.send("own_sounds", "minutes", MINUTES)
    pd.send("own_sounds", "train")
    ended = pd.expect(OUT, "ended", timeout=60 * MINUTES + 1800)[1]
    if ended != "done":
        raise RuntimeError(f"the training has {ended}: {pd.errors()}")


def begin(pd):
    """Open the window's object for the day's model."""
    pd.send("own_sounds", "load", "gansynth")
    pd.expect(OUT, "sounds", timeout=120)


def xruns():
    """The figures of the row."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "tones").mkdir()
        tones(home / "tones")
        folders = {"XDG_DATA_HOME": str(home / "data"), "XDG_STATE_HOME": str(home / "state")}
        return beside_a_plain_one(PATCH, OUT, begin, lambda pd: train(pd, home / "tones"), **folders)


BENCHMARKS = {"own.xruns": xruns}
