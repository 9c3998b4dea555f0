"""Day 4 without a window: real Pd, the main patch, one point moved along the first component."""

import importlib.util
from pathlib import Path

from dlwakit.pdtools.pd_session import PdSession

HERE = Path(__file__).resolve().parent
MODEL, SEED, EDITS = "starter", 3, (-3, 0, 3)


def demo(out_dir, **session):
    """Write a note for each edit as sound and spectrogram; returns the files. Raises RuntimeError."""
    files = []
    with PdSession([HERE / "ganspacesynth.pd"], listen=["ganspacesynth-out"], **session) as pd:
        patch = _day_3().GansynthPatch(pd, "ganspacesynth")
        patch.load(MODEL)
        patch.send("press", "conv0")
        patch.expect("loaded_pca")
        patch.send("press", "seed", SEED)
        patch.send("press", "random")
        for edit in EDITS:
            patch.send("press", "edit", 0, edit)
            patch.send("press", "synthesize")
            patch.expect("synthesized")
            files += patch.keep(Path(out_dir, f"component_1_at_{edit:+d}"))
    return files


def _day_3():
    """The demo of day 3, which knows patches of this kind."""
    spec = importlib.util.spec_from_file_location("gansynth_demo", HERE.parent / "03_gansynth" / "demo.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
