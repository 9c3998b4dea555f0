"""Day 4 without a window: real Pd, the main patch, one point moved along the first component."""

from pathlib import Path

from dlwakit.pdtools.note_patch import NotePatch
from dlwakit.pdtools.pd_session import PdSession

HERE = Path(__file__).resolve().parent
MODEL, SEED, EDITS = "starter", 3, (-3, 0, 3)


def demo(out_dir, **session):
    """Write a note for each edit as sound and spectrogram; returns the files. Raises RuntimeError."""
    files = []
    with PdSession([HERE / "ganspacesynth.pd"], listen=["ganspacesynth-out"], **session) as pd:
        patch = NotePatch(pd, "ganspacesynth")
        patch.load(MODEL)
        patch.send("press", "conv0")
        patch.expect("loaded_pca")
        patch.send("press", "seed", SEED)
        patch.send("press", "random")
        for edit in EDITS:
            patch.send("press", "edit", 0, edit)
            patch.send("press", "synthesize")
            patch.expect("synthesized")
            files += patch.save(Path(out_dir, f"component_1_at_{edit:+d}"))
    return files
