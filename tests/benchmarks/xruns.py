"""Counts JACK's xruns while a patch's network works in Pd, works beside Pd, and does not work.

JACK's dummy driver runs at 48 kHz with 256 frames and Pd's DSP is on. In turn, each round has Pd play the patch
  with      its object, which does its work;
  beside    without its object, while another process does that very work: the machine is as busy, Pd is not;
  alone     without its object, and nothing else.
A machine with two cores makes an xrun now and then by itself, so a number says little without its neighbours.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from dlwakit.pdtools.jack import Jack
from dlwakit.pdtools.pd_session import PdSession
from support.external import EXTERNAL


def count(patch, listen, work, path, home, seconds):
    """(the xruns of one part, what work(pd) gives), which runs while Pd plays the patch for at least `seconds`.

    Pd looks for its external in `path`, not at home.
    """
    jack = Jack()
    try:
        environment = {"DLWA_PYTHON_TORCH": sys.executable, "HOME": home}
        with PdSession([patch], listen=[listen], jack=jack, path=path, environment=environment) as pd:
            pd.send("pd", "dsp", 1)
            time.sleep(1)
            before, start = jack.xruns, time.monotonic()
            result = work(pd)
            time.sleep(max(0, start + seconds - time.monotonic()))
            return jack.xruns - before, result
    finally:
        jack.close()


def compare(patch, listen, in_pd, beside, rounds, seconds):
    """Print the xruns of every part of every round; returns what in_pd(pd) gave in each."""
    xruns, results = {"with": [], "beside": [], "alone": []}, []
    for _ in range(rounds):
        for name, work, path in (
            ("with", in_pd, [EXTERNAL]),
            ("beside", beside, []),
            ("alone", lambda pd: None, []),
        ):
            with tempfile.TemporaryDirectory() as home:
                found, result = count(patch, listen, work, path, home, seconds)
            xruns[name].append(found)
            results += [result] if name == "with" else []
    for name, found in xruns.items():
        print(f"{name:>8}: {sum(found)} xruns in {rounds} x {seconds:g} s {found}", flush=True)
    return results


def stolen():
    """Seconds in which the host of a virtual machine has had its processors."""
    return int(Path("/proc/stat").read_text().split()[8]) / os.sysconf("SC_CLK_TCK")
