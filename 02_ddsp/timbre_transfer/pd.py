"""The Pd object of timbre transfer, `[pyext. 1 1 timbre_transfer.pd timbre_transfer]`; runs on Pd's thread."""

import os

import numpy as np
import pyext
from modelfiles.errors import UserError
from pdworker import options
from pdworker.host.arguments import message, name, number
from pdworker.host.arrays import draw
from pdworker.host.bendable import BendableObject
from pdworker.host.settings import Choice, Number, Toggle

ESTIMATORS = ("swift", "crepe-tiny", "crepe-full")
USUAL_RATE_HZ = 44100
RUN_DEFAULTS = (0, 0, 0, USUAL_RATE_HZ, 16000, 1, 20, 0)  # the original's
RUN_SETTINGS = ("octave", "threshold", "loudness", "rate", "output", "adjust", "quiet", "autotune")


class timbre_transfer(BendableObject):
    """A sound in one array is played by an instrument into another.

    With a creation argument such as 1003 the array that a message calls `in` is 1003-in, where there is one of that
    name. Beside arrays IN and OUT the patch may have arrays for pictures, of the lengths in brackets: IN-wave and
    OUT-wave [400], IN-pitch and OUT-pitch (MIDI), IN-loudness and OUT-loudness (dB) [200].

    Out of the outlet, beside what every TakesObject says: `opened IN SAMPLES HZ`, `transferred SAMPLES HZ`,
    `saved FILE`, `normalized ARRAY`, `heard VOICED_PERCENT`.
    """

    WORKER = "timbre_transfer.worker"
    TAKES = ("transfer",)
    USUAL_MODEL = "starter_violin"
    SETTINGS = {
        "octave": Number(0.0, -20, 20, unit="octaves", help="higher or lower than the input"),
        "threshold": Number(0.2, 0, 1, unit="confidence", help="no pitch is played below it"),
        "loudness": Number(0.0, -100, 100, unit="dB", help="louder or softer than the input"),
        "adjust": Toggle(True, help="move pitch and loudness into the model's range"),
        "quiet": Number(
            20.0, 0, 100, unit="dB", label="the quiet level", help="lower everything but the notes"
        ),
        "autotune": Number(0.0, 0, 1, unit="amount", label="autotune", help="0 as it is, 1 on the scale"),
        "breath": Number(
            0.0, 0, 1, unit="amount", help="where there is no pitch: 0 the instrument's noise, 1 the input's"
        ),
        "dynamics": Number(
            0.0, 0, 1, unit="amount", help="0 as loud as the instrument makes it, 1 as the input"
        ),
        "output": Number(16000, 4000, 384000, unit="Hz", label="the output rate", help="sample rate of OUT"),
        "estimator": Choice(ESTIMATORS[0], ESTIMATORS, label="pitch estimator", help="the pitch tracker"),
    }

    def __init__(self, prefix="", *arguments):
        super().__init__()
        self._prefix = f"{prefix:g}" if isinstance(prefix, (int, float)) else str(prefix)
        self._rates = {}  # array to Hz
        self._run_folder = None  # of the model that the last `run` has loaded

    # Sounds.

    @message("open IN FILE")
    async def open_1(self, *words):
        """Read a sound file into an array, its channels mixed."""
        array, file = self._array_and_file(words)
        facts, (audio, wave) = await self.call("read_sound", reads={"path": str(file)})
        draw(f"{array}-wave", wave)
        await self.write(array, audio)
        self._rates[array] = facts["rate"]
        self.output("progress", 0, "done")
        self.output("opened", self._short(array), len(audio), facts["rate"])

    @message("save OUT FILE")
    async def save_1(self, *words):
        """Write an array to a sound file."""
        array, file = self._array_and_file(words)
        if file.suffix.lower() not in (".wav", ".flac"):
            file = file.with_name(file.name + ".wav")
        samples = await self.read(array)
        await self.call("write_sound", arrays=[samples], writes={"path": str(file)}, rate=self._rate(array))
        self.output("progress", 0, "done")
        self.output("saved", str(file))

    @message("rate IN HZ")
    async def rate_1(self, array, rate):
        """Set the sample rate that an array was recorded with."""
        array = self._array(array)
        self._rates[array] = number(rate, "the rate", 1000, 384000)
        samples = await self.read(array)
        _, (wave,) = await self.call("draw", arrays=[samples])
        draw(f"{array}-wave", wave)

    @message("normalize ARRAY [PEAK]")
    async def normalize_1(self, array, peak=0.9):
        """Bring an array to a peak."""
        array, peak = self._array(array), number(peak, "the peak", 0, 1)
        samples = await self.read(array)
        loudest = np.abs(samples).max(initial=0)
        if loudest > 0:
            samples *= peak / loudest
        await self.write(array, samples)
        self.output("normalized", self._short(array))

    # Transfer.

    @message("transfer IN OUT", latest=True)
    async def transfer_1(self, source, target):
        """Let the instrument play the sound of one array into another; of waiting calls, the latest is kept."""
        self.require_model()
        await self._transfer(self._array(source), self._array(target))

    @message("run GIN IN OUT [OCTAVES CONFIDENCE DB IN_HZ OUT_HZ ADJUST QUIET AUTOTUNE]", latest=True)
    async def run_1(self, gin, source, target, *words):
        """Load a model and transfer, as in the original."""
        if len(words) > len(RUN_DEFAULTS):
            raise UserError("usage", f"{len(words) + 3} words")
        source, target = self._array(source), self._array(target)
        values = (
            number(value, "a setting", -400000, 400000) for value in [*words, *RUN_DEFAULTS[len(words) :]]
        )
        settings = dict(zip(RUN_SETTINGS, values))
        self._rates[source] = settings.pop("rate")
        self.settings.update(settings, adjust=bool(settings["adjust"]))
        folder = os.path.dirname(options.text([gin]))
        if self.facts is None or folder != self._run_folder:
            self._run_folder = folder
            self.load_1(folder)
        await self._transfer(source, target)

    async def _transfer(self, source, target):
        samples = await self.read(source)
        settings = dict(self.settings)
        making = self.making(
            ["transfer", source, target],
            "transfer",
            arrays=[samples],
            shown={source: 0},
            seed=0,
            rate=self._rate(source),
            out_rate=settings.pop("output"),
            octave_shift=settings.pop("octave"),
            loudness_shift=settings.pop("loudness"),
            **settings,
        )
        facts, (audio, wave, *curves) = await making.call()
        making.keep_sounds({target: [audio]}, facts["rate"])
        for array, pair in zip((source, target), (curves[:2], curves[2:])):
            for kind, curve in zip(("pitch", "loudness"), pair):
                draw(f"{array}-{kind}", curve)
        draw(f"{target}-wave", wave)
        await self.write(target, audio)
        self._rates[target] = facts["rate"]
        self.output("progress", 0, "done")
        self.output("heard", round(100 * facts["voiced"]))
        self.output("transferred", len(audio), facts["rate"])

    @message("unload")
    def unload_1(self):
        """End the worker."""
        self._run_folder = None
        super().unload_1()

    async def restore_take(self, state, call, arrays):
        await super().restore_take(state, call, arrays)
        self._rates[self._array("in")] = call["rate"]

    # What they share.

    def _array(self, value):
        own = f"{self._prefix}-{name(value)}"
        return own if len(pyext.Buffer(own)) else str(value)

    def _short(self, array):
        """An array's name as messages have it."""
        return array[len(self._prefix) + 1 :] if array.startswith(f"{self._prefix}-") else array

    def _array_and_file(self, words):
        if len(words) < 2:
            raise UserError("usage", "an array and a file are needed")
        return self._array(words[0]), self.path(options.text(words[1:]))

    def _rate(self, array):
        return self._rates.get(array, USUAL_RATE_HZ)
