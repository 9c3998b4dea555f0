"""Does Pd with Python play on for hours? Sound, memory and console while everything is busy.

    python tests/benchmarks/soak.py [MINUTES]      (60 when not given)

Two Pds play the same patch side by side through one JACK server (dummy driver, 48 kHz, 256 frames), DSP on all the
time, all three at real-time priority, as musicians have it: one with Python, one without. In the one with Python a
worker generates sounds of up to a million samples, which go into an array that plays; a thread resizes and writes
another one; signals go through Python and through a worker process; patches with Python objects open, reload and
close. Then it prints

  xruns        of each Pd's JACK client, as the server reports them
  stolen       seconds in which the host of a virtual machine has had its processors: xruns that Pd cannot help
  lost         seconds of sound that the Pd with Python played less than the one without in the same time
  memory       of Pd at rest, at first and at last, and its growth for each 1,000 generations

and at the end the xruns of the minutes with less than 0.1 s stolen.

It is run by hand; a short form of it is in the tests (tests/patches/test_soak.py).
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "setup"), str(ROOT / "tests")]

from benchmarks.xruns import stolen  # noqa: E402
from dlwakit.pdtools.jack import Jack  # noqa: E402
from dlwakit.pdtools.pd_session import PdSession  # noqa: E402
from support.external import EXTERNAL  # noqa: E402

PATCHES = Path(__file__).parent / "soak_patches"
SPOKEN = ("soak-out", "soak-written", "soak-passed")
PACE_S = 0.5  # between generations, so that a core is left for others
SAMPLES = (1_000_000, 250_000)
PASSING = 5  # generations between patches that come and go
REST = 20  # generations between two looks at memory
WARM_UP = 2  # looks that do not count
LITTLE_S = 0.1  # stolen in a minute that counts as undisturbed


class Soak:
    """Both Pds, and what was found so far."""

    def __init__(self, home, pace=PACE_S, samples=SAMPLES, rest=REST, realtime=False):
        self.pace, self.samples, self.rest = pace, samples, rest
        self.generations = 0
        self.memory = []  # (generations, bytes of Pd at rest)
        self.jack = Jack(realtime=realtime)
        environment = {"DLWA_PYTHON_TORCH": sys.executable, "HOME": str(home)}
        listen = [*SPOKEN, "soak-time", "soak-stream-out"]
        self.python = PdSession(
            [PATCHES / "python.pd"],
            ["-jackname", "with-python"],
            listen=listen,
            jack=self.jack,
            path=[EXTERNAL],
            environment=environment,
        )
        self.plain = PdSession(
            [PATCHES / "plain.pd"], ["-jackname", "without"], listen=["soak-time"], jack=self.jack
        )
        self.python.send("soak-stream", "bang")
        path = self.python.expect("soak-stream-out", "stream")[1]
        folders = os.pathsep.join([str(ROOT / "pyext_py3"), str(PATCHES)])
        self.echo = subprocess.Popen(
            [sys.executable, "-m", "soaked.echo", path], env={**os.environ, "PYTHONPATH": folders}
        )
        for pd in (self.python, self.plain):
            pd.send("pd", "dsp", 1)
        self.python.send("soak", "load")
        self.python.expect("soak-out", "worker", "on", timeout=60)
        self._first_times = self._times()
        self._first_xruns = self.xruns()

    def round(self):
        """One generation beside a thread that writes."""
        start = time.monotonic()
        samples = self.samples[self.generations % len(self.samples)]
        self.python.send("soak", "generate", samples)
        self.python.send("soak-write", "write", samples)
        self.python.expect("soak-written", timeout=60)
        if self.generations % PASSING == 0:
            self._pass()
        self.python.expect("soak-out", "generated", timeout=60)
        self.generations += 1
        if self.generations % self.rest == 0:
            self._rest()
        for name in SPOKEN:
            self.python.forget(name)
        time.sleep(max(0, start + self.pace - time.monotonic()))

    def _pass(self):
        self.python.open(PATCHES / "passing.pd")
        self.python.send("soak-pass", "bang")
        self.python.expect("soak-passed")
        self.python.send("pd-passing.pd", "menuclose", 1)

    def _rest(self):
        self.python.send("soak", "rest")
        self.python.expect("soak-out", "rested")
        self.python.sync()
        pages = int(Path(f"/proc/{self.python.process.pid}/statm").read_text().split()[1])
        self.memory.append((self.generations, pages * os.sysconf("SC_PAGE_SIZE")))

    def growth(self):
        """Bytes that the memory at rest grew by for each 1,000 generations, after the warm-up."""
        looks = self.memory[WARM_UP:]
        third = max(len(looks) // 3, 1)
        first, last = ([median(column) for column in zip(*part)] for part in (looks[:third], looks[-third:]))
        return (last[1] - first[1]) / max(last[0] - first[0], 1) * 1000

    def xruns(self):
        """{JACK client: xruns so far}."""
        return {name: self.jack.xruns_of(name) for name in ("with-python", "without")}

    def new_xruns(self):
        """{JACK client: xruns since the start}."""
        return {name: count - self._first_xruns[name] for name, count in self.xruns().items()}

    def _times(self):
        for pd in (self.python, self.plain):
            pd.send("soak-clock", "bang")
        return [pd.expect("soak-time")[0] / 1000 for pd in (self.python, self.plain)]

    def lost(self):
        """Seconds that the Pd with Python has played less than the other one."""
        with_python, without = (now - then for now, then in zip(self._times(), self._first_times))
        return without - with_python

    def errors(self):
        """What either Pd said of errors."""
        return self.python.errors() + self.plain.errors()

    def close(self):
        self.echo.kill()
        self.echo.wait()
        # A JACK server dies, and leaves its rests behind, when two of its clients are killed at once.
        with contextlib.ExitStack() as all_at_last:
            all_at_last.callback(self.jack.close)
            for pd in (self.python, self.plain):
                all_at_last.callback(pd.close)
                all_at_last.callback(pd.quit)


def main(minutes=60.0):
    """Print what was found, once a minute a line."""
    with tempfile.TemporaryDirectory() as home:
        soak = Soak(home, realtime=True)
        try:
            start = time.monotonic()
            seen = [(stolen(), *soak.new_xruns().values())]
            while time.monotonic() < start + 60 * minutes:
                soak.round()
                if time.monotonic() > start + 60 * len(seen):
                    seen.append((stolen(), *soak.new_xruns().values()))
                    print(report(soak, 60 * (len(seen) - 1), seen[-1][0] - seen[0][0]), flush=True)
            each = np.diff(seen, axis=0)
            quiet = each[each[:, 0] < LITTLE_S]
            with_python, without = quiet[:, 1:].sum(0).astype(int)
            print(f"in {len(quiet)} undisturbed minutes: xruns {with_python} with Python, {without} without")
            print("console errors:", soak.errors() or "none")
        finally:
            soak.close()


def report(soak, seconds, stolen_s):
    """One line of figures."""
    xruns = soak.new_xruns()
    looks = soak.memory[WARM_UP:]
    memory = f"{looks[0][1] / 2**20:.1f} to {looks[-1][1] / 2**20:.1f} MB, " if looks else ""
    growth = f"{soak.growth() / 2**20:+.2f} MB for 1,000 generations" if len(looks) > 1 else ""
    return (
        f"{seconds / 60:5.1f} min  {soak.generations} generations  xruns {xruns['with-python']} with Python, "
        f"{xruns['without']} without  stolen {stolen_s:.2f} s  lost {soak.lost():.3f} s  memory {memory}{growth}"
    )


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
