"""Playing live: how late the sound is, how many blocks are late, and what it costs.

live.rave       starter_live in [rave~] at a buffer of 128
live.rave_file  a RAVE of the official v2 configuration with random weights, at the smallest buffer that it can have

Through JACK's dummy driver at 48 kHz and 64 frames, Pd with a delay of 5 ms, JACK and Pd at real-time priority,
beside a Pd that plays the same patch without the model. latency_ms is what the object tells,
latency_measured_ms what comes out: bursts of noise go in, and it is how much later their loudness comes out,
the model's own delay included. late_blocks of blocks were not there in time; xruns and xruns_plain are those of
both Pds; core_share is the processor time of Pd and all processes below it for a second of sound; stolen, the
seconds in which the host of a virtual machine had its processors. Workers have given up root's rights: with a
limit of zero (`ulimit -r`) they play at the usual priority. LIVE_SECONDS sets how long.
"""

import contextlib
import os
import resource
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("setup", "tests", "pyext_py3", "06_rave")]

from benchmarks import rave  # noqa: E402
from dlwakit.pdtools.jack import Jack  # noqa: E402

SECONDS = float(os.environ.get("LIVE_SECONDS", 60))
RATE, PERIOD = 48000, 64
PRIORITY = 95
FLAGS = (
    "-audiobuf",
    "5",
)  # Pd sleeps for a quarter of its 20 ms otherwise and then plays several blocks at once
BURSTS = """#X obj 400 20 phasor~ 2;
#X obj 400 50 expr~ 0.1 * ($v1 < 0.2);
#X connect 0 0 1 0;
#X connect 11 0 12 0;
#X connect 12 0 1 1;
"""
PATCH = rave.PATCH.replace("20 50 *~ 0.1;", "20 50 *~;").replace("#X connect 0 0 1 0;\n", BURSTS)


def envelope(sound):
    """How loud a sound is, over a millisecond, around its mean."""
    level = np.convolve(np.abs(np.asarray(sound)), np.ones(RATE // 1000), "same")
    return level - level.mean()


def measured_latency(pd):
    """Milliseconds by which what comes out follows what goes in: where their envelopes agree best, a median."""
    found = []
    for _ in range(5):
        pd.send("record")
        time.sleep(1.3)
        played, heard = (np.fft.rfft(envelope(pd.array(name)), 1 << 17) for name in ("played", "heard"))
        found.append(1000 * np.argmax(np.fft.irfft(heard * played.conj())[: RATE // 2]) / RATE)
    return float(np.median(found))


def play(path, buffer):
    """Play a model in [rave~]: how late, how often too late, at what cost."""
    with contextlib.suppress(ValueError):  # the limit that musicians have, where it may be raised
        resource.setrlimit(resource.RLIMIT_RTPRIO, (PRIORITY, PRIORITY))
    jack = Jack(rate=RATE, period=PERIOD, realtime=True)
    try:
        with rave.in_rave(path, buffer, PATCH, FLAGS, jack=jack) as pd, rave.without_model(jack):
            latency = pd.expect("rave-out", "latency")[2]
            pd.expect("rave-out", "alive", 1)
            time.sleep(2)
            measured, late = measured_latency(pd), rave.late_blocks(pd)
            before = (
                rave.family_time(pd.process.pid),
                jack.xruns_of("model"),
                jack.xruns_of("plain"),
                rave.stolen(),
            )
            time.sleep(SECONDS)
            after = (
                rave.family_time(pd.process.pid),
                jack.xruns_of("model"),
                jack.xruns_of("plain"),
                rave.stolen(),
            )
            seconds, xruns, plain, stolen = (now - then for now, then in zip(after, before))
            return {
                "seconds": seconds,
                "audio_seconds": SECONDS,
                "reference_seconds": None,
                "latency_ms": latency,
                "latency_measured_ms": measured,
                "late_blocks": float(rave.late_blocks(pd) - late),
                "blocks": SECONDS * RATE / PERIOD,
                "core_share": seconds / SECONDS,
                "xruns": float(xruns),
                "xruns_plain": float(plain),
                "stolen": stolen,
            }
    finally:
        jack.close()


NEEDS = ("jackd2", "test tools")  # beyond what playing needs
RUNS = 1
BENCHMARKS = {
    "live.rave": lambda: play(ROOT / "06_rave/checkpoints/starter_live.ts", 128),
    "live.rave_file": lambda: play(rave.v2(), 2048),
}
