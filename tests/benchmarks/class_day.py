"""A day in class, played: six patches in one Pd and two in another at once, for minutes or hours.

    python tests/benchmarks/class_day.py [MINUTES] [--seed N]      (60 when not given)

The sound is on in both. What happens comes at random: clicks anywhere on the patches, models loaded, sounds asked for,
workers killed, both Pds and all workers stopped and continued as a laptop's lid does it, and, for root, a full disk
under the home folder of both. Then it prints how often each happened, what was said, and of each Pd memory, open files
and child processes at the first and at the last rest; at the end each patch has to load a model once more, and all
takes have to be whole. The exit status is 1 where a Pd ended, an answer did not come, or something grew or was lost.
Needs the environment `torch`.
"""

import argparse
import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "setup"), str(ROOT / "tests"), str(ROOT / "pyext_py3")]

from dlwakit.pdtools.pd_session import PdError, PdSession, starts_with  # noqa: E402
from pdworker.takes.place import Place as TakesPlace  # noqa: E402
from pdworker.takes.store import Store  # noqa: E402
from support.external import EXTERNAL  # noqa: E402


class Patch(NamedTuple):
    """door: the name it listens to. first: what it is told once. asked, answer: what it is asked for, what comes."""

    door: str
    models: tuple
    first: list
    asked: tuple
    answer: tuple


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
    ),
    "03_gansynth/gansynth.pd": Patch("gansynth", TIMBRES, [], *SYNTHESIZE),
    "04_ganspacesynth/ganspacesynth.pd": Patch("ganspacesynth", TIMBRES, [("press", "conv0")], *SYNTHESIZE),
    "05_samplernn/samplernn.pd": Patch(
        "samplernn", ("starter_beat", "starter_voice"), [], ("press", "generate"), ("generated",)
    ),
    "06_rave/rave_latents.pd": Patch(
        "rave-latents",
        ("starter_drums", "starter_voice"),
        [("press", "open-sound-a", SUNG), ("press", "open-sound-b", SUNG)],
        ("press", "encode"),
        ("done", "encode"),
    ),
}
SECOND = ("01_ai_duet/ai_duet.pd", "06_rave/rave_latents.pd")
DISK, TAKES_GB = "128m", 0.05
REST_S = 30  # between two looks at memory
LOADING_S, TRIES = 120, 5
GROWTH = 96 << 20  # bytes of Pd between the first rest and the last
WORDS = ("click", "load", "ask", "cancel", "unload", "kill", "lid", "disk")
WEIGHTS = (30, 6, 10, 3, 1, 2, 1, 1)


def size_of(file):
    """The bytes of a file, 0 of one that has gone."""
    with contextlib.suppress(FileNotFoundError):
        return file.stat().st_size
    return 0


class Place:
    """One Pd with its patches."""

    def __init__(self, name, patches, home):
        self.name, self.doors = name, {patch: DAYS[patch] for patch in patches}
        variables = {"DLWA_PYTHON_TORCH": sys.executable, "HOME": str(home), "OMP_NUM_THREADS": "1"}
        self.pd = PdSession(
            [ROOT / patch for patch in patches],
            ["-lib", "py"],
            path=[EXTERNAL],
            listen=[f"{patch.door}-out" for patch in self.doors.values()],
            environment=variables,
        )
        self.pd.send("pd", "dsp", 1)
        self.rests = []

    def workers(self):
        """The processes that Pd has started."""
        listing = Path(f"/proc/{self.pd.process.pid}/task").iterdir()
        return [int(child) for task in listing for child in (task / "children").read_text().split()]

    def rest(self):
        """Keep (bytes of memory, open files, children) of Pd."""
        self.pd.sync(120)
        process = Path(f"/proc/{self.pd.process.pid}")
        size = int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
        self.rests.append((size, len(list((process / "fd").iterdir())), len(self.workers())))

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


class Day:
    """Both Pds, the disk and what has happened."""

    def __init__(self, folder, chance):
        self.chance, self.happened = chance, Counter()
        self.home = Path(folder, "home")
        self.home.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "none", self.home]
        self.small = os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0
        self.takes = Store(TakesPlace(self.home / "Music/dlwa", round(TAKES_GB * 1e9)))
        try:
            command = [sys.executable, ROOT / "setup/dlwa", "takes", "--gigabytes", str(TAKES_GB)]
            variables = os.environ | {"HOME": str(self.home)}
            subprocess.run(command, env=variables, check=True, stdout=subprocess.DEVNULL)
            self.places = [Place("six patches", DAYS, self.home), Place("two patches", SECOND, self.home)]
        except BaseException:
            self.end()
            raise

    def begin(self):
        """Load a model into every patch."""
        for place in self.places:
            for patch, (door, models, first, _, _) in place.doors.items():
                place.load(patch, models[0])
                for words in first:
                    place.pd.send(door, *words)
                print(f"{place.name}: {patch} has loaded {models[0]}", flush=True)
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
        place.pd.send(canvas, "vis", 1)
        place.pd.send(canvas, "mouse", *where, 1, 0)
        place.pd.send(canvas, "mouseup", *where, 1, 0)

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
        everything = [pid for one in self.places for pid in (one.pd.process.pid, *one.workers())]
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
        for door, models, _, asked, _ in place.doors.values():
            place.pd.send(door, "load", self.chance.choice(models))
            place.pd.send(door, *asked)
        place.pd.sync(120)
        place.pd.let_time_pass(3000)
        filler.unlink()
        return True

    def finish(self):
        """Yield what is wrong at the end: each patch has to load a model and answer."""
        for place in self.places:
            for patch, (door, models, first, asked, answer) in place.doors.items():
                try:
                    place.pd.send(door, "cancel")
                    place.load(patch, models[0])
                    for words in (*first, asked):
                        place.pd.send(door, *words)
                        place.pd.let_time_pass(1000)
                    place.pd.expect(f"{door}-out", *answer, timeout=LOADING_S, refuse="error")
                except PdError as error:
                    yield f"{place.name}: {patch} does not go on: {str(error)[:300]}"
            place.rest()
            first, last = place.rests[0], place.rests[-1]
            if last[0] - first[0] > GROWTH:
                yield f"{place.name}: {(last[0] - first[0]) >> 20} MB more than at first"
            if last[1] > first[1] + 16:
                yield f"{place.name}: {last[1]} open files, {first[1]} at first"
            yield from (f"{place.name}: {line}" for line in place.pd.console if "Traceback" in line)
            yield from (f"{place.name}: {line}" for line in place.pd.console if "internal" in line)
        for take in self.takes.takes():
            sizes = [size_of(file) for file in take.files]
            whole = all(sizes) and len(sizes) >= len(take.facts.get("sounds", ()))
            if not whole and take.path.exists():  # another one had to make room
                yield f"the take {take.path.name} is not whole"

    def table(self):
        """The lines of the table."""
        yield "happened     " + "  ".join(f"{word} {self.happened[word]}" for word in WORDS)
        for place in self.places:
            for name, column in (("MB", 0), ("open files", 1), ("children", 2)):
                values = [rest[column] >> (20 * (column == 0)) for rest in place.rests]
                yield f"{place.name:<12} {name:<11} first {values[0]}, last {values[-1]}, most {max(values)}"
            said, answers = self.said(place), self.answers(place)
            yield f"{place.name:<12} answers     " + "  ".join(f"{door} {n}" for door, n in answers.items())
            yield f"{place.name:<12} errors told {sum(said.values())}, kinds {len(said)}"
        takes = self.takes.takes()
        size = sum(size_of(file) for take in takes for file in take.files)
        yield f"takes        {len(takes)}, {size / 1e6:.0f} MB of {1000 * TAKES_GB:.0f}"

    def answers(self, place):
        """{name of a patch: how often it has done what it was asked for}."""
        return {
            door: sum(starts_with(message, answer) for message in place.pd.received[f"{door}-out"])
            for door, _, _, _, answer in place.doors.values()
        }

    def said(self, place):
        """{error that a patch told, its numbers left out: how often}."""
        messages = [message for name in place.pd.received for message in place.pd.received[name]]
        return Counter(
            re.sub(r"\d+", "N", str(message[1])) for message in messages if message[:1] == ["error"]
        )

    def end(self):
        """Close all."""
        for place in getattr(self, "places", ()):
            place.pd.close()
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
                    for place in day.places:
                        place.rest()
                    print(*day.table(), "", sep="\n", flush=True)
            for place in day.places:
                lines = [f"{count:>6} {words}" for words, count in day.said(place).most_common()]
                print("", f"{place.name}, what was said", *lines, sep="\n")
            print(*day.table(), "", "at the end, each patch once more", sep="\n", flush=True)
            wrong = list(day.finish())
            print(*day.table(), sep="\n")
        finally:
            day.end()
    print(*wrong, f"{len(wrong)} wrong", sep="\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
