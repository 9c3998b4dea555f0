"""Does NSynth disturb the sound while a grid is filled and played?

nsynth.xruns
    seconds         in which the grid was filled and played
    late_with       blocks of 64 frames at 48 kHz that the Pd with nsynth.pd was late with, in that time
    late_plain      those of another Pd beside it, on the same JACK server, with the same patch but without Python
    late_with_calm, late_plain_calm
                    those of as long a time just after, in which nothing is computed
    blocks          in that time

JACK's dummy driver; a machine with two cores is late now and then by itself, so a number says little without its
neighbours.
"""

import sys
import time
from pathlib import Path

from dlwakit.pdtools.jack import Jack
from dlwakit.pdtools.pd_session import PdSession
from support.external import EXTERNAL

ROOT = Path(__file__).resolve().parents[2]
NEEDS = ("jackd2",)
RUNS = 1
RATE, PERIOD = 48000, 64
OUT, PATCH = "nsynth-out", ROOT / "03_gansynth/nsynth.pd"
CLIENTS = "with", "plain"
GRIDS, PATIENCE = 2, 300


def late(jack, work):
    """(blocks that each client is late with while work() lasts, its seconds)."""
    before, begun = [jack.xruns_of(client) for client in CLIENTS], time.monotonic()
    work()
    counts = [jack.xruns_of(client) - old for client, old in zip(CLIENTS, before)]
    return counts, time.monotonic() - begun


def fill_and_play(pd):
    """Fill grids, and click a cell each time that they have grown."""
    for seed in range(GRIDS):
        pd.send("nsynth", "press", "seed", seed)
        pd.send("nsynth", "press", "make")
        pd.expect(OUT, "grid", timeout=PATIENCE)
        for cell in range(16):
            pd.expect(OUT, "grown", timeout=PATIENCE)
            pd.send("nsynth", "press", f"cell{cell}")
        pd.expect(OUT, "filled", timeout=PATIENCE)


def xruns():
    """The figures of the row."""
    jack = Jack(RATE, PERIOD)
    try:
        words = {"jack": jack, "listen": [OUT], "environment": {"DLWA_PYTHON_TORCH": sys.executable}}
        with (
            PdSession([PATCH], ["-jackname", "with"], path=[EXTERNAL], **words) as pd,
            PdSession([PATCH], ["-jackname", "plain"], **words) as plain,
        ):
            for each in (pd, plain):
                each.send("pd", "dsp", 1)
            pd.send("nsynth", "press", "starter")
            pd.expect(OUT, "corner", 4, timeout=PATIENCE)
            busy, seconds = late(jack, lambda: fill_and_play(pd))
            calm, _ = late(jack, lambda: time.sleep(seconds))
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


BENCHMARKS = {"nsynth.xruns": xruns}
