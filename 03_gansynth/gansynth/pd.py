"""The Pd object of GANSynth: `[pyext. 1 1 gansynth.pd gansynth]`."""

import functools

import numpy as np
import pyext
from pdworker import options as words
from pdworker.host.arguments import Refused, Unclear, message, name, number, only
from pdworker.host.arrays import Copier, draw, existing
from pdworker.host.pd_object import WorkerObject

from gansynth import latent

UNDO = 32  # random draws that can be taken back


class gansynth(WorkerObject):
    """Notes from points of a latent space.

    A latent vector lies in an array (Z), a sound in another (SOUND). Where the patch has an array SOUND-picture, it
    gets the sound's spectrogram: 48 columns of 32 points, 0 to 1.

    In:  load NAME, unload, cancel, status (see WorkerObject)
         randomize_z Z ...               new random points
         undo_z Z ...                    what was there before the last draw
         seed N                          the same draws again; below 0: by chance
         slerp_z Z0 Z1 Z AMOUNT          the point between two, along the sphere
         sum_z Z Z1 WEIGHT1 Z2 WEIGHT2 ...
         read_z Z FILE, write_z Z FILE   .npy, or text
         synthesize Z SOUND PITCH ...    any number of such triples
         keyboard Z ARRAY                all pitches, one behind the other, in the background
         hallucinate SOUND NOTES STEPS [SPACING TRIM ATTACK SUSTAIN RELEASE [PITCH]]   (seconds)
    Out: model RATE SAMPLES LATENT LOW HIGH    after a load: the note's length, the size of a point, the pitches
         randomized, undone, slerped, summed, read Z, written FILE, synthesized SAMPLES RATE,
         key PITCH ONSET SAMPLES RATE, keyboard COUNT, hallucinated SAMPLES RATE,
         and what every WorkerObject says: worker, progress, status, error
    """

    WORKER = "gansynth.worker"

    def __init__(self, *arguments):
        super().__init__()
        self._random = np.random.default_rng()
        self._draws = {}  # array -> what was in it before, oldest first
        self._copier = Copier()
        self._keyboard = 0  # counts them: only the latest one goes on

    def loaded(self, facts):
        self.say("model", *(facts[key] for key in ("rate", "samples", "latent", "low", "high")))

    # Latent vectors.

    @message("randomize_z Z ...")
    def randomize_z_1(self, *arrays):
        size = self._model()["latent"]
        for array in self._names(arrays):
            before = np.array(pyext.Buffer(array), np.float32)
            self._draws[array] = [*self._draws.get(array, []), before][-UNDO:]
            self._put(array, self._random.standard_normal(size))
        self.say("randomized")

    @message("undo_z Z ...")
    def undo_z_1(self, *arrays):
        for array in self._names(arrays):
            if not self._draws.get(array):
                raise Refused(f"there is no draw of {array} to take back")
            self._put(array, self._draws[array].pop())
        self.say("undone")

    @message("seed N")
    def seed_1(self, *values):
        seed = round(number(only(values), "a seed", -1, 2**24))
        self._random = np.random.default_rng(None if seed < 0 else seed)

    @message("slerp_z Z0 Z1 Z AMOUNT")
    def slerp_z_1(self, *values):
        if len(values) != 4:
            raise Unclear(f"{len(values)} words instead of 4")
        amount = number(values[3], "the amount", -10, 10)
        start, end = self._points(values[:2])
        self._put(name(values[2]), latent.slerp(start, end, amount))
        self.say("slerped")

    @message("sum_z Z Z1 WEIGHT1 Z2 WEIGHT2 ...")
    def sum_z_1(self, *values):
        if len(values) < 3 or len(values) % 2 == 0:
            raise Unclear("an array, then pairs of an array and a weight")
        weights = [number(value, "a weight", -100, 100) for value in values[2::2]]
        self._put(name(values[0]), latent.weighted_sum(self._points(values[1::2]), weights))
        self.say("summed")

    @message("read_z Z FILE")
    def read_z_1(self, *values):
        array, file = self._file(values)

        def done(values, arrays):
            self._put(array, arrays[0])
            self.say("read", array)

        self.call("read_latent", done, file=str(file))

    @message("write_z Z FILE")
    def write_z_1(self, *values):
        array, file = self._file(values)
        point = self._points([array])[0]
        self.call(
            "write_latent",
            lambda values, arrays: self.say("written", values["file"]),
            arrays=[point],
            file=str(file),
        )

    # Sounds.

    @message("synthesize Z SOUND PITCH ...")
    def synthesize_1(self, *values):
        if not values or len(values) % 3:
            raise Unclear("latent vector, sound and pitch, once or several times")
        self._model()
        points = self._points(values[::3])
        sounds = self._names(values[1::3])
        pitches = [round(number(value, "a pitch", 0, 127)) for value in values[2::3]]
        self._synthesize(points, sounds, pitches)

    def _synthesize(self, points, sounds, pitches):
        """Queue notes of latent vectors; `_synthesized` takes them."""
        self.call("generate", functools.partial(self._synthesized, sounds), arrays=points, pitches=pitches)

    def _synthesized(self, sounds, values, arrays):
        for sound, audio, picture in zip(sounds, arrays, arrays[len(sounds) :]):
            draw(f"{sound}-picture", picture.ravel())
            done = self._done("synthesized", audio, values["rate"]) if sound is sounds[-1] else None
            self._copier.write(sound, audio, done)

    @message("keyboard Z ARRAY")
    def keyboard_1(self, *values):
        if len(values) != 2:
            raise Unclear(f"{len(values)} words instead of 2")
        facts = self._model()
        (point,), array = self._points(values[:1]), name(values[1])
        pitches = list(range(facts["low"], facts["high"] + 1))
        middle = (facts["low"] + facts["high"]) / 2
        self._keyboard += 1
        self._resize(array, len(pitches) * facts["samples"])
        waiting = sorted(pitches, key=lambda pitch: -abs(pitch - middle))
        self._next_key(self._keyboard, point, array, waiting, len(waiting))

    def _next_key(self, number, point, array, waiting, count):
        """Render the pitch nearest to the middle of the keyboard that is not yet there."""
        if number != self._keyboard or self.facts is None:
            return
        if not waiting:
            self.say("keyboard", count)
            return
        pitch = waiting.pop()
        onset = (pitch - self.facts["low"]) * self.facts["samples"]

        def done(values, arrays):
            def written():
                self.say("key", pitch, onset, len(arrays[0]), values["rate"])
                self._next_key(number, point, array, waiting, count)

            self._copier.write(array, arrays[0], written, onset)

        self.call("generate", done, arrays=[point], pitches=[pitch])

    @message("hallucinate SOUND NOTES STEPS [SPACING TRIM ATTACK SUSTAIN RELEASE [PITCH]]")
    def hallucinate_1(self, *values):
        if len(values) not in (3, 8, 9):
            raise Unclear(f"{len(values)} words instead of 3, 8 or 9")
        self._model()
        sound = name(values[0])
        asked = {
            "notes": round(number(values[1], "the number of notes", 1, 64)),
            "steps": round(number(values[2], "the number of steps", 0, 64)),
        }
        for what, value in zip(("spacing", "trim", "attack", "sustain", "release"), values[3:]):
            asked[what] = number(value, what, 0, 60)
        if len(values) == 9:
            asked["pitch"] = round(number(values[8], "a pitch", 0, 127))
        asked["seed"] = int(self._random.integers(2**31))
        self.call("hallucinate", functools.partial(self._hallucinated, sound), **asked)

    def _hallucinated(self, sound, values, arrays):
        audio, picture = arrays
        draw(f"{sound}-picture", picture.ravel())
        self._copier.write(sound, audio, self._done("hallucinated", audio, values["rate"]))

    # What they share.

    def cancel_1(self):
        self._keyboard += 1
        super().cancel_1()

    def unload_1(self):
        self._keyboard += 1
        super().unload_1()

    def _model(self):
        """The facts of the model; Refused without one."""
        if self.facts is None:
            raise Refused("no model is loaded: load one first, and wait until it is ready")
        return self.facts

    def _names(self, values):
        if not values:
            raise Unclear("no array is named")
        names = [name(value) for value in values]
        for array in names:
            existing(array)
        return names

    def _points(self, values):
        """The contents of arrays, as latent vectors of one size."""
        points = [np.array(pyext.Buffer(array), np.float32) for array in self._names(values)]
        if len({len(point) for point in points}) > 1:
            raise Refused("the latent vectors differ in size: draw them anew for this model")
        return points

    def _file(self, values):
        if len(values) < 2:
            raise Unclear("an array and a file")
        return self._names(values[:1])[0], self.path(words.text(values[1:]))

    def _put(self, array, point):
        """Put a latent vector into an array, and draw it."""
        self._resize(array, len(point))
        buffer = pyext.Buffer(array)
        buffer[:] = np.asarray(point, np.float32)
        buffer.dirty()

    def _done(self, tag, audio, rate):
        return lambda: (self.say("progress", 1, ""), self.say(tag, len(audio), rate))

    @staticmethod
    def _resize(array, length):
        buffer = existing(array)
        if len(buffer) != length:
            buffer.resize(length)
