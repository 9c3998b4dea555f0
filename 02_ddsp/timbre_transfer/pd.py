"""The Pd object of timbre transfer: `[pyext. 1 1 timbre_transfer.pd timbre_transfer]`."""

import os

import numpy as np
import pyext
from pdworker import options as words
from pdworker.host.arguments import Refused, Unclear, message, name, number, only
from pdworker.host.arrays import Copier, draw
from pdworker.host.pd_object import WorkerObject

ESTIMATORS = ("swift", "crepe-tiny", "crepe-full")
RUN_DEFAULTS = (0, 0, 0, 44100, 16000, 1, 20, 0)  # the original's


class timbre_transfer(WorkerObject):
    """A sound in one array is played by an instrument into another.

    With a creation argument such as 1003 the array that a message calls `in` is 1003-in, where there is one of that
    name. Beside arrays IN and OUT the patch may have arrays for pictures, of the lengths in brackets: IN-wave and
    OUT-wave [400], IN-pitch and OUT-pitch (MIDI), IN-loudness and OUT-loudness (dB) [200].

    In:  load NAME, unload, cancel, status (see WorkerObject)
         open IN FILE, save OUT FILE
         rate IN HZ               what the array was recorded with
         transfer IN OUT
         octave OCTAVES, threshold CONFIDENCE, loudness DB, adjust 0|1, quiet DB, autotune AMOUNT
         output HZ, estimator swift|crepe-tiny|crepe-full
         normalize ARRAY [PEAK]
         run GIN IN OUT [OCTAVES CONFIDENCE DB IN_HZ OUT_HZ ADJUST QUIET AUTOTUNE]      as in the original
    Out: opened IN SAMPLES HZ, transferred SAMPLES HZ, saved FILE, normalized ARRAY, heard VOICED_PERCENT
         and what every WorkerObject says: worker, progress, status, error
    """

    WORKER = "timbre_transfer.worker"

    def __init__(self, prefix="", *arguments):
        super().__init__()
        self._prefix = f"{prefix:g}" if isinstance(prefix, (int, float)) else str(prefix)
        self._copier = Copier()
        self._rates = {}  # array to Hz
        self._controls = {
            "octave_shift": 0.0,
            "threshold": 0.2,
            "loudness_shift": 0.0,
            "adjust": True,
            "quiet": 0.0,
            "autotune": 0.0,
        }
        self._estimator, self._output_rate = ESTIMATORS[0], 16000
        self._run_folder = None  # the model that the last `run` has loaded
        self._asked, self._busy = None, False

    # Sounds.

    @message("open IN FILE")
    def open_1(self, *values):
        array, file = self._array_and_file(values)

        def done(facts, arrays):
            def written():
                self._rates[array] = facts["rate"]
                self.say("progress", 0, "done")
                self.say("opened", self._short(array), len(arrays[0]), facts["rate"])

            self._write(array, arrays[0], written)
            draw(f"{array}-wave", arrays[1])

        self.call("read_sound", done, path=str(file))

    @message("save OUT FILE")
    def save_1(self, *values):
        array, file = self._array_and_file(values)
        if file.suffix.lower() not in (".wav", ".flac"):
            file = file.with_name(file.name + ".wav")

        def saved(facts, arrays):
            self.say("progress", 0, "done")
            self.say("saved", facts["path"])

        def read(samples):
            self.call("write_sound", saved, arrays=[samples], path=str(file), rate=self._rate(array))

        self._copier.read(array, read)

    @message("rate IN HZ")
    def rate_1(self, *values):
        if len(values) != 2:
            raise Unclear("an array and its sample rate")
        array = self._array(values[0])
        self._rates[array] = number(values[1], "the rate", 1000, 384000)
        self._copier.read(
            array, lambda samples: self.call("draw", self._drawn(f"{array}-wave"), arrays=[samples])
        )

    @message("normalize ARRAY [PEAK]")
    def normalize_1(self, *values):
        if not 1 <= len(values) <= 2:
            raise Unclear("an array, and perhaps a peak")
        array, peak = self._array(values[0]), number([*values, 0.9][1], "the peak", 0, 1)

        def read(samples):
            loudest = np.abs(samples).max(initial=0)
            if loudest > 0:
                samples *= peak / loudest
            self._write(array, samples, lambda: self.say("normalized", self._short(array)))

        self._copier.read(array, read)

    # Transfer.

    @message("transfer IN OUT")
    def transfer_1(self, *values):
        if len(values) != 2:
            raise Unclear("two arrays")
        if self.facts is None:
            raise Refused("no model is loaded: load one first, and wait until it is ready")
        self._transfer(self._array(values[0]), self._array(values[1]))

    @message("run GIN IN OUT [OCTAVES CONFIDENCE DB IN_HZ OUT_HZ ADJUST QUIET AUTOTUNE]")
    def run_1(self, *values):
        if not 3 <= len(values) <= 11:
            raise Unclear(f"{len(values)} words")
        source, target = self._array(values[1]), self._array(values[2])
        options = [*values[3:], *RUN_DEFAULTS[len(values) - 3 :]]
        octave, threshold, loudness, rate, output, adjust, quiet, autotune = (
            number(value, "a setting", -400000, 400000) for value in options
        )
        self._rates[source], self._output_rate = rate, output
        self._controls = {
            "octave_shift": octave,
            "threshold": threshold,
            "loudness_shift": loudness,
            "adjust": bool(adjust),
            "quiet": quiet,
            "autotune": autotune,
        }
        folder = os.path.dirname(words.text(values[:1]))
        if self.facts is None or folder != self._run_folder:
            self._run_folder = folder
            self.load_1(folder)
        self._transfer(source, target)

    def _transfer(self, source, target):
        """Ask for a transfer; while one is going on, only the latest request is kept."""
        self._asked = source, target
        if not self._busy:
            self._next()

    def _next(self):
        (source, target), self._asked = self._asked, None
        self._busy = True

        def finish():
            self._busy = False
            if self._asked is not None:
                self._next()

        def done(facts, arrays):
            audio, wave, *curves = arrays
            for array, curve in zip((source, target), (curves[:2], curves[2:])):
                for kind, values in zip(("pitch", "loudness"), curve):
                    draw(f"{array}-{kind}", values)
            draw(f"{target}-wave", wave)

            def written():
                self._rates[target] = facts["rate"]
                self.say("progress", 0, "done")
                self.say("heard", round(100 * facts["voiced"]))
                self.say("transferred", len(audio), facts["rate"])

            try:
                self._copier.write(target, audio, written)
            except Refused as refused:
                self.report(refused)
            finish()

        def read(samples):
            self.call(
                "transfer",
                done,
                arrays=[samples],
                on_error=lambda error: finish(),
                rate=self._rate(source),
                out_rate=self._output_rate,
                estimator=self._estimator,
                **self._controls,
            )

        try:
            self._copier.read(source, read)
        except Refused:
            self._busy = False
            raise

    def cancel_1(self):
        self._forget()
        super().cancel_1()

    def unload_1(self):
        self._forget()
        self._run_folder = None
        super().unload_1()

    def _forget(self):
        self._asked, self._busy = None, False

    # Settings.

    @message("octave OCTAVES")
    def octave_1(self, *values):
        self._controls["octave_shift"] = number(only(values), "the octave", -20, 20)

    @message("threshold CONFIDENCE")
    def threshold_1(self, *values):
        self._controls["threshold"] = number(only(values), "the threshold", 0, 1)

    @message("loudness DB")
    def loudness_1(self, *values):
        self._controls["loudness_shift"] = number(only(values), "the loudness", -100, 100)

    @message("adjust 0|1")
    def adjust_1(self, *values):
        self._controls["adjust"] = number(only(values), "adjust", 0, 1) != 0

    @message("quiet DB")
    def quiet_1(self, *values):
        self._controls["quiet"] = number(only(values), "the quiet level", 0, 100)

    @message("autotune AMOUNT")
    def autotune_1(self, *values):
        self._controls["autotune"] = number(only(values), "autotune", 0, 1)

    @message("output HZ")
    def output_1(self, *values):
        self._output_rate = number(only(values), "the output rate", 4000, 384000)

    @message("estimator " + "|".join(ESTIMATORS))
    def estimator_1(self, *values):
        estimator = words.text(values)
        if estimator not in ESTIMATORS:
            raise Unclear(f"there is no pitch estimator '{estimator}'")
        self._estimator = estimator

    # What they share.

    def _array(self, value):
        own = f"{self._prefix}-{name(value)}"
        return own if len(pyext.Buffer(own)) else str(value)

    def _short(self, array):
        """An array's name as messages have it."""
        return array[len(self._prefix) + 1 :] if array.startswith(f"{self._prefix}-") else array

    def _array_and_file(self, values):
        if len(values) < 2:
            raise Unclear("an array and a file")
        return self._array(values[0]), self.path(words.text(values[1:]))

    def _rate(self, array):
        return self._rates.get(array, 44100)

    def _write(self, array, samples, done):
        try:
            self._copier.write(array, samples, done)
        except Refused as refused:
            self.report(refused)
