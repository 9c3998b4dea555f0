"""Day 3 without a window: real Pd, the main patch, a random point and four notes of its timbre."""

import struct
import sys
import tempfile
import time
from pathlib import Path

from pd_session import PdSession

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE))
from gansynth.picture_file import write_png  # noqa: E402

MODEL, SEED, PITCHES = "starter", 3, (60, 64, 67, 72)


def demo(out_dir, **session):
    """Write each note as sound and spectrogram; returns the files. Raises RuntimeError with what went wrong."""
    files = []
    with PdSession([HERE / "gansynth.pd"], listen=["gansynth-out"], **session) as pd:
        talk = Talk(pd, "gansynth")
        talk.load(MODEL)
        pd.send("gansynth", "press", "seed", SEED)
        pd.send("gansynth", "press", "random")
        for pitch in PITCHES:
            pd.send("gansynth", "press", "pitch", pitch)
            pd.send("gansynth", "press", "synthesize")
            talk.hear("synthesized")
            files += talk.keep(Path(out_dir, f"note_{pitch}"))
    return files


class Talk:
    """A conversation with a patch: press its buttons, hear its object, keep what it made."""

    def __init__(self, pd, name):
        self._pd, self._name, self._heard = pd, name, 0

    def load(self, model):
        """Turn the sound on and load a model."""
        if not self._pd.received[f"{self._name}-out"]:
            raise RuntimeError("the patch's Python object could not be made: run setup/dlwa doctor")
        self._pd.send("pd", "dsp", 1)
        self._pd.send(self._name, "load", model)
        self.hear("worker", "on", timeout=120)

    def hear(self, *start, timeout=60):
        """Wait until the object says this, or else tells of an error."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            messages = list(self._pd.received[f"{self._name}-out"])
            for index, message in enumerate(messages[self._heard :], self._heard):
                if message[0] == "error":
                    raise RuntimeError(message[1])
                if message[: len(start)] == list(start):
                    self._heard = index + 1
                    return
            time.sleep(0.02)
        raise RuntimeError(f"the patch did not say '{' '.join(start)}' in {timeout} seconds")

    def keep(self, path):
        """Save the patch's sound as PATH.wav and its spectrogram as PATH.png; returns both."""
        sound, picture = path.with_suffix(".wav"), path.with_suffix(".png")
        with tempfile.TemporaryDirectory() as folder:
            numbers = Path(folder, "picture.txt")
            self._pd.send(self._name, "press", "save-file", str(sound))
            self._pd.send(self._name, "press", "write-picture", str(numbers))
            self._pd.sync()
            write_png(picture, [float(word) for word in numbers.read_text().split()])
        length = struct.unpack("<I", sound.read_bytes()[4:8])[0]
        if length + 8 != sound.stat().st_size:
            raise RuntimeError(f"{sound} is not whole")
        return [sound, picture]
