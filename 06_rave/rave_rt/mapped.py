"""The map of sounds of day 6: those of a folder, by the latents that the model's encoder makes of them; Pd's thread."""

from pathlib import Path

import numpy as np
import pyext
from modelfiles.errors import UserError
from modelfiles.finding import SOUNDS, find_files
from pdworker import options
from pdworker.host.arguments import message
from pdworker.host.mapped import MappedObject
from pdworker.host.takes import background

MOST = 200  # sounds
LONGEST_S = 4.0  # of each
OF_A_SOUND = ("sound", "file")  # kinds of errors that leave one sound out; others end the work


class RaveMap(MappedObject):
    """A map of sounds that are encoded.

    Out of the outlet, besides what MappedObject sends: `left_out NAME REASON`, and `sounds COUNT LEFT_OUT`.
    """

    @message("map FOLDER")
    async def map_1(self, *words):
        """Put the sounds of a folder on a map, like ones near each other: up to 200, four seconds of each."""
        if not words:
            raise UserError("usage", "no folder is named")
        self._method("encode"), self._method("decode")
        folder = self.path(options.text(words))
        files = (await background.run(find_files, folder, SOUNDS, "sounds"))[:MOST]
        codes, loudness = {}, []
        for index, file in enumerate(files):
            self.output("progress", index / len(files), f"sound {index + 1} of {len(files)}")
            try:
                values, latents = await self.call(
                    "encode_file", reads={"file": str(file)}, longest_s=LONGEST_S
                )
            except UserError as error:
                if error.kind not in OF_A_SOUND:
                    raise
                self.output("left_out", file.name, error.message.replace(str(file), "it"))
                continue
            codes[_name(file, folder, codes)] = np.stack(latents)
            loudness.append(values["loudness"])
        self.output("sounds", len(codes), len(files) - len(codes))
        await self.show_map(str(folder), codes, loudness)

    def steps_of(self, seconds):
        rate = self.facts["rate"] or pyext._samplerate()
        return max(1, round(seconds * rate / self._method("decode")["in_ratio"]))

    async def play_codes(self, message, sound, codes, kept):
        arguments = {"method": "decode", "rate": int(pyext._samplerate()), "random": self.settings["seed"]}
        making = self.making(message, "transform", arrays=list(codes), **arguments)
        values, arrays = await making.call()
        if kept:
            making.keep_sounds({sound: arrays}, values["rate"])
        await self.write(sound, arrays[0])
        return len(arrays[0]), values["rate"]


def _name(file, folder, others):
    """What a sound is called: its file's name without the ending, with its folder's where that is taken."""
    return file.stem if file.stem not in others else str(Path(file).relative_to(folder))
