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

from pathlib import Path

from support.late_blocks import beside_a_plain_one

ROOT = Path(__file__).resolve().parents[2]
NEEDS = ("jackd2",)
RUNS = 1
OUT, PATCH = "nsynth-out", ROOT / "03_gansynth/nsynth.pd"
GRIDS, CLICK_MS, PATIENCE = 2, 100, 600


def load(pd):
    """Load the starter, and wait for its four corners."""
    pd.send("nsynth", "press", "starter")
    pd.expect(OUT, "corner", 4, timeout=PATIENCE)


def fill_and_play(pd):
    """Fill grids, and click their points meanwhile."""
    for seed in range(GRIDS):
        pd.send("nsynth", "press", "seed", seed)
        pd.send("nsynth", "press", "make")
        pd.expect(OUT, "grid", timeout=PATIENCE)
        for cell in range(16):
            pd.send("nsynth", "press", f"cell{cell}")
            pd.let_time_pass(CLICK_MS)
        pd.expect(OUT, "filled", timeout=PATIENCE)


BENCHMARKS = {"nsynth.xruns": lambda: beside_a_plain_one(PATCH, OUT, load, fill_and_play)}
