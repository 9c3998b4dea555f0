"""Whether the latency that an object tells is the one that is measured, at each sample rate and block size of Pd.

live_latency.rave       starter_live in [rave~] at a buffer of 128
live_latency.ddsp       starter_violin in [timbre_transfer~] at its usual latency
live_latency.samplernn  starter_beat in [samplernn~], one voice
live_latency.gansynth   starter_instruments in [gansynth~]: told with each onset

The table goes to the terminal: told and measured milliseconds, and by how many blocks of Pd they differ. seconds is the
largest difference, blocks the same in blocks (of 64 frames at least), late the blocks that were late. The block size
changes while it plays. Through JACK's dummy driver at 64 frames.
"""

import sys
import time

import numpy as np
from benchmarks import live
from dlwakit.pdtools.jack import Jack
from dlwakit.pdtools.pd_session import PdSession
from support.external import EXTERNAL

RATES = (44100, 48000, 96000)
SIZES = (64, 128, 256, 512, 1024, 2048)
SETTLES_S = 1.5
BLOCKED = """#X obj 500 300 block~ 64;
#X obj 500 270 receive block;
#X connect 18 0 17 0;
"""


def rows(kind, path, rate, measure):
    """(size, told, measured) in milliseconds for each block size, and how many blocks were late."""
    patch = live.patch("blocked", kind, kind.box, kind.cords, sink="env~")
    patch.write_text(patch.read_text() + BLOCKED)
    jack = Jack(rate=rate, period=live.PERIOD, realtime=True)
    flags = ["-lib", "py", "-r", str(rate), "-jackname", "model", *live.FLAGS]
    environment = {"DLWA_PYTHON_TORCH": sys.executable}
    folders = [EXTERNAL, live.ROOT / kind.day]
    session = PdSession([patch], flags, path=folders, listen=["live-out"], environment=environment, jack=jack)
    try:
        with session as pd:
            pd.send("pd", "dsp", 1)
            pd.send("live", "load", str(path))
            pd.expect("live-out", *kind.ready, timeout=120)
            found = []
            for size in SIZES:
                pd.send("block", "set", size)
                time.sleep(SETTLES_S)
                found.append((size, *measure(pd, rate)))
            return found, live.last(pd, "late")[1]
    finally:
        jack.close()


def by_sound(pd, rate):
    """(told, measured) of what plays on a stream."""
    measured = live.measured_latency(pd, rate, 3)
    return live.last(pd, "latency")[2], measured


def by_keys(pd, rate):
    """(told, measured) of what plays keys."""
    measured = live.onset(pd, 60, rate)
    return live.last(pd, "onset")[2], measured


def table(kind, path, measure=by_sound):
    """A benchmark of an object, which prints its table."""

    def benchmark():
        print(f"{kind.box}\n{'rate':>6} {'block':>6} {'told':>8} {'measured':>8} {'blocks':>7}")
        apart, blocks, late = [], [], 0
        for rate in RATES:
            found, missed = rows(kind, path, rate, measure)
            late += missed
            for size, told, measured in found:
                apart.append(abs(measured - told))
                blocks.append((measured - told) * rate / 1000 / size)
                print(f"{rate:>6} {size:>6} {told:>8.1f} {measured:>8.1f} {blocks[-1]:>7.1f}", flush=True)
        worst = {"seconds": max(apart) / 1000, "blocks": float(np.abs(blocks).max()), "late": float(late)}
        return {**worst, "audio_seconds": None, "reference_seconds": None}

    return benchmark


NEEDS = ("jackd2", "test tools")  # beyond what playing needs
RUNS = 1
BENCHMARKS = {
    "live_latency.rave": table(*live.RAVE),
    "live_latency.ddsp": table(*live.DDSP),
    "live_latency.samplernn": table(*live.SAMPLERNN),
    "live_latency.gansynth": table(*live.GANSYNTH, by_keys),
}
