"""A network that is bent at random, and killed, while it plays in real Pd; for a test and for the benchmark of it."""

import os
import random
import signal
import sys
from pathlib import Path

from dlwakit.pdtools.pd_session import PdSession

from support.external import EXTERNAL
from support.processes import descendants
from support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
DAY = ROOT / "06_rave"
PATCH = ROOT / "tests/live/rave/live.pd"
OUT = "rave-out"
AMOUNTS = {
    "scale": (-3, 3),
    "noise": (0, 3),
    "flip": (0, 1),
    "zero": (0, 1),
    "shift": (-1, 1),
    "swap": (0, 1),
}
ANSWER_S = 60
RELOAD_EVERY = 4  # kills; a model that dies six times in a row is given up


def playing(model, folder):
    """A Pd with its sound on, in which a model plays."""
    variables = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(folder)}
    pd = PdSession([PATCH], ["-lib", "py"], path=[EXTERNAL, DAY], listen=[OUT], environment=variables)
    pd.send("pd", "dsp", 1)
    pd.send("rave", "load", str(model))
    pd.expect(OUT, "playing", timeout=ANSWER_S)
    pd.expect(OUT, "alive", 1, timeout=ANSWER_S)
    return pd


def players(pd):
    """The numbers of the worker's processes, the one that plays last."""
    return [number for number in descendants(pd.process.pid, b"rave_rt.worker") if resident(number)]


def resident(number):
    """Megabytes that a process has in memory; 0 when it is gone."""
    try:
        pages = int(Path(f"/proc/{number}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


def layers(pd):
    """How many layers the network has."""
    pd.send("rave", "layers")
    return int(pd.expect(OUT, "layers", timeout=ANSWER_S)[1])


def bend(pd, count, bends, rng):
    """Bend so often, one answer awaited after the other; now and then all is restored."""
    for turn in range(bends):
        kind = rng.choice(list(AMOUNTS))
        layer, amount = rng.randint(1, count), round(rng.uniform(*AMOUNTS[kind]), 3)
        pd.send("rave", "bend", layer, kind, amount, rng.randrange(1000))
        pd.expect(OUT, "bent", timeout=ANSWER_S)
        if turn % 20 == 19:
            pd.send("rave", "mend")
            pd.expect(OUT, "restored", timeout=ANSWER_S)


def kill(pd):
    """Kill the process that plays, and wait until another one does."""
    victim = players(pd)[-1]
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: not resident(victim), "the end of the process that plays")
    pd.expect(OUT, "playing", timeout=ANSWER_S)


def soak(pd, bends, kills, seed=1):
    """Bend and kill in turn; (megabytes of the worker after the first turn, and in the end)."""
    rng, count, memory = random.Random(seed), layers(pd), []
    for turn in range(kills):
        bend(pd, count, bends // kills, rng)
        kill(pd)
        if turn % RELOAD_EVERY == RELOAD_EVERY - 1:
            pd.send("rave", "reload")
            pd.expect(OUT, "playing", timeout=ANSWER_S)
        if turn in (0, kills - 1):
            memory.append(sum(map(resident, players(pd))))
        pd.sync(timeout=ANSWER_S)
    return memory[0], memory[-1]
