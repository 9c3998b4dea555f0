"""Commands of `setup/dlwa` that are disturbed, in a copy of the course: see operations.py."""

import contextlib
import importlib
import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import numpy as np
from dlwakit.base.files import sha256
from dlwakit.course.download import PATIENCE

from support.course_copy import CourseCopy
from support.file_server import Server
from support.operation import Operation, fork, fork_first

PLAY_PROGRAMS = "pd", "bwrap", "g++", "gcc", "ld", "as"


def main_of(course):
    """The command line of a copy of the course, imported into this process instead of this checkout's."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "dlwakit"]:
        del sys.modules[name]
    sys.path.insert(0, str(course.root / "setup"))
    return importlib.import_module("dlwakit.cli").main


class CommandLine(Operation):
    """A command of `setup/dlwa` in a copy of the course, with its home below the place.

    It runs in copies of this process, which has imported the copy's command line and what that needs.
    """

    words = ()
    main = None

    def __init__(self, folder, place):
        super().__init__(folder, place)
        self.course = CourseCopy(folder / "course")
        self.variables = {}

    def run(self):
        first, self.main = not self.main, self.main or main_of(self.course)
        return (fork_first if first else fork)(self._work, self.folder / "log")

    def _work(self):
        variables = self.course.environment(HOME=str(self.place / "home"), **self.variables)
        os.environ.clear()
        os.environ.update(variables)
        return self.main(list(map(str, self.words)))

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
        program = self.course.root / "setup/dlwakit/course/download.py"  # which need not wait here
        waits = f"PATIENCE = {PATIENCE}"
        program.write_text(program.read_text().replace(waits, f"PATIENCE = {(0,) * len(PATIENCE)}"))
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


class Verify(CommandLine):
    """`checkpoints verify` of what is there."""

    words = "checkpoints", "verify"

    def __init__(self, folder, place):
        super().__init__(folder, place)
        self.course.add_day(registry=[])
        store = self.before / "home/.local/share/dlwa/checkpoints"
        store.mkdir(parents=True)
        names = "own.npz", "other.npz"
        for number, name in enumerate(names):
            np.savez(store / name, a=np.full(5000, number))
        facts = {name: {"kind": "own", "sha256": sha256(store / name)} for name in names}
        (store / "checkpoints.json").write_text(json.dumps(facts))


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
