"""The Pd object of GANSynth, `[pyext. 1 1 gansynth.pd gansynth]`; runs on Pd's thread."""

import numpy as np
import pyext
from modelfiles.errors import UserError
from pdworker import options
from pdworker.host.arguments import message, name, number
from pdworker.host.arrays import draw, existing
from pdworker.host.bendable import BendableObject
from pdworker.host.settings import Whole

from . import latent
from .mapped import GansynthMap

UNDO_STEPS = 32  # random draws that can be taken back
ENVELOPE = ("spacing", "trim", "attack", "sustain", "release")  # of a hallucination's notes, in seconds


class gansynth(BendableObject, GansynthMap):
    """Notes from points of a latent space.

    A latent vector lies in an array (Z), a sound in another (SOUND). Where the patch has an array SOUND-picture, it
    gets the sound's spectrogram: 48 columns of 32 points, 0 to 1.

    Out of the outlet, beside what every MappedObject says: `model RATE SAMPLES LATENT LOW HIGH` after a load (length of
    a note, size of a point, the pitches), `randomized`, `undone`, `slerped`, `summed`, `opened Z`, `saved FILE`,
    `synthesized SAMPLES RATE`, `key PITCH ONSET SAMPLES RATE`, `keyboard COUNT`, `hallucinated SAMPLES RATE`.
    """

    WORKER = "gansynth.worker"
    TAKES = ("generate", "hallucinate", "travel")
    USUAL_MODEL = "starter"
    MODEL_SUFFIXES = (".zip",)
    SETTINGS = {
        "seed": Whole(
            None, -1, 2**24, none_below=0, help="the same random draws again; below 0: others each time"
        ),
    }
    ALIASES = {"synthesize": "generate", "read_z": "open", "write_z": "save"}

    def __init__(self, *arguments):
        super().__init__()
        self._random = np.random.default_rng()
        self._draws = {}  # array to what was in it before, oldest first
        self._keyboards = 0  # counts them: only the latest one goes on

    def setting_changed(self, name):
        if name == "seed":
            self._random = np.random.default_rng(self.settings["seed"])

    def model_loaded(self, facts):
        super().model_loaded(facts)
        self.output("model", *(facts[key] for key in ("rate", "samples", "latent", "low", "high")))

    # Latent vectors.

    @message("randomize_z Z ...")
    def randomize_z_1(self, *arrays):
        """Draw new random points."""
        size = self.require_model()["latent"]
        for array in self._names(arrays):
            before = np.array(pyext.Buffer(array), np.float32)
            self._draws[array] = [*self._draws.get(array, []), before][-UNDO_STEPS:]
            self._put(array, self._random.standard_normal(size))
        self.output("randomized")

    @message("undo_z Z ...")
    def undo_z_1(self, *arrays):
        """Take the last draw back."""
        for array in self._names(arrays):
            if not self._draws.get(array):
                raise UserError("state", f"there is no draw of {array} to take back")
            self._put(array, self._draws[array].pop())
        self.output("undone")

    @message("slerp_z Z0 Z1 Z AMOUNT")
    def slerp_z_1(self, first, second, target, amount):
        """Put the point between two, along the sphere, into a third array."""
        amount = number(amount, "the amount", -10, 10)
        start, end = self._points([first, second])
        self._put(name(target), latent.slerp(start, end, amount))
        self.output("slerped")

    @message("sum_z Z Z1 WEIGHT1 Z2 WEIGHT2 ...")
    def sum_z_1(self, *words):
        """Put a weighted sum of points into an array."""
        if len(words) < 3 or len(words) % 2 == 0:
            raise UserError("usage", "an array is needed, then pairs of an array and a weight")
        weights = [number(value, "a weight", -100, 100) for value in words[2::2]]
        self._put(name(words[0]), latent.weighted_sum(self._points(words[1::2]), weights))
        self.output("summed")

    @message("open Z FILE")
    async def open_1(self, *words):
        """Read a point from a file: .npy, or text with one number a line."""
        array, file = self._array_and_file(words)
        _, (point,) = await self.call("read_latent", reads={"file": file})
        self._put(array, point)
        self.output("opened", array)

    @message("save Z FILE")
    async def save_1(self, *words):
        """Write a point to a file: .npy, or text with one number a line."""
        array, file = self._array_and_file(words)
        await self.call("write_latent", arrays=self._points([array]), writes={"file": file})
        self.output("saved", file)

    # Sounds.

    @message("generate Z SOUND PITCH ...")
    async def generate_1(self, *words):
        """Make notes; any number of such triples."""
        if not words or len(words) % 3:
            raise UserError("usage", "latent vector, sound and pitch are needed, once or several times")
        self.require_model()
        points = self._points(words[::3])
        sounds = self._names(words[1::3])
        pitches = [round(number(value, "a pitch", 0, 127)) for value in words[2::3]]
        await self.show_notes(sounds, self.making_notes(words, points, pitches))

    def making_notes(self, words, points, pitches):
        """Hook: how notes are made of latent vectors, for `generate` with these words."""
        shown = {array: index for index, array in enumerate(words[::3])}
        return self.making(["generate", *words], "generate", arrays=points, shown=shown, pitches=pitches)

    async def show_notes(self, sounds, making):
        """Make notes and put them into arrays, with their pictures."""
        values, arrays = await making.call()
        notes, pictures = arrays[: len(sounds)], arrays[len(sounds) :]
        making.keep_sounds({sound: [audio] for sound, audio in zip(sounds, notes)}, values["rate"])
        for sound, audio, picture in zip(sounds, notes, pictures):
            draw(f"{sound}-picture", picture.ravel())
            await self.write(sound, audio)
        self._done("synthesized", notes[-1], values["rate"])

    @message("keyboard Z ARRAY")
    async def keyboard_1(self, point, array):
        """Make all pitches in the background, one behind the other in an array, the middle ones first."""
        facts = self.require_model()
        (point,), array = self._points([point]), name(array)
        pitches = range(facts["low"], facts["high"] + 1)
        middle = (facts["low"] + facts["high"]) / 2
        self._keyboards += 1
        keyboard = self._keyboards
        self._resize(array, len(pitches) * facts["samples"])
        for pitch in sorted(pitches, key=lambda pitch: abs(pitch - middle)):
            values, (audio, _) = await self.call("generate", arrays=[point], pitches=[pitch])
            if keyboard != self._keyboards:
                return
            onset = (pitch - facts["low"]) * facts["samples"]
            await self.write(array, audio, onset)
            self.output("key", pitch, onset, len(audio), values["rate"])
        self.output("keyboard", len(pitches))

    @message("hallucinate SOUND NOTES STEPS [SPACING TRIM ATTACK SUSTAIN RELEASE [PITCH]]")
    async def hallucinate_1(self, *words):
        """Make one long sound of random points and notes between them; times in seconds."""
        if len(words) not in (3, 8, 9):
            raise UserError("usage", f"{len(words)} words instead of 3, 8 or 9")
        self.require_model()
        asked = {
            "notes": round(number(words[1], "the number of notes", 1, 64)),
            "steps": round(number(words[2], "the number of steps", 0, 64)),
        }
        for what, value in zip(ENVELOPE, words[3:]):
            asked[what] = number(value, what, 0, 60)
        if len(words) == 9:
            asked["pitch"] = round(number(words[8], "a pitch", 0, 127))
        seed = int(self._random.integers(2**31))
        making = self.making(["hallucinate", *words], "hallucinate", seed=seed, **asked)
        await self.show_hallucination(name(words[0]), making)

    async def show_hallucination(self, sound, making):
        """Make a sound and put it into an array, with its picture."""
        values, (audio, picture) = await making.call()
        making.keep_sounds({sound: [audio]}, values["rate"])
        draw(f"{sound}-picture", picture.ravel())
        await self.write(sound, audio)
        self._done("hallucinated", audio, values["rate"])

    # What they share.

    def _names(self, values):
        """The names of arrays that are there."""
        if not values:
            raise UserError("usage", "no array is named")
        names = [name(value) for value in values]
        for array in names:
            existing(array)
        return names

    def _points(self, values):
        """The contents of arrays, as latent vectors of one size."""
        points = [np.array(pyext.Buffer(array), np.float32) for array in self._names(values)]
        if len({len(point) for point in points}) > 1:
            raise UserError("input", "the latent vectors differ in size: draw them anew for this model")
        return points

    def _array_and_file(self, words):
        if len(words) < 2:
            raise UserError("usage", "an array and a file are needed")
        return self._names(words[:1])[0], str(self.path(options.text(words[1:])))

    def _put(self, array, point):
        """Put a latent vector into an array, and draw it."""
        self._resize(array, len(point))
        buffer = pyext.Buffer(array)
        buffer[:] = np.asarray(point, np.float32)
        buffer.dirty()

    def _done(self, tag, audio, rate):
        self.output("progress", 1, "")
        self.output(tag, len(audio), rate)

    @staticmethod
    def _resize(array, length):
        buffer = existing(array)
        if len(buffer) != length:
            buffer.resize(length)
