"""A network that is bent at random, and killed, while it plays in real Pd; for tests and for the benchmark of it."""

import os
import random
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from dlwakit.pdtools.pd_session import PdSession

from support.external import EXTERNAL
from support.processes import descendants
from support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
AMOUNTS = {
    "scale": (-3, 3),
    "noise": (0, 3),
    "flip": (0, 1),
    "zero": (0, 1),
    "shift": (-1, 1),
    "swap": (0, 1),
}
ANSWER_S = 60
BEGIN_S = 240  # where loops have to be compiled first
RELOAD_EVERY = 4  # kills; a model that dies six times in a row is given up


@dataclass(frozen=True)
class Live:
    """An object that plays: its day, its patch below tests/live, its name in it, its worker, and a model.

    whole: the message that makes `heard` of the array `played` beside what plays, if there is one.
    """

    day: str
    patch: str
    name: str
    worker: bytes
    model: str
    whole: tuple = ()

    @property
    def out(self):
        """Where it says something."""
        return f"{self.name}-out"


WHOLE = ("forward", "played", "heard", "--random", 1)
RAVE = Live("06_rave", "rave", "rave", b"rave_rt.worker", "starter_drums", WHOLE)
SAMPLERNN = Live("05_samplernn", "samplernn", "samplernn-live", b"samplernn.worker", "starter_beat")


class Soak:
    """A Pd with its sound on, in which a model plays. Has to be closed.

    folder: for its log.
    """

    def __init__(self, live, folder):
        self._live = live
        variables = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(folder)}
        variables["DLWA_TAKES"] = str(folder / "takes")
        patch = ROOT / "tests/live" / live.patch / "live.pd"
        places = [EXTERNAL, ROOT / live.day]
        self.pd = PdSession([patch], ["-lib", "py"], path=places, listen=[live.out], environment=variables)
        self.pd.send("pd", "dsp", 1)
        self.send("load", live.model)
        self.expect("playing", timeout=BEGIN_S)
        self.expect("alive", 1)

    def send(self, *words):
        """Send the object a message."""
        self.pd.send(self._live.name, *words)

    def expect(self, *start, timeout=ANSWER_S):
        """Wait for what it says."""
        return self.pd.expect(self._live.out, *start, timeout=timeout)

    def heard(self, text):
        """Whether it has ever said this."""
        return text in str(self.pd.received[self._live.out])

    def close(self):
        """End Pd."""
        self.pd.close()

    @property
    def layers(self):
        """How many layers the network has."""
        self.send("layers")
        return int(self.expect("layers")[1])

    @property
    def players(self):
        """The numbers of the worker's processes, the one that plays last."""
        return [number for number in descendants(self.pd.process.pid, self._live.worker) if resident(number)]

    def whole(self):
        """What the network makes of a whole sound as it is bent now; nothing where it can't."""
        if not self._live.whole:
            return np.zeros(0)
        self.pd.set_array("played", np.random.default_rng(1).normal(0, 0.2, len(self.pd.array("played"))))
        self.send(*self._live.whole)
        self.expect("done", self._live.whole[0])
        return np.array(self.pd.array("heard"))

    def mend(self):
        """Restore all layers."""
        self.send("mend")
        self.expect("restored")

    def run(self, bends, kills, seed=1):
        """Bend and kill in turn; (megabytes of the worker after the first turn, and in the end)."""
        rng, count, memory = random.Random(seed), self.layers, []
        for turn in range(kills):
            self._bend(count, bends // kills, rng)
            self._kill()
            if turn % RELOAD_EVERY == RELOAD_EVERY - 1:
                self.send("reload")
                self.expect("playing")
            if turn in (0, kills - 1):
                memory.append(sum(map(resident, self.players)))
            self.pd.sync(timeout=ANSWER_S)
        return memory[0], memory[-1]

    def _bend(self, count, bends, rng):
        """Bend so often, one answer awaited after the other; now and then all is restored."""
        for turn in range(bends):
            kind = rng.choice(list(AMOUNTS))
            layer, amount = rng.randint(1, count), round(rng.uniform(*AMOUNTS[kind]), 3)
            self.send("bend", layer, kind, amount, rng.randrange(1000))
            self.expect("bent")
            if turn % 20 == 19:
                self.mend()

    def _kill(self):
        """Kill the process that plays, and wait until another one does."""
        victim = self.players[-1]
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: not resident(victim), "the end of the process that plays")
        self.expect("playing")


def resident(number):
    """Megabytes that a process has in memory; 0 when it is gone."""
    try:
        pages = int(Path(f"/proc/{number}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20
