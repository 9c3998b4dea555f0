"""Operations of the command line on small things, which are begun, run, disturbed and looked at again and again.

Each knows: begin(), which makes its place as it was before; run(), its (exit status, words); keep(), which remembers
what an undisturbed run has made; left() and done(), what is wrong after a disturbed run, and after the next one.
"""

import contextlib
import functools
import io
import os
import shutil
import sys

import soundfile
from modelfiles.errors import UserError
from pdworker.takes.place import Place, set_place
from pdworker.takes.store import FORMAT, Store

from support.command_operations import Add, Get, Install, Verify
from support.melody_files import abc, tune
from support.operation import Operation, differences, files, fork, fork_first
from support.sounds import hertz, tone
from support.tiny_trainings import TRAININGS
from support.whole_files import open_each

STEPS = 2  # of a training, each with a check


# --- data sets -------------------------------------------------------------------------------------------------


def sounds(folder, first):
    """Three short sounds."""
    folder.mkdir()
    for number in range(3):
        soundfile.write(folder / f"{first + number}.wav", tone(1.2, 16000, hertz(first + number), 4), 16000)


def tunes(folder, first):
    """Four short tunes."""
    folder.mkdir()
    for number in range(first, first + 4):
        (folder / f"{number}.abc").write_text(abc(tune(number)), encoding="utf-8")


DATASETS = {
    "melody": ("ai_duet.dataset", []),
    "ddsp": ("timbre_transfer.dataset", ["--seconds", "1"]),
    "gansynth": ("gansynth.dataset", ["--seconds", "1", "--pitch", "60"]),
    "nsynth": ("nsynth.dataset", ["--seconds", "1"]),
    "samplernn": ("samplernn.dataset", ["--chunk", "1", "--overlap", "0"]),
    "rave": ("rave_rt.dataset", ["--rate", "16000"]),
}


class MakeDataset(Operation):
    """`dataset` where there is one of other sounds: what is there is the old one, the new one or none."""

    def __init__(self, model, folder, place):
        super().__init__(folder, place)
        module, self.words = DATASETS[model]
        __import__(module)
        self.main = sys.modules[module].main
        write = tunes if model == "melody" else sounds
        write(folder / "old", 50)
        write(folder / "new", 70)
        self.begin()
        with contextlib.redirect_stdout(io.StringIO()):
            self.main(self._words("old"))  # in this process: what it imports and compiles, its copies have
        shutil.copytree(self.place, self.before, dirs_exist_ok=True)

    def _words(self, name):
        return [str(self.folder / name), "--data", str(self.place / "data"), *self.words]

    def run(self):
        return fork(lambda: self.main(self._words("new")), self.folder / "log")

    def left(self):
        if not any(
            (self.place / "data" / name).exists()
            for name in ("dataset.json", "examples.npz", "melodies.json")
        ):
            return []
        new, old = list(differences(self.calm, self.place)), list(differences(self.before, self.place))
        return [f"half a data set: {new}"] if new and old else []


# --- trainings -------------------------------------------------------------------------------------------------


class Train(Operation):
    """A training from its beginning, or one that goes on after `begun` steps."""

    def __init__(self, model, begun, folder, place):
        super().__init__(folder, place)
        from dlwakit.training import patience, pictures
        from dlwakit.training.run import Run

        patience.CHECKS, patience.FIRST_STAGE = (0, 0, 200), 1
        pictures._png = lambda figure: b""  # takes seconds, and is no file of its own
        Run.seconds = property(lambda run: 1.0 + len(run.history.rows))  # the same in every run
        os.environ["DLWA_RECORDED"] = "1"
        self.training = TRAININGS[model]()
        self.words = self.training.prepare(folder)
        self.run_folder = place / "mine"
        self.begin()
        status, said = self._run(begun or 1, fork_first)
        if status:
            raise RuntimeError(said)
        if begun:
            shutil.copytree(self.place, self.before, dirs_exist_ok=True)

    def _run(self, steps, how=fork):
        words = [*self.words, "--steps", str(steps), "--run", str(self.run_folder)]
        return how(lambda: self.training.main(words), self.folder / "log")

    def run(self):
        return self._run(STEPS)

    def keep(self):
        super().keep()
        self.figures = self._figures()

    def _figures(self):
        from dlwakit.training.history import read

        rows = read(self.run_folder / "history.csv")
        return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]

    def left(self):
        return list(open_each(self.run_folder, self.training.load)) if self.run_folder.exists() else []

    def done(self):
        wrong = self.left()
        if (found := self._figures()) != self.figures:
            wrong.append(f"its figures are {found}, undisturbed {self.figures}")
        made = {name.name for name in files(self.run_folder)} ^ {
            name.name for name in files(self.calm / "mine")
        }
        if made := [name for name in made if not name.startswith("events.")]:
            wrong.append(f"other files than those of an undisturbed run: {made}")
        return wrong


# --- what patches keep -----------------------------------------------------------------------------------------


class KeepTake(Operation):
    """A take that is kept and named, where there is one, and the settings of takes."""

    sound = bytes(range(256)) * 400

    def __init__(self, folder, place):
        super().__init__(folder, place)
        self.begin()
        self._work("first")
        shutil.copytree(place, self.before, dirs_exist_ok=True)

    def _store(self):
        return Store(Place(self.place / "takes", 10**9))

    def _work(self, name):
        os.environ["XDG_DATA_HOME"] = str(self.place / "data")
        try:
            store = self._store()
            facts = {"format": FORMAT, "sounds": [{"ending": ".wav"}], "day": "toy"}
            store.change(store.add("toy", facts, {".wav": self.sound}), name=name)
            set_place(gigabytes=3)
        except (UserError, KeyboardInterrupt) as error:
            print(str(error) or "stopped")
            return 1
        return 0

    def run(self):
        return fork(lambda: self._work("second"), self.folder / "log")

    def left(self):
        wrong = [
            f"{name} is not whole"
            for name, path in files(self.place / "takes").items()
            if name.suffix == ".wav" and path.read_bytes() != self.sound
        ]
        wrong += [
            f"{take.path.name} has no sound"
            for take in self._store().takes()
            if not take.path.with_suffix(".wav").exists()
        ]
        if "first" not in [take.name for take in self._store().takes()]:
            wrong.append("the older take is lost")
        return wrong

    def done(self):
        found = [take.name for take in self._store().takes()]
        return [*self.left(), *([] if "second" in found else [f"the takes are {found}"])]


OPERATIONS = {
    "keep a take": KeepTake,
    "install": Install,
    "checkpoints get": Get,
    "checkpoints add": Add,
    "checkpoints verify": Verify,
    **{f"dataset {model}": functools.partial(MakeDataset, model) for model in DATASETS},
    **{f"train {model}": functools.partial(Train, model, 0) for model in TRAININGS},
    **{f"train {model}, on": functools.partial(Train, model, 1) for model in TRAININGS},
}
