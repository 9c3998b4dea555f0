"""Day 3 without a window: real Pd, the main patch, a random point and four notes of its timbre."""

import struct
import sys
import tempfile
from pathlib import Path

from dlwakit.pdtools.pd_session import PatchObject, PdSession

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE))
from gansynth.picture_file import write_png  # noqa: E402

MODEL, SEED, PITCHES = "starter", 3, (60, 64, 67, 72)


def demo(out_dir, **session):
    """Write each note as sound and spectrogram; returns the files. Raises RuntimeError with what went wrong."""
    files = []
    with PdSession([HERE / "gansynth.pd"], listen=["gansynth-out"], **session) as pd:
        patch = GansynthPatch(pd, "gansynth")
        patch.load(MODEL)
        patch.send("press", "seed", SEED)
        patch.send("press", "random")
        for pitch in PITCHES:
            patch.send("press", "pitch", pitch)
            patch.send("press", "synthesize")
            patch.expect("synthesized")
            files += patch.keep(Path(out_dir, f"note_{pitch}"))
    return files


class GansynthPatch(PatchObject):
    """The Python object of a patch of day 3 or 4, whose sound and picture can be kept."""

    def keep(self, path):
        """Save the patch's sound as PATH.wav and its spectrogram as PATH.png; returns both."""
        sound, picture = path.with_suffix(".wav"), path.with_suffix(".png")
        with tempfile.TemporaryDirectory() as folder:
            numbers = Path(folder, "picture.txt")
            self.send("press", "save-file", str(sound))
            self.send("press", "write-picture", str(numbers))
            self.pd.sync()
            write_png(picture, [float(word) for word in numbers.read_text().split()])
        length = struct.unpack("<I", sound.read_bytes()[4:8])[0]
        if length + 8 != sound.stat().st_size:
            raise RuntimeError(f"{sound} is not whole")
        return [sound, picture]
