"""Operations of the command line on small things, which are begun, run, disturbed and looked at again and again.

Each knows: begin(), which makes its place as it was before; run(), its (exit status, words); keep(), which remembers
what an undisturbed run has made; left() and done(), what is wrong after a disturbed run, and after the next one.
"""

import contextlib
import functools
import importlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import traceback
import zipfile
from pathlib import Path

import numpy as np
import soundfile

from support.course_copy import CourseCopy
from support.file_server import Server
from support.melody_files import abc, tune
from support.sounds import hertz, tone
from support.tiny_trainings import TRAININGS
from support.whole_files import is_temporary, open_each

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120  # seconds after which a run counts as hanging
PLAY_PROGRAMS = "pd", "bwrap", "g++", "gcc", "ld", "as"
STEPS = 2  # of a training, each with a check


class Operation:
    """An operation on what is below `place`; `folder` is for what it needs besides."""

    limit = None  # points that are tried where all would take hours
    has_parts = False  # whether it starts programs, one of which may be killed alone

    def __init__(self, folder, place):
        self.folder, self.place, self.calm = folder, place, folder / "calm"
        self.before = folder / "before"
        self.before.mkdir()

    def begin(self):
        """Make the place as it was before."""
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.copytree(self.before, self.place, symlinks=True)

    def keep(self):
        """Remember what an undisturbed run has made."""
        shutil.copytree(self.place, self.calm, symlinks=True)

    def left(self):
        """What is wrong after a disturbed run."""
        return []

    def done(self):
        """What is wrong after an undisturbed run that came after a disturbed one."""
        return list(differences(self.calm, self.place))


def files(folder):
    """{name: path} of the files below a folder that have final names."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
    named = {path.relative_to(folder): path for path in paths}
    return {name: path for name, path in named.items() if not any(map(is_temporary, name.parts))}


def differences(wanted, found, ignored=()):
    """Yield how the files of two folders differ."""
    wanted, found = files(wanted), files(found)
    for name in sorted(set(wanted) | set(found)):
        if name.name in ignored:
            continue
        if name not in found or name not in wanted:
            yield f"{name} is {'missing' if name in wanted else 'left over'}"
        elif wanted[name].read_bytes() != found[name].read_bytes():
            yield f"{name} is another"


def fork(work, log):
    """(exit status, words) of work() in a copy of this process."""
    process = os.fork()
    if not process:
        os.setsid()
        file = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        os.dup2(file, 1)
        os.dup2(file, 2)
        signal.alarm(PATIENCE)
        status = 70
        try:
            status = work() or 0
        except SystemExit as error:
            status = error.code
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return status, Path(log).read_text(errors="replace")


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
        status, said = self._run(begun or 1)
        if status:
            raise RuntimeError(said)
        for name in (folder / "modules").read_text().split():  # its copies need not import them again
            with contextlib.suppress(Exception):
                importlib.import_module(name)
        if begun:
            shutil.copytree(self.place, self.before, dirs_exist_ok=True)

    def _run(self, steps):
        words = [*self.words, "--steps", str(steps), "--run", str(self.run_folder)]

        def work():
            status = self.training.main(words)
            (self.folder / "modules").write_text("\n".join(list(sys.modules)))
            return status

        return fork(work, self.folder / "log")

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


# --- checkpoints -----------------------------------------------------------------------------------------------


class CommandLine(Operation):
    """A command of `setup/dlwa` in a copy of the course, with its home below the place."""

    words = ()

    def __init__(self, folder, place):
        super().__init__(folder, place)
        self.course = CourseCopy(folder / "course")
        self.variables = {}

    def run(self):
        command = [sys.executable, self.course.root / "setup/dlwa", *map(str, self.words)]
        variables = self.course.environment(HOME=str(self.place / "home"), **self.variables)
        with (self.folder / "log").open("w+") as log:
            process = subprocess.Popen(
                command,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                status = process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                status = process.wait()
            log.seek(0)
            return status, log.read()

    @property
    def checkpoints(self):
        return self.place / "home/.local/share/dlwa/checkpoints"


class Get(CommandLine):
    """`checkpoints get` of a file, where an older one of the user's own lies beside."""

    words = "checkpoints", "get", "toy"

    def __init__(self, folder, place):
        super().__init__(folder, place)
        self.server = Server()
        self.server.body = self.server.body[:600_000]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        official = {"name": "toy", "kind": "official", "file": "toy.bin", "url": self.server.url("toy.bin")}
        self.course.add_day(registry=[official])
        store = self.before / "home/.local/share/dlwa/checkpoints"
        store.mkdir(parents=True)
        (store / "own.npz").write_bytes(b"PK mine")
        facts = {"own.npz": {"kind": "own", "sha256": "0" * 64}}
        (store / "checkpoints.json").write_text(json.dumps(facts))

    def left(self):
        wrong = []
        with contextlib.suppress(FileNotFoundError):
            if (self.checkpoints / "toy.bin").read_bytes() != self.server.body:
                wrong.append("toy.bin is not whole")
        if "own.npz" not in json.loads((self.checkpoints / "checkpoints.json").read_text()):
            wrong.append("the record of another checkpoint is lost")
        return wrong


class Verify(Get):
    """`checkpoints verify` of what is there."""

    words = "checkpoints", "verify"

    def __init__(self, folder, place):
        super().__init__(folder, place)
        self.course.add_day("02_none", "none", registry=[])
        store = self.before / "home/.local/share/dlwa/checkpoints"
        shutil.rmtree(store)
        store.mkdir()

    def left(self):
        return []


class Add(CommandLine):
    """`checkpoints add --replace` of a model with its configuration, where one of that name is."""

    def __init__(self, folder, place):
        super().__init__(folder, place)
        self.course.add_day(registry=[])
        self.old, self.new = folder / "old", folder / "new"
        for number, source in enumerate((self.old, self.new)):
            source.mkdir()
            np.savez(source / "mine.npz", a=np.full(5000, number))
            (source / "mine.config.json").write_text(json.dumps({"number": number}))
        self.begin()
        self.words = "checkpoints", "add", self.old / "mine.npz"
        status, said = self.run()
        if status:
            raise RuntimeError(said)
        shutil.copytree(self.place, self.before, dirs_exist_ok=True)
        self.words = "checkpoints", "add", "--replace", self.new / "mine.npz"

    def left(self):
        names = "mine.npz", "mine.config.json"
        found = [
            (self.checkpoints / name).read_bytes() for name in names if (self.checkpoints / name).exists()
        ]
        sides = [[(side / name).read_bytes() for name in names] for side in (self.old, self.new)]
        return [] if found in sides or len(found) < 2 else ["a model with the configuration of another"]


# --- installation ----------------------------------------------------------------------------------------------

MAKEFILE = """
install: py.pd_linux
\tmkdir -p $(PDLIBDIR)/pyext
\tcp py.pd_linux help.pd $(PDLIBDIR)/pyext
py.pd_linux: program.c
\tcp program.c py.pd_linux
"""
WHEEL = {
    "tiny.py": "NUMBER = 7\n",
    "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
    "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "tiny-1.0.dist-info/RECORD": "tiny.py,,\ntiny-1.0.dist-info/METADATA,,\ntiny-1.0.dist-info/WHEEL,,\n"
    "tiny-1.0.dist-info/RECORD,,\n",
}


class Install(CommandLine):
    """`install` of a tiny external and of an environment with one tiny package, by the real venv and pip."""

    words = "install", "--yes"
    has_parts = True
    limit = 60  # venv and pip alone are thousands of calls, and each try takes ten seconds

    def __init__(self, folder, place):
        super().__init__(folder, place)
        wheels = folder / "wheels"
        wheels.mkdir()
        with zipfile.ZipFile(wheels / "tiny-1.0-py3-none-any.whl", "w") as file:
            for name, content in WHEEL.items():
                file.writestr(name, content)
        definitions = self.course.root / "environments"
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        facts = {"for": "tests", "pythons": [version], "pip": [["torch.txt"]], "check": "import tiny"}
        (definitions / "index.json").write_text(
            json.dumps({"torch": {**facts, "minutes": 1, "megabytes": 1}})
        )
        (definitions / "torch.txt").write_text("tiny==1.0\n")
        source = self.course.root / "pyext_py3"
        (source / "Makefile").write_text(MAKEFILE)
        for name in ("program.c", "help.pd"):
            (source / name).write_text(name)
        bare = folder / "bin"  # neither conda nor uv
        bare.mkdir()
        base = Path(sys.base_prefix, "bin", f"python{version}")
        for name in ("make", "mkdir", "cp", "sh", *PLAY_PROGRAMS):
            if found := shutil.which(name):
                (bare / name).symlink_to(found)
        (bare / f"python{version}").symlink_to(base)
        self.variables = {"PATH": str(bare), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}

    def _python(self):
        return self.place / "home/.local/share/dlwa/environments/torch/bin/python"

    def left(self):
        record = self.place / "home/.local/share/dlwa/environments.json"
        if not record.exists() or not json.loads(record.read_text()):
            return []
        return self._plays()

    def _plays(self):
        check = [self._python(), "-c", "import tiny; assert tiny.NUMBER == 7"]
        works = self._python().exists() and subprocess.run(check, capture_output=True).returncode == 0
        return [] if works else ["an environment is recorded that does not work"]

    def done(self):
        library = self.place / "home/.local/lib/pd/extra"
        names = sorted(path.name for path in library.glob("**/*") if path.is_file())
        wrong = [] if names == self.library else [f"the library holds {names}"]
        status, said = self.run()
        if status or "Everything is there already" not in said:
            wrong.append(f"a further install still has something to do: {said[-500:]}")
        return wrong + self._plays()

    def keep(self):
        library = self.place / "home/.local/lib/pd/extra"
        self.library = sorted(path.name for path in library.glob("**/*") if path.is_file())


OPERATIONS = {
    "install": Install,
    "checkpoints get": Get,
    "checkpoints add": Add,
    "checkpoints verify": Verify,
    **{f"dataset {model}": functools.partial(MakeDataset, model) for model in DATASETS},
    **{f"train {model}": functools.partial(Train, model, 0) for model in TRAININGS},
    **{f"train {model}, on": functools.partial(Train, model, 1) for model in TRAININGS},
}
