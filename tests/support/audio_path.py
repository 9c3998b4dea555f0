"""What may make Pd's audio wait in the signal objects of the external: memory, locks, sleep and files.

    python tests/support/audio_path.py

Plays each in real Pd between two objects that count such calls (audio_watch.c), and prints a table: what plays, blocks,
calls; and what led to the first calls. Wherever no Python is called there may be none: the exit status is 1 where there
is one. `[pyext~]` calls Python, which takes its lock and memory in the audio: that is counted and not judged.
Needs gcc and the header of Pd.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / name) for name in ("setup", "pyext_py3", "tests")]

from dlwakit.pdtools.pd_session import PdSession  # noqa: E402

from support.echo_worker import EchoWorker  # noqa: E402
from support.external import EXTERNAL  # noqa: E402

SOURCE = Path(__file__).with_name("audio_watch.c")
PLAYED_MS = 300  # of Pd's time, behind each change
PYTHON = "Python makes a gain"
PATCH = """#N canvas 0 0 450 300 12;
#X obj 20 20 osc~ 440;
#X obj 20 50 audio_watch~ begin;
#X obj 20 80 {words};
#X obj 20 110 audio_watch~ end;
#X obj 20 140 dac~;
#X obj 200 20 receive watch;
#X obj 200 50 send watched;
#X obj 200 80 receive object;
#X obj 200 110 send object-out;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 2 0 3 0;
#X connect 3 0 4 0;
#X connect 5 0 1 0;
#X connect 1 1 6 0;
#X connect 7 0 2 0;
#X connect 2 1 8 0;
"""
SCRIPT = """
import pyext

class Silent(pyext._class):
    pass

class Gain(pyext._class):
    def _signal(self):
        self._outvec(0)[:] = self._invec(0) * 0.5
"""


class Watch:
    """A Pd that plays one object between the two that count. folder: empty, for the library and the patch."""

    def __init__(self, folder, words):
        library = folder / "audio_watch~.pd_linux"
        options = ["-std=gnu11", "-O1", "-shared", "-fPIC", "-Wl,-z,lazy", "-I/usr/include/pd"]
        subprocess.run(["gcc", *options, "-o", library, SOURCE, "-ldl"], check=True)
        (folder / "gain.py").write_text(SCRIPT)
        (folder / "watched.pd").write_text(PATCH.format(words=words))
        self.pd = PdSession(
            [folder / "watched.pd"],
            ["-lib", "py"],
            path=[EXTERNAL, folder],
            listen=["watched", "object-out"],
            environment={"LD_PRELOAD": str(library)},
        )

    def switched_on(self):
        """(blocks, calls that may wait) from the first block on."""
        return self.counted(lambda: self.pd.send("pd", "dsp", 1))

    def counted(self, act):
        """(blocks, calls that may wait) from act() on, and for a while behind it."""
        self._read()
        act()
        self.pd.let_time_pass(PLAYED_MS)
        return self._read()

    def led(self):
        """What led to the first calls since the last look at them, line by line."""
        found = [message[1:] for message in self.pd.received["watched"] if message[0] == "led"]
        self.pd.forget("watched")
        return ["\n    ".join(places) for places in found]

    def _read(self):
        self.pd.send("watch")
        _, blocks, calls = self.pd.expect("watched", "watched")
        return int(blocks), int(calls)


def stream(watch):
    """Yield (what happens to a [pystream~], (blocks, calls))."""
    pd = watch.pd
    pd.send("object", "bang")
    path = pd.expect("object-out", "stream")[1]
    workers = []

    def begin():
        workers.append(EchoWorker(path))
        pd.expect("object-out", "alive", 1)

    def hurry():
        pd.send("object", "latency", 1)
        pd.expect("object-out", "late")

    def end():
        pd.send("object", "latency", 64)
        workers[0].kill()
        pd.expect("object-out", "alive", 0)

    try:
        yield "no worker", watch.switched_on()
        yield "a worker begins and plays", watch.counted(begin)
        yield "it is late", watch.counted(hurry)
        yield "it ends", watch.counted(end)
    finally:
        for worker in workers:
            worker.kill()


def python(watch):
    """Yield (what happens to a [pyext~], (blocks, calls))."""
    yield PYTHON, watch.switched_on()
    watch.pd.send("object", "enable", 0)
    watch.pd.sync()
    yield "it is off", watch.counted(watch.pd.sync)


def silence(watch):
    """Yield (what happens to a [pyext~] whose class has no _signal, (blocks, calls))."""
    yield "nothing is called", watch.switched_on()


OBJECTS = {
    "pystream~ 1 1 64": stream,
    "pyext~ 0 0 1 1 gain.Silent": silence,
    "pyext~ 0 0 1 1 gain.Gain": python,
}


def rows():
    """Yield (object, what happens, blocks, calls, what led to the first of them)."""
    for words, happen in OBJECTS.items():
        with tempfile.TemporaryDirectory() as folder:
            watch = Watch(Path(folder), words)
            with watch.pd:
                for what, counts in happen(watch):
                    yield words.split()[0], what, *counts, watch.led()


def main():
    """Print the table; returns the exit status."""
    found = 0
    for name, what, blocks, calls, led in rows():
        print(f"{name:<12} {what:<28} {blocks:>6} blocks {calls:>6} calls that may wait", flush=True)
        if calls and what != PYTHON:
            found += calls
            print(*led, sep="\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
