"""A Pd with patches of the days, for tests/benchmarks/class_day.py: what it is asked for, what it has at a rest."""

import os
import re
import sys
import time
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

from dlwakit.pdtools.pd_session import PdError, PdSession

from support.external import EXTERNAL
from support.processes import command, descendants, descriptors, programs, started

ROOT = Path(__file__).resolve().parents[2]


class Patch(NamedTuple):
    """door: the name it listens to. first: what it is told once. asked, answer: what it is asked for, what comes.

    sounds: its arrays that are as long as what was recorded, opened or made last.
    """

    door: str
    models: tuple
    first: list
    asked: tuple
    answer: tuple
    sounds: tuple = ()


SUNG = str(ROOT / "setup/sounds/sung.wav")
TIMBRES = "starter_instruments", "starter_textures"
SYNTHESIZE = ("press", "synthesize"), ("synthesized",)
DAYS = {
    "01_ai_duet/ai_duet.pd": Patch(
        "ai_duet",
        ("starter_attention_rnn", "starter_lookback_rnn"),
        [("note", 60, 90), ("note", 60, 0)],
        ("generate", 2),
        ("played",),
    ),
    "02_ddsp/timbre_transfer.pd": Patch(
        "timbre_transfer",
        ("starter_flute", "starter_trumpet"),
        [("open", "in", SUNG)],
        ("transfer", "in", "out"),
        ("transferred",),
        ("in", "out"),
    ),
    "03_gansynth/gansynth.pd": Patch("gansynth", TIMBRES, [], *SYNTHESIZE, ("sound",)),
    "04_ganspacesynth/ganspacesynth.pd": Patch(
        "ganspacesynth", TIMBRES, [("press", "conv0")], *SYNTHESIZE, ("sound",)
    ),
    "05_samplernn/samplernn.pd": Patch(
        "samplernn",
        ("starter_beat", "starter_voice"),
        [],
        ("press", "generate"),
        ("generated",),
        ("a", "b", "seed"),
    ),
    "06_rave/rave_latents.pd": Patch(
        "rave-latents",
        ("starter_drums", "starter_voice"),
        [("press", "open-sound-a", SUNG), ("press", "open-sound-b", SUNG)],
        ("press", "encode"),
        ("done", "encode"),
        ("sound-a", "sound-b", "sound-out"),
    ),
}
SECOND = ("01_ai_duet/ai_duet.pd", "06_rave/rave_latents.pd")
PLAIN = ROOT / "tests/benchmarks/soak_patches/plain.pd"
OPENER = re.compile(r"^#X obj (\d+) (\d+) dlwa-(?:patch|idea|concept)\b", re.MULTILINE)
PRESSED = re.compile(r"^#X obj (\d+) (\d+) bng (?:\S+ ){4}\\\$0-(\S+) ", re.MULTILINE)
HEARD = re.compile(r"^#X obj \d+ \d+ r \\\$0-(\S+);", re.MULTILINE)
BUTTON = 30  # pixels
ENDING_S = 60  # for workers that were killed or not wanted any more
WORKER = 5  # open files of Pd for each: two pipes, a socket, and the pipe that wakes its thread
OWN_SOUNDS = "own_sounds.worker"  # runs from the first sound on, one for each patch
LOADING_S, TRIES = 120, 5
BEHIND = 30  # lines of the console that are shown of a fault
ARRAYS = ROOT / "tests/support/array_sizes.pd"  # a symbol to array-sizes is answered by array-size
POINT = 8  # bytes in an array
GROWTH = 48 << 20  # bytes of Pd, its sounds left out, between the first rest and the last


@cache
def openers(patch):
    """Where a patch has buttons that open another one, their upper left corners.

    They are boxes of the course, or buttons of the patch's own with a [dlwa-day] behind them.
    """
    text = (ROOT / patch).read_text(encoding="utf-8")
    parts = (part.partition("#X restore")[0] for part in text.split("#N canvas"))
    heard = {name for part in parts if "dlwa-day" in part for name in HEARD.findall(part)}
    own = [(left, top) for left, top, name in PRESSED.findall(text) if name in heard]
    return [(int(left), int(top)) for left, top in OPENER.findall(text) + own]


def opens(patch, x, y):
    """Whether a click there opens another patch."""
    return any(0 <= x - left < BUTTON and 0 <= y - top < BUTTON for left, top in openers(patch))


class Rest(NamedTuple):
    """What a Pd has at a moment: bytes of memory and of sounds, open files by kind, child processes, and so on."""

    seconds: float
    size: int
    sounds: int
    files: Counter
    programs: Counter
    missed: int

    @property
    def others(self):
        """How many open files are not those of a worker."""
        return self.files.total() - WORKER * self.programs.total()

    def grown(self, first):
        """How many bytes a Pd has more than at an earlier moment, its sounds left out."""
        return (self.size - self.sounds) - (first.size - first.sounds)


class Place:
    """One Pd with its patches; a plain one without any. jack: through which it plays, or None."""

    def __init__(self, name, patches, home, jack):
        self.name, self.doors = name, {patch: DAYS[patch] for patch in patches}
        self.jack, self.client, self.begun = jack, name.replace(" ", "-"), time.monotonic()
        variables = {"DLWA_PYTHON_TORCH": sys.executable, "HOME": str(home), "OMP_NUM_THREADS": "1"}
        self.pd = PdSession(
            [*([ROOT / patch for patch in patches] or [PLAIN]), ARRAYS],
            [*(["-lib", "py"] if patches else []), "-jackname", self.client],
            path=[EXTERNAL],
            listen=["array-size", *(f"{patch.door}-out" for patch in self.doors.values())],
            environment=variables,
            jack=jack,
        )
        self.pd.send("pd", "dsp", 1)
        self.rests = []
        self._arrays = [array for patch in self.doors.values() for array in self._sounds_of(patch)]

    def _sounds_of(self, patch):
        """The full names of a patch's arrays that hold sounds."""
        self.pd.send(patch.door, "number")
        number = self.pd.expect(f"{patch.door}-out", "number", timeout=LOADING_S)[1]
        return [f"{number:.0f}-{name}" for name in patch.sounds]

    def _size_of_sounds(self):
        """Bytes of the arrays that hold sounds."""
        self.pd.forget("array-size")
        for array in self._arrays:
            self.pd.send("array-sizes", "symbol", array)
        self.pd.sync(120)
        return POINT * round(sum(points for (points,) in self.pd.received["array-size"]))

    def processes(self):
        """Pd and all that it has started: workers, and the watchdog of a Pd at real-time priority."""
        pid = self.pd.process.pid
        return [pid, *descendants(pid)]

    def workers(self):
        """The workers that Pd has started."""
        return [child for child in started(self.pd.process.pid) if b"pdworker" in command(child)]

    def rest(self):
        """Look at Pd, and keep what was seen."""
        sounds = self._size_of_sounds()
        pid = self.pd.process.pid
        size = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
        missed = self.jack.xruns_of(self.client) if self.jack else 0
        seen = size, sounds, descriptors(pid), programs(self.workers()), missed
        self.rests.append(Rest(time.monotonic() - self.begun, *seen))
        return self.rests[-1]

    def faults(self):
        """The faults of ours that the console tells, each with the lines behind its first one."""
        lines = list(self.pd.console)
        found = [index for index, line in enumerate(lines) if "Traceback" in line or "internal" in line]
        return ["\n    ".join(lines[index : index + BEHIND]) for index in found]

    def surplus(self):
        """What Pd has more than at first, once workers have ended."""
        first, deadline = self.rests[0], time.monotonic() + ENDING_S
        may_have = first.programs + Counter({OWN_SOUNDS: len(self.doors)})
        while True:
            last = self.rest()
            workers, files = last.programs - may_have, last.others - first.others
            if (not workers and files <= 0) or time.monotonic() > deadline:
                break
            self.pd.let_time_pass(500)
        if workers:
            yield f"workers that no patch has: {dict(workers)}"
        if files > 0:
            yield f"{files} open files more than at first: {dict(last.files - first.files)}"
        if last.grown(first) > GROWTH:
            yield f"{last.grown(first) >> 20} MB more than at first, beside its sounds"

    def load(self, patch, model):
        """Load a model and wait until it is there; while the patch is at work with something else, ask again."""
        door = self.doors[patch].door
        for attempt in range(TRIES):
            self.pd.forget(f"{door}-out")
            self.pd.send(door, "load", model)
            try:
                self.pd.expect(f"{door}-out", "worker", "on", timeout=LOADING_S, refuse="error")
                return
            except PdError:
                if attempt == TRIES - 1 or self.pd.process.poll() is not None:
                    raise
            self.pd.send(door, "cancel")
            self.pd.let_time_pass(3000)

    def use(self, patch):
        """Ask for a sound or a melody, and wait until it is there."""
        door, _, first, asked, answer, _ = self.doors[patch]
        for words in (*first, asked):
            self.pd.send(door, *words)
            self.pd.let_time_pass(1000)
        self.pd.expect(f"{door}-out", *answer, timeout=LOADING_S, refuse="error")
