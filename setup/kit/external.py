"""The Pd external: built from pyext_py3 for the system's Python, put where every Pd of the user finds it."""

import os
import shlex
import shutil
import tempfile
from pathlib import Path

from kit.console import DlwaError, run
from kit.files import fingerprint, read_json, write_json
from kit.parts import Part
from kit.paths import EXTERNAL_SOURCE, SYSTEM_PYTHON, library_folder

STAMP = ".dlwa.json"
BUILT = ("*.o", "*.d", "*.pd_linux", "*.l_*", "*.so", "__pycache__", "build", ".*")


class External(Part):
    """`py.pd_linux`, its help patches and the package `pdworker`."""

    name = "pyext, the Pd external"
    cost = "about a minute, 2 MB"
    fix = "setup/dlwa install"

    def __init__(self, source=EXTERNAL_SOURCE, target=None):
        self.source = Path(source)
        self.folder = target or library_folder()
        self.undo = f"setup/dlwa uninstall, or delete {self.folder}"

    def _fingerprint(self):
        files = {}
        for parent, folders, names in os.walk(self.source):
            folders[:] = [name for name in folders if not any(Path(name).match(built) for built in BUILT)]
            for name in names:
                path = Path(parent, name)
                if not any(path.match(built) for built in BUILT):
                    files[str(path.relative_to(self.source))] = path
        return fingerprint(files, str(SYSTEM_PYTHON.resolve()), os.uname().machine)

    def missing(self):
        """Whether the library is there, and made from these sources for this Python."""
        if not list(self.folder.glob("py.*")):
            return [f"{self.folder} is not there"]
        if read_json(self.folder / STAMP, {}).get("fingerprint") != self._fingerprint():
            return ["made from other sources than those of this checkout, or for another Python"]
        return []

    def _make_command(self, folder):
        return ["make", "-C", folder, f"-j{os.cpu_count()}", f"PYTHON={SYSTEM_PYTHON}"]

    def commands(self):
        """make, in a copy of the sources; then the copy to its place."""
        return [shlex.join(self._make_command("COPY_OF_PYEXT_PY3")), f"copy to {self.folder}"]

    def make(self):
        """Build in a temporary copy (make cannot work below a folder with a space in its name), then swap."""
        if not (self.source / "Makefile").exists():
            raise DlwaError(
                f"{self.source} has no Makefile", "This checkout is not complete: git status, git pull"
            )
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        for left_over in self.folder.parent.glob(".pyext-*"):
            shutil.rmtree(left_over)
        with tempfile.TemporaryDirectory(prefix="dlwa-") as workshop:
            build = Path(workshop, "pyext")
            shutil.copytree(self.source, build, ignore=shutil.ignore_patterns(*BUILT))
            mark = self._fingerprint()
            run(self._make_command(build), "building pyext", "pyext.log")
            with tempfile.TemporaryDirectory(prefix=".pyext-", dir=self.folder.parent) as stage:
                fresh = Path(stage, "new")
                self._collect(build, fresh)
                write_json(fresh / STAMP, {"fingerprint": mark, "python": str(SYSTEM_PYTHON.resolve())})
                if self.folder.exists():
                    self.folder.rename(Path(stage, "old"))
                fresh.rename(self.folder)

    def _collect(self, build, fresh):
        binaries = list(build.glob("py.pd_linux"))
        if not binaries:
            raise DlwaError("building pyext: make ended well but left no py.pd_linux")
        fresh.mkdir()
        for path in [*binaries, *build.glob("*.pd")]:
            shutil.copy2(path, fresh)
        shutil.copytree(build / "pdworker", fresh / "pdworker", ignore=shutil.ignore_patterns("__pycache__"))
