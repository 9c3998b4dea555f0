"""What the external costs, beside pd-lua (Debian's package pd-lua) and beside objects of Pd doing the same job.

In each benchmark real Pd does the job with [pyext] and, in the same session, with its nearest peer; the peer's
time is the reference. Jobs that are done in one go are timed by Pd's own [realtime].

pyext.message    100,000 numbers through an object that doubles them; reference: the same in Lua
pyext.vanilla    the same; reference: an abstraction with [* 2]
pyext.array64k   filling an array of 64,000 points, 100 times; reference: Lua, point by point as it has to
pyext.array1m    filling an array of 1,000,000 points, 10 times; reference: the same
pyext.signal     a minute of 64-sample blocks through a gain; reference: an abstraction with [*~ 0.5], as
                 Debian's pd-lua has no signals
pyext.signal8    through 8 gains
pyext.signal32   through 32 gains
"""

import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "setup"), str(ROOT / "tests")]

from dlwakit.pdtools.pd_session import PdSession  # noqa: E402
from support.external import EXTERNAL  # noqa: E402

MESSAGES = 100_000

PYTHON = """
import numpy
import pyext

class Doubles(pyext._class):
    _inlets = _outlets = 1
    def float_1(self, x):
        self._outlet(1, 2 * x)

class Fills(pyext._class):
    _inlets = _outlets = 1
    def __init__(self, length):
        self.samples = numpy.random.rand(length).astype(numpy.float32)
    def fill_1(self, name):
        pyext.Buffer(name)[:] = self.samples

class Gain(pyext._class):
    def _signal(self):
        self._outvec(0)[:] = self._invec(0) * 0.5
"""

LUA = {
    "bench_doubles": """
        local B = pd.Class:new():register("bench_doubles")
        function B:initialize(sel, atoms) self.inlets = 1; self.outlets = 1; return true end
        function B:in_1_float(f) self:outlet(1, "float", {2 * f}) end
        """,
    "bench_fills": """
        local B = pd.Class:new():register("bench_fills")
        function B:initialize(sel, atoms)
            self.inlets = 1; self.outlets = 1; self.samples = {}
            for i = 1, atoms[1] do self.samples[i] = math.random() end
            return true
        end
        function B:in_1_fill(atoms)
            local t = pd.Table:new():sync(atoms[1])
            for i = 1, #self.samples do t:set(i - 1, self.samples[i]) end
            t:redraw()
        end
        """,
}

# A bang to `go` times `count` repetitions of the message that [until] sends, and sends the milliseconds to `took`.
TIMED = """#N canvas 0 0 500 400 12;
#X obj 10 10 receive go-{name};
#X obj 10 40 t b b b;
#X obj 10 70 realtime;
#X obj 10 100 send took-{name};
#X msg 90 70 {count};
#X obj 90 100 until;
#X msg 90 130 {message};
#X obj 90 160 {box};
{table}
#X connect 0 0 1 0;
#X connect 1 0 2 1;
#X connect 1 1 4 0;
#X connect 1 2 2 0;
#X connect 2 0 3 0;
#X connect 4 0 5 0;
#X connect 5 0 6 0;
#X connect 6 0 7 {inlet};
"""

MESSAGES_ABSTRACTION = """#N canvas 0 0 200 200 12;
#X obj 10 10 inlet;
#X obj 10 40 * 2;
#X obj 10 70 outlet;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
"""

SIGNAL_ABSTRACTION = """#N canvas 0 0 200 200 12;
#X obj 10 10 inlet~;
#X obj 10 40 *~ 0.5;
#X obj 10 70 outlet~;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
"""


class Bench:
    """A folder with the scripts and a Pd that finds them."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.folder = Path(self._folder.name)
        (self.folder / "bench.py").write_text(PYTHON)
        (self.folder / "vanilla.pd").write_text(MESSAGES_ABSTRACTION)
        (self.folder / "vanilla-gain~.pd").write_text(SIGNAL_ABSTRACTION)
        for name, script in LUA.items():
            (self.folder / f"{name}.pd_lua").write_text(script)

    def __enter__(self):
        libraries = ["-path", str(EXTERNAL), "-lib", "py", "-lib", "pdlua"]
        self.pd = PdSession(arguments=[*libraries, "-path", str(self.folder)])
        return self

    def __exit__(self, *exception):
        self.pd.close()
        self._folder.cleanup()

    def seconds(self, name, box, inlet, message, count, table=""):
        """How long `count` messages to a box take; a first round, not counted, warms up."""
        patch = self.folder / f"{name}.pd"
        patch.write_text(
            TIMED.format(name=name, box=box, inlet=inlet, message=message, count=count, table=table)
        )
        self.pd.listen(f"took-{name}")
        self.pd.open(patch)
        for _ in range(2):
            self.pd.send(f"go-{name}", "bang")
            took = self.pd.expect(f"took-{name}", timeout=120)[0]
        return took / 1000


def messages(reference):
    with Bench() as bench:
        ours = bench.seconds("ours", "pyext bench.Doubles", 1, "1.5", MESSAGES)
        theirs = bench.seconds("theirs", reference, 0, "1.5", MESSAGES)
    return {"seconds": ours, "audio_seconds": None, "reference_seconds": theirs}


def arrays(length, count):
    with Bench() as bench:
        table = f"#X obj 300 10 table bench-array {length};"
        fill = "fill bench-array"
        ours = bench.seconds("ours", f"pyext bench.Fills {length}", 1, fill, count, table)
        theirs = bench.seconds("theirs", f"bench_fills {length}", 0, fill, count)
    return {"seconds": ours, "audio_seconds": None, "reference_seconds": theirs}


def signals(objects):
    """A minute of audio through `objects` gains in a row, computed as fast as Pd can."""
    return {
        "seconds": minute(["pyext~ 0 0 1 1 bench.Gain"] * objects),
        "audio_seconds": 60,
        "reference_seconds": minute(["vanilla-gain~"] * objects),
    }


def minute(boxes):
    with Bench() as bench:
        lines = ["#N canvas 0 0 400 300 12;", "#X obj 10 10 noise~;"]
        lines += [f"#X obj 10 {40 + 30 * i} {box};" for i, box in enumerate(boxes)]
        lines += [f"#X connect {i} 0 {i + 1} 0;" for i in range(len(boxes))]
        patch = bench.folder / "signals.pd"
        patch.write_text("\n".join(lines) + "\n")
        bench.pd.open(patch)
        bench.pd.send("pd", "dsp", 1)
        bench.pd.sync()
        start = time.perf_counter()
        bench.pd.send("pd", "fast-forward", 60000)
        bench.pd.sync(timeout=120)
        return time.perf_counter() - start


NEEDS = ("pd-lua",)  # beyond what playing needs
BENCHMARKS = {
    "pyext.message": lambda: messages("bench_doubles"),
    "pyext.vanilla": lambda: messages("vanilla"),
    "pyext.array64k": lambda: arrays(64_000, 100),
    "pyext.array1m": lambda: arrays(1_000_000, 10),
    "pyext.signal": lambda: signals(1),
    "pyext.signal8": lambda: signals(8),
    "pyext.signal32": lambda: signals(32),
}

if __name__ == "__main__":
    for name, run in BENCHMARKS.items():
        result = run()
        ratio = result["seconds"] / result["reference_seconds"]
        print(
            f"{name:16} {result['seconds']:8.3f} s   reference {result['reference_seconds']:8.3f} s   {ratio:6.2f}"
        )
