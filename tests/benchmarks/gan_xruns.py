"""Do the networks of days 3 and 4 disturb the sound? Count JACK's xruns for each of the six patches (see xruns.py).

    python tests/benchmarks/gan_xruns.py [ROUNDS]

Each patch loads a model of official size with random weights, and components where it has them, and does its main
work. It is run by hand, in an environment that has the workers' packages.
"""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("setup", "pyext_py3", "tests", "03_gansynth", "04_ganspacesynth")
sys.path[:0] = [str(ROOT / folder) for folder in FOLDERS]

from dlwakit.pdtools.pd_session import PdSession  # noqa: E402
from ganspacesynth.fitting import fit  # noqa: E402
from gansynth.model import load  # noqa: E402
from support.external import EXTERNAL  # noqa: E402
from support.gansynth_files import OFFICIAL, write_model  # noqa: E402
from xruns import compare  # noqa: E402

PART = 8.0  # seconds
SYNTHESIZE = [(("press", "synthesize"), ("synthesized",))]
COMPONENTS = [(("press", "conv0"), ("loaded_pca",))]
SHORT = [(("press", "notes", 3), None), (("press", "steps", 2), None)]
# Of each patch: the name it is reached by, and what is pressed and then heard, once the model is loaded.
WORK = {
    "03_gansynth/gansynth.pd": ("gansynth", SYNTHESIZE * 3),
    "03_gansynth/gansynth_multi.pd": ("gansynth", SYNTHESIZE),
    "03_gansynth/gansynth_hallucination.pd": (
        "gansynth",
        [*SHORT, (("press", "generate"), ("hallucinated",))],
    ),
    "04_ganspacesynth/ganspacesynth.pd": ("ganspacesynth", COMPONENTS + SYNTHESIZE * 3),
    "04_ganspacesynth/ganspacesynth_noz.pd": ("ganspacesynth", COMPONENTS + SYNTHESIZE * 3),
    "04_ganspacesynth/ganspacesynth_halluseq.pd": (
        "halluseq",
        [
            *COMPONENTS,
            (("press", "rand"), None),
            (("press", "rand"), None),
            (("press", "interp_steps", 3), None),
            (("press", "generate"), ("hallucinated",)),
        ],
    ),
}


def main(rounds=3):
    """Print the xruns of each patch."""
    with tempfile.TemporaryDirectory() as home:
        model = write_model(Path(home, "big"), 12, range(24, 85), images=11_000_000, **OFFICIAL)
        fit(load(model), samples=128, components=8).write(model / "conv0.npz")
        for patch, (door, presses) in WORK.items():

            def work(pd, door=door, presses=presses):
                pd.send(door, "load", str(model))
                pd.expect(f"{door}-out", "worker", "on", timeout=120)
                for words, answer in presses:
                    pd.send(door, *words)
                    if answer:
                        pd.expect(f"{door}-out", *answer, timeout=120)

            def beside(pd, patch=patch, door=door, work=work):
                with PdSession([ROOT / patch], listen=[f"{door}-out"], path=[EXTERNAL]) as other:
                    work(other)

            print(patch, flush=True)
            compare(ROOT / patch, f"{door}-out", work, beside, rounds, PART)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
