"""A day in class, played: six patches in one Pd and two in another at once, for minutes or hours.

    python tests/benchmarks/class_day.py [MINUTES] [--seed N]      (60 when not given)

The sound is on in both, and in a plain Pd beside them; where there is JACK, all three play through it at real-time
priority, 64 frames a period. What happens comes at random: clicks anywhere on the patches, models loaded, sounds asked
for, workers killed, all Pds and workers stopped and continued as a laptop's lid does it, and, for root, a full disk
under the home folder of both. Then it prints what was said, and the table of the time: how often each happened, and of
each Pd memory, open files, child processes, periods missed, answers and errors.
Clicks leave out the buttons that open another patch, which nothing could close again: Pd reads freed memory when it is
told to close two windows by one name. At the end each patch has to load a model once more, all takes have to be whole,
and a Pd may have no more open files than when each patch had been used once, no worker that no patch has, and hardly
more memory beside the arrays that hold its sounds. The exit status is 1 where a Pd ended, an answer did not come, or
something grew or was lost. Needs the environment `torch`.
"""

import argparse
import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "setup"), str(ROOT / "tests"), str(ROOT / "pyext_py3")]

from dlwakit.pdtools.jack import Jack  # noqa: E402
from dlwakit.pdtools.pd_session import PdError, starts_with  # noqa: E402
from pdworker.takes.place import Place as TakesPlace  # noqa: E402
from pdworker.takes.store import Store  # noqa: E402
from support.class_place import DAYS, SECOND, Place, opens  # noqa: E402

DISK, TAKES_GB = "128m", 0.05
REST_S = 30  # between two looks at memory
ROW_S = 300  # between two rows of the table of the time
WORDS = ("click", "load", "ask", "cancel", "unload", "kill", "lid", "disk")
WEIGHTS = (30, 6, 10, 3, 1, 2, 1, 1)
PERIOD = 64  # frames


def tells_its_length(file):
    """Whether the head of a WAV file says how long it is, or it has gone."""
    with contextlib.suppress(FileNotFoundError), file.open("rb") as opened:
        return int.from_bytes(opened.read(8)[4:], "little") + 8 == os.fstat(opened.fileno()).st_size
    return True


def size_of(file):
    """The bytes of a file, 0 of one that has gone."""
    with contextlib.suppress(FileNotFoundError):
        return file.stat().st_size
    return 0


COLUMNS = {  # of the tables: what is seen at a rest
    "MB": lambda rest: rest.size >> 20,
    "of sounds": lambda rest: rest.sounds >> 20,
    "open files": lambda rest: rest.files.total(),
    "not of workers": lambda rest: rest.others,
    "children": lambda rest: rest.programs.total(),
    "periods missed": lambda rest: rest.missed,
}


class Day:
    """Both Pds, the disk and what has happened."""

    def __init__(self, folder, chance):
        self.chance, self.happened = chance, Counter()
        self.home = Path(folder, "home")
        self.home.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "none", self.home]
        self.small = os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0
        self.jack = Jack(period=PERIOD, realtime=True) if shutil.which("jackd") else None
        self.takes = Store(TakesPlace(self.home / "Music/dlwa", round(TAKES_GB * 1e9)))
        try:
            command = [sys.executable, ROOT / "setup/dlwa", "takes", "--gigabytes", str(TAKES_GB)]
            variables = os.environ | {"HOME": str(self.home)}
            subprocess.run(command, env=variables, check=True, stdout=subprocess.DEVNULL)
            self.places, self.all = [], []
            for name, patches in (("six patches", DAYS), ("two patches", SECOND), ("plain", ())):
                self.all.append(Place(name, patches, self.home, self.jack))
            self.places = self.all[:2]
        except BaseException:
            self.end()
            raise

    def begin(self):
        """Load a model into every patch, and use it once: what that takes stays."""
        for place in self.places:
            for patch, (_, models, *_) in place.doors.items():
                place.load(patch, models[0])
                place.use(patch)
                print(f"{place.name}: {patch} has loaded {models[0]} and answered", flush=True)
        self.rest()

    def rest(self):
        """Look at all Pds."""
        for place in self.all:
            place.rest()

    def step(self):
        """Let something happen."""
        place = self.chance.choice(self.places)
        patch = self.chance.choice(list(place.doors))
        word = self.chance.choices(WORDS, WEIGHTS)[0]
        if getattr(self, f"_{word}")(place, patch) is not False:
            self.happened[word] += 1
        place.pd.sync(120)

    def _click(self, place, patch):
        canvas = f"pd-{Path(patch).name}"
        where = self.chance.randrange(900), self.chance.randrange(650)
        if opens(patch, *where):
            return False
        place.pd.send(canvas, "vis", 1)
        place.pd.send(canvas, "mouse", *where, 1, 0)
        place.pd.send(canvas, "mouseup", *where, 1, 0)
        return True

    def _load(self, place, patch):
        door, models, *_ = place.doors[patch]
        place.pd.send(door, "load", self.chance.choice([*models, "no_such_model"]))

    def _ask(self, place, patch):
        place.pd.send(place.doors[patch].door, *place.doors[patch].asked)

    def _cancel(self, place, patch):
        place.pd.send(place.doors[patch].door, "cancel")

    def _unload(self, place, patch):
        place.pd.send(place.doors[patch].door, "unload")

    def _kill(self, place, patch):
        workers = place.workers()
        if not workers:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.chance.choice(workers), signal.SIGKILL)
        return True

    def _lid(self, place, patch):
        everything = [pid for one in self.all for pid in one.processes()]
        everything += [self.jack.pid] if self.jack else []
        for word in (signal.SIGSTOP, signal.SIGCONT):
            for pid in everything:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, word)
            time.sleep(2 * (word == signal.SIGSTOP))

    def _disk(self, place, patch):
        if not self.small:
            return False
        filler = self.home / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 20))
        for door, models, _, asked, *_ in place.doors.values():
            place.pd.send(door, "load", self.chance.choice(models))
            place.pd.send(door, *asked)
        place.pd.sync(120)
        place.pd.let_time_pass(3000)
        filler.unlink()
        return True

    def finish(self):
        """Yield what is wrong at the end: each patch has to load a model and answer."""
        for place in self.places:
            for patch, (door, models, *_) in place.doors.items():
                try:
                    place.pd.send(door, "press", "record", 0)
                    place.pd.send(door, "cancel")
                    place.load(patch, models[0])
                    place.use(patch)
                except PdError as error:
                    yield f"{place.name}: {patch} does not go on: {str(error)[:3000]}"
            yield from (f"{place.name}: {line}" for line in place.surplus())
            yield from (f"{place.name}: {fault}" for fault in place.faults())
        for take in self.takes.takes():
            sizes = [size_of(file) for file in take.files]
            whole = all(sizes) and len(sizes) >= len(take.facts.get("sounds", ()))
            whole &= all(tells_its_length(file) for file in take.files if file.suffix == ".wav")
            if not whole and take.path.exists():  # another one had to make room
                yield f"the take {take.path.name} is not whole"

    def table(self):
        """The lines of the table."""
        yield "happened       " + "  ".join(f"{word} {self.happened[word]}" for word in WORDS)
        for place in self.all:
            for name, value in COLUMNS.items():
                values = [value(rest) for rest in place.rests]
                yield f"{place.name:<12} {name:<14} first {values[0]}, last {values[-1]}, most {max(values)}"
        for place in self.places:
            said, answers = self.said(place), self.answers(place)
            yield f"{place.name:<12} answers        " + "  ".join(
                f"{door} {n}" for door, n in answers.items()
            )
            yield f"{place.name:<12} errors told    {sum(said.values())}, kinds {len(said)}"
        takes = self.takes.takes()
        size = sum(size_of(file) for take in takes for file in take.files)
        yield f"takes          {len(takes)}, {size / 1e6:.0f} MB of {1000 * TAKES_GB:.0f}"

    def course(self):
        """The lines of the table of the time, and what the last look at each Pd saw."""
        yield f"{'':<12} {'minute':>7}" + "".join(f"{name:>15}" for name in COLUMNS)
        for place in self.all:
            after = 0
            for rest in place.rests:
                if rest.seconds >= after:
                    after = rest.seconds + ROW_S
                    cells = "".join(f"{value(rest):>15}" for value in COLUMNS.values())
                    yield f"{place.name:<12} {rest.seconds / 60:>7.0f}{cells}"
            for word, rest in (("first", place.rests[0]), ("last", place.rests[-1])):
                yield f"{place.name:<12} {word:>7}  files {dict(rest.files)}  runs {dict(rest.programs)}"

    def answers(self, place):
        """{name of a patch: how often it has done what it was asked for}."""
        return {
            door: sum(starts_with(message, answer) for message in place.pd.received[f"{door}-out"])
            for door, _, _, _, answer, _ in place.doors.values()
        }

    def said(self, place):
        """{error that a patch told, its numbers left out: how often}."""
        messages = [message for name in place.pd.received for message in place.pd.received[name]]
        return Counter(
            re.sub(r"\d+", "N", str(message[1])) for message in messages if message[:1] == ["error"]
        )

    def end(self):
        """Close all."""
        for place in getattr(self, "all", ()):
            place.pd.close()
        if self.jack:
            self.jack.close()
        if self.small:
            subprocess.run(["umount", "--lazy", self.home], check=False)


def main():
    """Run the program; returns its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("minutes", nargs="?", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        day = Day(folder, random.Random(options.seed))
        try:
            day.begin()
            end = time.monotonic() + 60 * options.minutes
            rest = time.monotonic() + REST_S
            while time.monotonic() < end:
                day.step()
                if time.monotonic() > rest:
                    rest = time.monotonic() + REST_S
                    day.rest()
                    latest = [
                        f"{place.name}: {fault}" for place in day.places for fault in place.faults()[-1:]
                    ]
                    print(*day.table(), *latest, "", sep="\n", flush=True)
            for place in day.places:
                lines = [f"{count:>6} {words}" for words, count in day.said(place).most_common()]
                print("", f"{place.name}, what was said", *lines, sep="\n")
            print(*day.table(), "", "at the end, each patch once more", sep="\n", flush=True)
            wrong = list(day.finish())
            print(*day.course(), sep="\n")
        finally:
            day.end()
    print(*wrong, f"{len(wrong)} wrong", sep="\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
