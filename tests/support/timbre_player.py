"""Plays day 2's patch in real Pd, for its tests."""

import sys
from pathlib import Path

import numpy as np
import soundfile
from dlwakit.pdtools.pd_session import PatchObject

from support.external import EXTERNAL
from support.timbre_files import write_model

ROOT = Path(__file__).resolve().parents[2]
PATCH = ROOT / "02_ddsp/timbre_transfer.pd"
OUT = "timbre_transfer-out"
PATIENCE = 300  # seconds: machines that test are busy


class Timbre(PatchObject):
    """The object of the patch in a PdSession, with a model and sounds in a folder."""

    def __init__(self, pd, folder):
        super().__init__(pd, "timbre_transfer")
        self.folder = folder

    def expect(self, *start, timeout=PATIENCE):
        return super().expect(*start, timeout=timeout)

    def load(self):
        """Load the folder's model."""
        self.send("load", str(self.folder / "a model"))
        self.expect("worker", "on")

    def sound(self, audio, rate):
        """Write a sound to the folder; returns the file's name."""
        file = self.folder / "my sound.wav"
        soundfile.write(file, audio, rate)
        return str(file)

    def saved(self):
        """The instrument's sound, by way of a file."""
        self.send("save", "out", str(self.folder / "what it plays"))
        return soundfile.read(self.expect("saved")[1])


def opened(play, folder):
    """The patch in a Pd, and a model beside it; a Timbre. play: the fixture."""
    values = {"mean_pitch": 70.0, "quantile_transform": {"quantiles_": np.linspace(-60, -20, 50)[:, None]}}
    write_model(folder / "a model", values)
    environment = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(folder)}
    pd = play([PATCH], path=[EXTERNAL], listen=[OUT], environment=environment)
    return Timbre(pd, folder)


def phrase(rate):
    """Two sung notes with a rest between them."""
    times = np.arange(int(1.2 * rate)) / rate
    on = (times < 0.5) | (times > 0.7)
    pitch = np.where(times < 0.6, 220, 330)
    return on * sum(np.sin(2 * np.pi * np.cumsum(pitch * k / rate)) / k for k in range(1, 8)) / 4
