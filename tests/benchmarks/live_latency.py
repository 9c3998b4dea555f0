"""Whether the latency that an object tells is the one that is measured, at each sample rate and block size of Pd.

live_latency.rave       starter_live in [rave~] at a buffer of 128
live_latency.ddsp       starter_violin in [timbre_transfer~] at its usual latency
live_latency.samplernn  starter_beat in [samplernn~], one voice
live_latency.gansynth   starter_instruments in [gansynth~]: told with each onset

The table goes to the terminal: told and measured milliseconds, by how many blocks of Pd they differ, and how many
blocks were late meanwhile, after three tries: such a row says nothing. seconds is the largest difference, blocks the
same in blocks, disturbed how many rows do not count. The block size changes while it plays. Through JACK's dummy driver
at 64 frames.
"""

import sys
import time

from benchmarks import live
from dlwakit.pdtools.pd_session import PdSession
from support.external import EXTERNAL

RATES = (44100, 48000, 96000)
SIZES = (64, 128, 256, 512, 1024, 2048)
SETTLES_S, TRIES = 1.5, 3
BLOCKED = """#X obj 500 300 block~ 64;
#X obj 500 270 receive block;
#X connect 19 0 18 0;
"""


def rows(kind, path, rate, measure):
    """(size, told, measured, late) for each block size, the latencies in milliseconds."""
    patch = live.patch("blocked", kind, kind.box, kind.cords, sink="env~")
    patch.write_text(patch.read_text() + BLOCKED)
    flags = ["-lib", "py", "-r", str(rate), "-jackname", "model", *live.FLAGS]
    options = {
        "path": [EXTERNAL, live.ROOT / kind.day],
        "listen": ["live-out"],
        "environment": {"DLWA_PYTHON_TORCH": sys.executable},
    }
    with live.jack_server(rate) as jack, PdSession([patch], flags, jack=jack, **options) as pd:
        pd.send("pd", "dsp", 1)
        pd.send("live", "load", str(path))
        pd.expect("live-out", *kind.ready, timeout=120)
        live.give_priority(pd)
        found = []
        for size in SIZES:
            pd.send("block", "set", size)
            time.sleep(SETTLES_S)
            found.append((size, *undisturbed(pd, lambda: measure(pd, kind, path, rate))))
        return found


def undisturbed(pd, measure):
    """What is measured, and how many blocks were late meanwhile: none, if one of three times there was none."""
    for _ in range(TRIES):
        before = live.last(pd, "late")[1]
        found = measure()
        late = live.last(pd, "late")[1] - before
        if not late:
            break
    return (*found, late)


def by_sound(pd, kind, path, rate):
    """(told, measured) of what plays on a stream."""
    measured = live.measured_latency(pd, kind, rate, 3)
    return live.last(pd, "latency")[2], measured


def by_keys(pd, kind, path, rate):
    """(told, measured) of what plays keys."""
    measured = live.onset(pd, path, 60, rate)
    return live.last(pd, "onset")[2], measured


def table(kind, path, measure=by_sound):
    """A benchmark of an object, which prints its table."""

    def benchmark():
        print(f"{kind.box}\n{'rate':>6} {'block':>6} {'told':>8} {'measured':>8} {'blocks':>7} {'late':>6}")
        apart, blocks, disturbed = [0.0], [0.0], 0
        for rate in RATES:
            for size, told, measured, late in rows(kind, path, rate, measure):
                of_block = (measured - told) * rate / 1000 / size
                print(
                    f"{rate:>6} {size:>6} {told:>8.1f} {measured:>8.1f} {of_block:>7.1f} {late:>6.0f}",
                    flush=True,
                )
                if late:
                    disturbed += 1
                else:
                    apart.append(abs(measured - told))
                    blocks.append(abs(of_block))
        worst = {"seconds": max(apart) / 1000, "blocks": max(blocks), "disturbed": float(disturbed)}
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
