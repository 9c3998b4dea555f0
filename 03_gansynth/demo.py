"""Day 3 without a window: real Pd, four notes of a random timbre of GANSynth, and a grid of NSynth."""

from pathlib import Path

from dlwakit.pdtools.note_patch import NotePatch
from dlwakit.pdtools.pd_session import PatchObject, PdSession

HERE = Path(__file__).resolve().parent
MODEL, SEED, PITCHES = "starter", 3, (60, 64, 67, 72)
NOTES, SIDE = "starter_notes", 2


def demo(out_dir, **session):
    """Write the sounds, and a spectrogram of each note; returns the files. Raises RuntimeError if something fails."""
    return [*gansynth_notes(out_dir, session), *nsynth_grid(out_dir, session)]


def nsynth_grid(out_dir, session):
    """Write a grid between the first four notes of NSynth's starter."""
    folder = Path(out_dir, "nsynth_grid")
    with PdSession([HERE / "nsynth.pd"], listen=["nsynth-out"], **session) as pd:
        patch = PatchObject(pd, "nsynth")
        patch.load(NOTES, timeout=300)
        patch.expect("corner", 4, timeout=60)
        patch.send("side", SIDE)
        patch.send("press", "make")
        patch.expect("filled", SIDE, timeout=300)
        patch.send("press", "save-grid", str(folder))
        patch.expect("saved", str(folder))
    return sorted(folder.glob("*.wav"))


def gansynth_notes(out_dir, session):
    """Write each note as sound and spectrogram."""
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
