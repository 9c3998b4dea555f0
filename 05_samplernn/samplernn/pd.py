"""The Pd object of SampleRNN: `[pyext. 1 1 samplernn.pd samplernn]`."""

import numpy as np
import pyext
from pdworker import options as words
from pdworker.host.arguments import Refused, Unclear, message
from pdworker.host.pd_object import WorkerObject

TWO_IN_A_ROW = 2  # calls that wait in the worker, so that it never waits for Pd
LONGEST_SEED = 30  # seconds of a seed that are listened to, the last ones


def outputs(values):
    """Read `--temp T --out A --temp T --out B --dur 4 ...`: ([(array, temperature or None), ...], other options).

    The n-th --temp belongs to the n-th --out; the last one serves the outs that are left over.
    """
    groups, names, temperatures = [], [], []
    for word in values:
        if (isinstance(word, str) and word.startswith("--")) or not groups:
            groups.append([])
        groups[-1].append(word)
    rest = []
    for group in groups:
        plain, options = words.parse(group)
        if "out" in options:
            names += str(options["out"]).split()
        elif "temp" in options:
            value = options["temp"]
            temperatures += value if isinstance(value, list) else [value]
        else:
            rest += group
    if len(temperatures) > len(names) > 0:
        raise Unclear(f"there are {len(temperatures)} temperatures for {len(names)} arrays")
    temperatures += temperatures[-1:] * (len(names) - len(temperatures)) or [None] * len(names)
    plain, options = words.parse(rest)
    if plain:
        raise Unclear(f"'{words.text(plain)}' stands alone: options have names, such as --dur 4")
    return list(zip(names, temperatures)), options


class samplernn(WorkerObject):
    """A recurrent network that makes sound sample by sample, into Pd arrays that grow while it does.

    In:  load NAME, unload, status (see WorkerObject), cancel (what is done so far stays)
         generate --out ARRAY [--temp T] ... [--dur SECONDS] [--out_sr HZ] [--seed ARRAY [--seed_sr HZ]]
                  [--random NUMBER] [--top_k N] [--top_p P]
             each --out is a sequence of its own; T is a number, Env([levels],[times],[curves]), or an array's name
         view ARRAY PICTURE       keep an overview of one array in another, small one, to look at
         write ARRAY FILE         save an array as a sound file
    Out: generating LENGTH HZ, grown SAMPLES, generated ARRAY HZ SAMPLES (one for each array), saved FILE
         and what every WorkerObject says: worker, progress, status, error
    """

    WORKER = "samplernn.worker"

    def __init__(self, *arguments):
        super().__init__()
        self._names, self._take, self._rate, self._length, self._done = [], None, 0, 0, 0
        self._rates, self._views = {}, {}

    # Generating.

    @message("generate --out ARRAY [--temp T] [--dur SECONDS] [--seed ARRAY] ...")
    def generate_1(self, *values):
        outs, options = outputs(values)
        if self.facts is None:
            raise Refused("no model is loaded: load one first, and wait until it is ready")
        if not outs:
            raise Unclear("generate needs at least one --out ARRAY")
        if self._names:
            raise Refused("it is still generating: cancel that first, or wait")
        for name, _ in outs:
            if not len(pyext.Buffer(name)):
                raise Refused(f"there is no array '{name}' for the sound")
        unknown = set(options) - {"dur", "out_sr", "seed", "seed_sr", "random", "top_k", "top_p"}
        if unknown:
            raise Unclear(f"generate has no option --{min(unknown)}")
        seconds = options.pop("dur", 4)
        seed = options.pop("seed", None)
        if isinstance(seed, (int, float)) and not isinstance(seed, bool):
            options["random"], seed = seed, None
        arrays = [self._seed(seed, options.get("seed_sr"))]
        temperatures = []
        for _, temperature in outs:
            temperatures.append(self._temperature(temperature, arrays))
        for key, value in {"dur": seconds, **options}.items():
            if not isinstance(value, (int, float)) or isinstance(value, bool):
                raise Unclear(f"--{key} must be a number, not '{value}'")
        names = [name for name, _ in outs]
        self._names = names
        self.call(
            "start",
            lambda facts, _: self._started(names, facts),
            arrays=arrays,
            on_error=self._failed,
            temperatures=temperatures,
            seconds=seconds,
            **options,
        )

    def _seed(self, name, rate):
        """The seed array's last seconds; nothing if there is no seed."""
        if name is None:
            return np.empty(0, np.float32)
        audio = pyext.Buffer(name)[:]
        if audio is None:
            raise Refused(f"there is no array '{name}' to go on from")
        return np.array(audio[-int(LONGEST_SEED * (rate or self.facts["rate"])) :], np.float32)

    def _temperature(self, value, arrays):
        """A temperature as the worker takes it; what an array draws is added to `arrays`."""
        if value is None:
            return 0.95
        text = str(value)
        if not isinstance(value, str) or text.startswith("Env"):
            return value if not isinstance(value, str) else text
        curve = pyext.Buffer(text)[:]
        if curve is None:
            raise Refused(f"temperature '{text}' is neither a number, nor Env(...), nor an array")
        arrays.append(np.array(curve, np.float32))
        return {"array": len(arrays) - 1}

    def _started(self, names, facts):
        self._take, self._rate, self._length, self._done = facts["take"], facts["rate"], facts["length"], 0
        for name in names:
            buffer = pyext.Buffer(name)
            if len(buffer) and len(buffer) != self._length:
                buffer.resize(self._length)
            buffer[:] = 0
            self._draw(name)
        self.say("generating", self._length, self._rate)
        for _ in range(TWO_IN_A_ROW):
            self._go_on()

    def _go_on(self):
        self._call("more", {}, self._grown, (), self._failed)

    def _grown(self, facts, arrays):
        if facts["take"] != self._take:  # asked for before the last one was known to be the last
            return
        for name, audio in zip(self._names, arrays):
            if len(audio) and len(pyext.Buffer(name)) >= facts["to"]:
                pyext.Buffer(name)[facts["from"] : facts["to"]] = audio
                self._draw(name, facts["from"], facts["to"])
        self._done = facts["to"]
        made, whole = self._done / self._rate, self._length / self._rate
        self.say("progress", self._done / self._length, f"{made:.1f} of {whole:.1f} s")
        self.say("grown", self._done)
        if facts["finished"]:
            self._end()
        else:
            self._go_on()

    def _end(self):
        """Tell what each array holds now."""
        names, self._names, self._take = self._names, [], None
        for name in names:
            self._rates[name] = self._rate
            self.say("generated", name, self._rate, self._done)

    def _failed(self, error):
        self._names, self._take = [], None

    def cancel_1(self):
        super().cancel_1()
        if self._names:
            for name in self._names:
                if self._done and len(pyext.Buffer(name)):
                    pyext.Buffer(name).resize(self._done)
            self._end()

    def unload_1(self):
        self._names, self._take = [], None
        super().unload_1()

    # Looking and saving.

    @message("view ARRAY PICTURE")
    def view_1(self, *values):
        if len(values) != 2:
            raise Unclear(f"{len(values)} words instead of two")
        self._views[str(values[0])] = str(values[1])
        self._draw(str(values[0]))

    def _draw(self, name, start=0, end=None):
        """Bring the picture of an array up to date, where samples start <= t < end are new.

        Two points stand for each stretch of samples: the lowest and the highest value in it.
        """
        picture = pyext.Buffer(self._views.get(name, ""))
        audio, columns = pyext.Buffer(name)[:], len(picture) // 2
        if audio is None or columns == 0:
            return
        stretch = max(1, -(-len(audio) // columns))
        first, points = start // stretch, []
        for begin in range(first * stretch, len(audio) if end is None else end, stretch):
            points += [audio[begin : begin + stretch].min(), audio[begin : begin + stretch].max()]
        picture[2 * first : 2 * first + len(points)] = points

    @message("write ARRAY FILE")
    def write_1(self, *values):
        if len(values) < 2:
            raise Unclear("an array and a file")
        name, path = str(values[0]), self.path(words.text(values[1:]))
        audio = pyext.Buffer(name)[:]
        if audio is None:
            raise Refused(f"there is no array '{name}' to save")
        if self.facts is None:
            raise Refused("saving needs the worker: load a model first")
        rate = self._rates.get(name, self.facts["rate"])
        self.call("save", self._saved, arrays=[np.array(audio, np.float32)], path=str(path), rate=rate)

    def _saved(self, facts, arrays):
        self.say("progress", 0, "saved")
        self.say("saved", facts["path"])
