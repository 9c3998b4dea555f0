"""Day 3 without a window: real Pd, the main patch, a random point and four notes of its timbre."""

from pathlib import Path

from dlwakit.pdtools.note_patch import NotePatch
from dlwakit.pdtools.pd_session import PdSession

HERE = Path(__file__).resolve().parent
MODEL, SEED, PITCHES = "starter", 3, (60, 64, 67, 72)


def demo(out_dir, **session):
    """Write each note as sound and spectrogram; returns the files. Raises RuntimeError with what went wrong."""
    files = []
    with PdSession([HERE / "gansynth.pd"], listen=["gansynth-out"], **session) as pd:
        patch = NotePatch(pd, "gansynth")
        patch.load(MODEL)
        patch.send("press", "seed", SEED)
        patch.send("press", "random")
        for pitch in PITCHES:
            patch.send("press", "pitch", pitch)
            patch.send("press", "synthesize")
            patch.expect("synthesized")
            files += patch.save(Path(out_dir, f"note_{pitch}"))
    return files
