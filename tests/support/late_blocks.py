"""The blocks that two Pds with one patch are late with, on one JACK server: one with its Python object, one without."""

import sys
import time

from dlwakit.pdtools.jack import Jack
from dlwakit.pdtools.pd_session import PdSession

from support.external import EXTERNAL

RATE, PERIOD = 48000, 64
CLIENTS = "with", "plain"


def beside_a_plain_one(patch, out, prepare, work, **variables):
    """The figures of a benchmark's row: prepare(pd), then work(pd), counted, then as long a time without work.

    out: where the patch's object is heard. variables: of the environment.
    """
    jack = Jack(RATE, PERIOD)
    words = {"jack": jack, "listen": [out], "environment": {"DLWA_PYTHON_TORCH": sys.executable, **variables}}
    try:
        with (
            PdSession([patch], ["-jackname", "with"], path=[EXTERNAL], **words) as pd,
            PdSession([patch], ["-jackname", "plain"], **words) as plain,
        ):
            for each in (pd, plain):
                each.send("pd", "dsp", 1)
            prepare(pd)
            busy, seconds = _late(jack, lambda: work(pd))
            calm, _ = _late(jack, lambda: time.sleep(seconds))
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


def _late(jack, work):
    """(blocks that each client is late with while work() lasts, its seconds)."""
    before, begun = [jack.xruns_of(client) for client in CLIENTS], time.monotonic()
    work()
    counts = [jack.xruns_of(client) - old for client, old in zip(CLIENTS, before)]
    return counts, time.monotonic() - begun
