"""Patches that make one note at a time, for demos: their sound and spectrogram are saved. On the command line."""

import tempfile
from pathlib import Path

from dlwakit.pdtools.pd_session import PatchObject, wait_for_sound
from dlwakit.pdtools.png import spectrogram, write_png


class NotePatch(PatchObject):
    """The Python object of a patch with the buttons `save-file` and `write-picture`."""

    def save(self, path):
        """Save the patch's sound as PATH.wav and its spectrogram as PATH.png; returns both."""
        sound, picture = path.with_suffix(".wav"), path.with_suffix(".png")
        with tempfile.TemporaryDirectory() as folder:
            numbers = Path(folder, "picture.txt")
            self.send("press", "save-file", str(sound))
            self.send("press", "write-picture", str(numbers))
            self.pd.sync()
            write_png(picture, spectrogram([float(word) for word in numbers.read_text().split()]))
        wait_for_sound(sound)
        return [sound, picture]
