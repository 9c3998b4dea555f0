"""Random creations, messages, reloads and deletions: Pd neither crashes nor hangs.

PYEXT_FUZZ sets how many steps, and PYEXT_SEED which.
"""

import os
import random

STEPS = int(os.environ.get("PYEXT_FUZZ", 1000))
SLOTS = 12

GOOD = """
import random, threading, time
import numpy
import pyext

ENDS = [("menuclose", 1), ("clear",), ("undo",), ("disconnect", 0, 0, 1, 1), ("disconnect", 1, 0, 2, 0)]

class Thing(pyext._class):
    _inlets = 2
    _outlets = 2

    def __init__(self, *words):
        self.words = words
        self._bind("fuzz-bound", self.receive)

    def receive(self, *values):
        self.values = values
        if "end" in values:
            self.end_1()

    def float_1(self, x):
        self._outlet(1, x)

    def list_1(self, *values):
        self._outlet(2, values)

    def fill_1(self, *values):
        self.buffer = pyext.Buffer("fuzz-array")
        self.buffer[:] = numpy.random.rand(len(self.buffer))
        self.view = self.buffer[::2]

    def size_1(self, size=1, *more):
        pyext.Buffer("fuzz-array").resize(size)

    def touch_1(self, *values):
        self.view += 1
        self._outlet(1, float(self.view.sum()))

    def raise_1(self, *values):
        raise ValueError(values)

    def sleep_1(self, *values):
        time.sleep(0.01)
        self._outlet(1, "slept")

    def thread_1(self, *values):
        threading.Thread(target=self.work).start()

    def work(self):
        for i in range(20):
            if self._shouldexit:
                return
            self._outlet(1, i)
            pyext.Buffer("fuzz-array")[i] = 1
            print("working", i)

    def clock_1(self, *values):
        pyext.Clock(self.clock_call).delay(1)

    def clock_call(self):
        self._outlet(2, "clock")

    def soon_1(self, *values):
        pyext.call_soon(self._outlet, 1, "soon")

    def bundle_1(self, *values):
        bundle = pyext.Bundle()
        bundle.append(self, 1, *values or (1,))
        bundle.append("fuzz-bound", 1)
        bundle.send()

    def end_1(self, *values):
        self._tocanvas(*random.choice(ENDS))
        self._outlet(1)

    def end_other_1(self, *values):
        end, *words = random.choice(ENDS)
        pyext._send(f"pd-fuzz{random.randrange(12)}.pd", end, words)
        self._outlet(1)

    def end_soon_1(self, *values):
        pyext.Clock(self.end_1).delay(1)
        threading.Thread(target=self.end_other_1).start()

    def _anything_2(self, *values):
        pyext._send("fuzz-bound", *values)

    def _signal(self):
        buffer = pyext.Buffer("fuzz-array")
        buffer[0] = len(buffer)
        self._outvec(0)[:] = self._invec(0) + buffer[:1]

    def _del(self):
        self.view = None
        pyext._send("fuzz-bound", "gone")
"""

BROKEN = (
    "import pyext\nclass Thing(pyext._class)\n",
    "import no_such_module\n",
    GOOD.replace("self.words = words", "1 / 0"),
    GOOD.replace("class Thing(pyext._class)", "class Thing"),
    GOOD.replace("_outlets = 2", "_outlets = 3"),
    GOOD.replace("def _del(self):", "def _del(self):\n        raise SystemExit"),
)

BOXES = (
    "pyext 2 2 fuzzed.Thing",
    "pyx fuzzed Thing a 1 @detach 1",
    "pyext. 2 2 fuzzed Thing @detach 2",
    "pyext~ 2 2 1 1 fuzzed.Thing",
    "pyext~ 2 2 2 3 fuzzed.Thing @respond 1",
    "pyext 0 0 fuzzed.Thing",
    "pyext 1 -3 fuzzed.Thing",
    "pyext nothing.at all",
    "py fuzzed.Thing @py 1",
    "py 2 operator.add",
    "py math",
    "pym 2 +",
    "pym .len",
    "pym",
)

SELECTORS = [
    "float",
    "list",
    "bang",
    "symbol",
    "fill",
    "size",
    "touch",
    "raise",
    "sleep",
    "thread",
    "clock",
    "soon",
    "bundle",
    "end",
    "end_other",
    "end_soon",
    "reload",
    "reload.",
    "dir",
    "dir+",
    "doc",
    "doc+",
    "help",
    "get",
    "set",
    "stop",
    "detach",
    "respond",
    "py",
    "args",
    "getargs",
    "getmethods",
    "getattributes",
    "enable",
    "whatever",
]


def words(random):
    choices = (0, 1, -1, 2.5, 300, 1e9, "words", "a", "_this", "view", "fuzz-array")
    return [random.choice(choices) for _ in range(random.randrange(4))]


def patch(random):
    text = random.choice(BOXES)
    lines = [
        "#N canvas 0 0 400 300 12;",
        "#X obj 10 10 receive fuzz-in;",
        f"#X obj 10 100 {text};",
        "#X obj 90 10 receive fuzz-control;",
    ]
    lines += ["#X obj 10 200 send fuzz-out;", "#X connect 0 0 1 1;", "#X connect 2 0 1 0;"]
    lines += ["#X connect 1 0 3 0;"] if "~" not in text else []
    return "\n".join(lines) + "\n"


def random_step(rig, random, opened):
    slot = random.randrange(SLOTS)
    name = f"fuzz{slot}.pd"
    choice = random.random()
    if choice < 0.2:
        if slot in opened:
            rig.pd.send(f"pd-{name}", "menuclose", 1)
            opened.discard(slot)
        else:
            (rig.folder / name).write_text(patch(random))
            rig.pd.send("pd", "open", name, str(rig.folder))
            opened.add(slot)
    elif choice < 0.25:
        rig.write(rig.folder, "fuzzed", random.choice((GOOD, GOOD, *BROKEN)))
    elif choice < 0.3:
        rig.pd.send("fuzz-array", "resize", random.choice((1, 10, 1000, 100000)))
    elif choice < 0.32:
        rig.pd.send("pd", "dsp", random.randrange(2))
    else:
        target = random.choice(("fuzz-in", "fuzz-in", "fuzz-control", "fuzz-bound"))
        rig.pd.send(target, random.choice(SELECTORS), *words(random))


def test_random_steps(rig):
    seed = int(os.environ.get("PYEXT_SEED", random.randrange(10**6)))
    print("PYEXT_SEED", seed)
    source = random.Random(seed)
    rig.write(rig.folder, "fuzzed", GOOD)
    arrays = rig.folder / "arrays.pd"
    arrays.write_text("#N canvas 0 0 400 300 12;\n#X obj 10 10 table fuzz-array 100;\n")
    rig.pd.open(arrays)
    opened = set()
    for number in range(STEPS):
        random_step(rig, source, opened)
        if number % 50 == 49:
            rig.pd.sync()
    for slot in opened:
        rig.pd.send(f"pd-fuzz{slot}.pd", "menuclose", 1)
    rig.pd.send("pd", "dsp", 0)
    rig.pd.sync()
    rig.run("self.output('alive')").expect(0)
