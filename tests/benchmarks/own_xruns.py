"""Own sounds: does a training that was started in the patch disturb the sound?

own.xruns
    seconds         of the training, of a minute, of GANSynth on two minutes of tones
    late_with       blocks of 64 frames at 48 kHz that the Pd in whose window it trains was late with, in that time
    late_plain      those of another Pd beside it, on the same JACK server, with the same patch but without Python
    late_with_calm, late_plain_calm
                    those of as long a time just before, in which nothing trains
    blocks          in that time

JACK's dummy driver; a machine with two cores is late now and then by itself, so a number says little without its
neighbours. DLWA_BENCH_MINUTES is another length of the training.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from dlwakit.pdtools.jack import Jack
from dlwakit.pdtools.pd_session import PdSession
from modelfiles.sounds import write_sound
from support.external import EXTERNAL

ROOT = Path(__file__).resolve().parents[2]
NEEDS = ("jackd2",)
RUNS = 1
RATE, PERIOD, SOUND_RATE = 48000, 64, 16000
MINUTES = float(os.environ.get("DLWA_BENCH_MINUTES", "1"))
OUT, PATCH = "own_sounds-out", ROOT / "03_gansynth/gansynth.pd"
CLIENTS = "with", "plain"


def tones(folder):
    """Two minutes of tones that fade."""
    seconds = np.arange(2 * SOUND_RATE) / SOUND_RATE
    for number in range(60):
        hertz = 110 * 2 ** (number / 12)
        tone = 0.5 * np.sin(2 * np.pi * hertz * seconds) * np.exp(-2 * seconds)
        write_sound(folder / f"tone-{number:02d}.wav", tone, SOUND_RATE)


def late(jack, work):
    """(blocks that each client is late with while work() lasts, its seconds)."""
    before, begun = [jack.xruns_of(client) for client in CLIENTS], time.monotonic()
    work()
    counts = [jack.xruns_of(client) - old for client, old in zip(CLIENTS, before)]
    return counts, time.monotonic() - begun


def train(pd, folder):
    """Add the sounds, train, and wait for the end."""
    pd.send("own_sounds", "add", str(folder))
    pd.expect(OUT, "sounds", timeout=120)
    pd.send("own_sounds", "minutes", MINUTES)
    pd.send("own_sounds", "train")
    ended = pd.expect(OUT, "ended", timeout=60 * MINUTES + 1800)[1]
    if ended != "done":
        raise RuntimeError(f"the training has {ended}: {pd.errors()}")


def xruns():
    """The figures of the row."""
    jack = Jack(RATE, PERIOD)
    try:
        with tempfile.TemporaryDirectory() as name:
            home = Path(name)
            (home / "tones").mkdir()
            tones(home / "tones")
            folders = {"XDG_DATA_HOME": str(home / "data"), "XDG_STATE_HOME": str(home / "state")}
            variables = {"DLWA_PYTHON_TORCH": sys.executable, **folders}
            words = {"jack": jack, "listen": [OUT], "environment": variables}
            with (
                PdSession([PATCH], ["-jackname", "with"], path=[EXTERNAL], **words) as pd,
                PdSession([PATCH], ["-jackname", "plain"], **words) as plain,
            ):
                for each in (pd, plain):
                    each.send("pd", "dsp", 1)
                pd.send("own_sounds", "load", "gansynth")
                pd.expect(OUT, "sounds", timeout=120)
                calm, _ = late(jack, lambda: time.sleep(60 * MINUTES))
                busy, seconds = late(jack, lambda: train(pd, home / "tones"))
    finally:
        jack.close()
    found = {
        "late_with": busy[0],
        "late_plain": busy[1],
        "late_with_calm": calm[0],
        "late_plain_calm": calm[1],
    }
    rest = {"audio_seconds": None, "reference_seconds": None}
    return {"seconds": seconds, **found, "blocks": round(seconds * RATE / PERIOD), **rest}


BENCHMARKS = {"own.xruns": xruns}
