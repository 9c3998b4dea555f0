"""A test rig: one running Pd with the external, in which each test opens patches with boxes of its own."""

import itertools
import re
import textwrap

import pytest
from dlwakit.pdtools.pd_session import PdError, PdSession
from support.external import EXTERNAL

# Sends on what kind of message came in: Bang, Float 1, Symbol a, List 1 2, Any selector 1 2.
PROBE = """#N canvas 0 0 450 300 12;
#X obj 10 10 inlet;
#X obj 10 40 route bang float symbol list;
#X obj 10 70 list prepend Bang;
#X obj 90 70 list prepend Float;
#X obj 170 70 list prepend Symbol;
#X obj 250 70 list prepend List;
#X obj 330 70 list prepend Any;
#X obj 10 130 send \\$1;
#X obj 10 100 list trim;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 1 1 3 0;
#X connect 1 2 4 0;
#X connect 1 3 5 0;
#X connect 1 4 6 0;
#X connect 2 0 8 0;
#X connect 3 0 8 0;
#X connect 4 0 8 0;
#X connect 5 0 8 0;
#X connect 6 0 8 0;
#X connect 8 0 7 0;
"""


class Box:
    """One object in a patch of its own: messages to its inlets, and from its outlets."""

    def __init__(self, rig, number, folder):
        self.rig, self.number, self.folder = rig, number, folder
        self.patch = f"patch{number}.pd"

    def send(self, inlet, *message):
        """Send to an inlet (0 is the leftmost) and wait until Pd has handled it."""
        self.rig.pd.send(f"in-{self.number}-{inlet}", *message)
        self.rig.pd.sync()

    def expect(self, outlet, *start, timeout=20):
        """Return the next message of an outlet (0 is the leftmost): its kind, then its atoms."""
        return self.rig.pd.expect(f"out-{self.number}-{outlet}", *start, timeout=timeout)

    def messages(self, outlet):
        """Return all messages of an outlet so far."""
        self.rig.pd.sync()
        return self.rig.pd.received[f"out-{self.number}-{outlet}"]

    def rewrite(self, module, script):
        """Replace the script of a module."""
        self.rig.write(self.folder, module, script)

    def close(self):
        """Close the patch, which deletes the object."""
        self.rig.pd.send(f"pd-{self.patch}", "menuclose", 1)
        self.rig.pd.sync()


class Rig:
    """A Pd with the external loaded, the folder of the test, and the console lines since the test began."""

    LIBRARY = ("-path", str(EXTERNAL), "-lib", "py")
    numbers = itertools.count(1)

    def __init__(self, pd, folder):
        self.pd, self.folder = pd, folder
        self._first_line = len(pd.console)
        (folder / "probe.pd").write_text(PROBE)

    def write(self, folder, module, script):
        """Write a module into a folder; its name may be dotted."""
        path = folder / (module.replace(".", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(script))

    def unique(self):
        """Return a name for a module that no other test uses."""
        return f"script{next(self.numbers)}"

    def box(self, text, script=None, *, module=None, inlets=2, outlets=2, tables=(), extra=""):
        """Open a patch with the object `text`, in which {m} stands for the module made of `script`."""
        number = next(self.numbers)
        module = module or f"script{number}"
        if script is not None:
            self.write(self.folder, module, script)
        for outlet in range(outlets):
            self.pd.listen(f"out-{number}-{outlet}")
        box = Box(self, number, self.folder)
        box.module = module
        (self.folder / box.patch).write_text(
            self._patch(number, text.replace("{m}", module), inlets, outlets, tables) + extra
        )
        self.pd.open(self.folder / box.patch)
        return box

    def _patch(self, number, text, inlets, outlets, tables):
        escaped = re.sub(r"([,;$])", r"\\\1", text)
        lines = ["#N canvas 0 0 600 400 12;"]
        lines += [f"#X obj 300 {30 * i} table {name} {size};" for i, (name, size) in enumerate(tables)]
        first = len(tables)
        lines += [f"#X obj 10 100 {escaped};"]
        lines += [f"#X obj {10 + 90 * i} 40 receive in-{number}-{i};" for i in range(inlets)]
        lines += [f"#X obj {10 + 90 * i} 200 probe out-{number}-{i};" for i in range(outlets)]
        lines += [f"#X connect {first + 1 + i} 0 {first} {i};" for i in range(inlets)]
        lines += [f"#X connect {first} {i} {first + 1 + inlets + i} 0;" for i in range(outlets)]
        return "\n".join(lines) + "\n"

    def run(self, code, *, tables=(), name=None):
        """Make an object whose method runs `code` on Pd's thread once; return its box."""
        body = textwrap.indent(textwrap.dedent(code), " " * 12)
        box = self.box("pyext 1 1 {m}.Thing", SCRIPT.format(body=body), tables=tables)
        box.send(1, "go")
        return box

    def let_time_pass(self, ms):
        """Wait for `ms` milliseconds of Pd's logical time, with all that Pd computes in them."""
        self.pd.let_time_pass(ms)

    @property
    def console(self):
        """The console lines of this test."""
        self.pd.sync()
        return self.pd.console[self._first_line :]

    @property
    def errors(self):
        """The error lines of this test."""
        lines = self.console
        return [line for line in self.pd.errors() if line in lines]

    def expect_console(self, text):
        """Wait for the first line of this test that contains `text`, and return it."""
        found = []

        def look():
            found[:] = [line for line in self.pd.console[self._first_line :] if text in line][:1]
            return bool(found)

        self.pd._wait(look, 20, lambda: f"the console never showed '{text}'")
        return found[0]


SCRIPT = """
import threading, time
import numpy
import pyext

class Thing(pyext._class):
    _inlets = _outlets = 1

    def output(self, *values):
        self._outlet(1, *values)

    def go_1(self):
        try:
{body}
        except BaseException as error:
            self._outlet(1, "raised", [type(error).__name__, str(error)])
"""


@pytest.fixture(scope="session")
def running_pds():
    """The Pds that were started; the last one is running unless a test has ended it."""
    pds = []
    yield pds
    for pd in pds:
        pd.close()


@pytest.fixture
def rig(running_pds, tmp_path):
    """A rig; all tests share its Pd, which is started again if a test has ended it."""
    if not (EXTERNAL / "py.pd_linux").exists():
        pytest.fail("the external is not built: make -C pyext_py3")
    if not running_pds or running_pds[-1].process.poll() is not None:
        running_pds.append(PdSession(arguments=Rig.LIBRARY))
    pd = running_pds[-1]
    rig = Rig(pd, tmp_path)
    yield rig
    if pd.process.poll() is not None:
        raise PdError(f"Pd ended with {pd.process.returncode}\n" + "\n".join(pd.console[-40:]))
