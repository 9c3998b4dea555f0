"""The Pd external: built from pyext_py3 for the system's Python, put where every Pd of the user finds it."""

import os
import shlex
import shutil
import tempfile
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.base.console import run
from dlwakit.base.files import fingerprint, read_json, write_json
from dlwakit.base.paths import EXTERNAL_SOURCE, SYSTEM_PYTHON, library_folder
from dlwakit.install.parts import Part

STAMP = ".dlwa.json"
BINARY = "py.pd_linux"
PACKAGES = ("pdworker", "modelfiles")  # what comes with the binary
CPUS = {"x86_64": "amd64", "aarch64": "arm64"}
# A double-precision Pd looks for this name alone; the library then tells it what is wrong.
NAME_FOR_PD64 = f"py.linux-{CPUS.get(os.uname().machine, os.uname().machine)}-64.so"
MADE_BY_MAKE = ("*.o", "*.d", "*.pd_linux", "*.l_*", "*.so", "__pycache__", "build", ".*")


class External(Part):
    """The binary, its help patches and its Python packages."""

    name = "pyext, the Pd external"
    cost = "about a minute, 2 MB"
    fix = "setup/dlwa install"

    def __init__(self, source=EXTERNAL_SOURCE, target=None):
        self.source = Path(source)
        self.folder = target or library_folder()
        self.undo = f"setup/dlwa uninstall, or delete {self.folder}"

    def _sources(self):
        """{name: path} of the files that count."""
        files = {}
        for parent, folders, names in os.walk(self.source):
            folders[:] = [name for name in folders if not _is_made(name)]
            for name in names:
                if not _is_made(name):
                    path = Path(parent, name)
                    files[str(path.relative_to(self.source))] = path
        return files

    def _stamp(self):
        """What is to be installed: fingerprints of all files, and of those that the binary is made from."""
        files = self._sources()
        binary = {
            name: path
            for name, path in files.items()
            if not name.startswith(tuple(f"{package}/" for package in PACKAGES))
            and not name.endswith((".pd", ".md"))
        }
        return {
            "files": fingerprint({**files, "recipe": Path(__file__)}),
            "binary": fingerprint(binary, str(SYSTEM_PYTHON.resolve()), os.uname().machine),
        }

    def _installed(self):
        return read_json(self.folder / STAMP, {}) if (self.folder / BINARY).exists() else {}

    def missing(self):
        """Whether the library is there, and made from these sources for this Python."""
        installed, wanted = self._installed(), self._stamp()
        if not installed:
            return [f"{self.folder} is not there"]
        if installed.get("binary") != wanted["binary"]:
            return ["built from other sources than those of this checkout, or for another Python"]
        if installed.get("files") != wanted["files"]:
            return ["its Python or help files are not those of this checkout"]
        return []

    def _make_command(self, folder):
        return ["make", "-C", folder, f"-j{os.cpu_count()}", f"PYTHON={SYSTEM_PYTHON}"]

    def commands(self):
        """make, in a copy of the sources; then the copy to its place."""
        return [shlex.join(self._make_command("COPY_OF_PYEXT_PY3")), f"copy to {self.folder}"]

    def make(self):
        """Put the library together beside its place, then swap; build the binary only if its sources changed."""
        if not (self.source / "Makefile").exists():
            raise UserError(
                "environment",
                f"{self.source} has no Makefile",
                "This checkout is not complete: git status, git pull",
            )
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        for left_over in self.folder.parent.glob(".pyext-*"):
            shutil.rmtree(left_over)
        with tempfile.TemporaryDirectory(prefix=".pyext-", dir=self.folder.parent) as stage:
            fresh = Path(stage, "new")
            fresh.mkdir()
            stamp = self._stamp()
            for path in (*self.source.glob("*.pd"), *self.source.glob("*.py")):
                shutil.copy2(path, fresh)
            for package in PACKAGES:
                shutil.copytree(
                    self.source / package, fresh / package, ignore=shutil.ignore_patterns(*MADE_BY_MAKE)
                )
            if self._installed().get("binary") == stamp["binary"]:
                shutil.copy2(self.folder / BINARY, fresh)
            else:
                self._build(fresh)
            (fresh / NAME_FOR_PD64).symlink_to(BINARY)
            write_json(fresh / STAMP, stamp)
            if self.folder.exists():
                self.folder.rename(Path(stage, "old"))
            fresh.rename(self.folder)

    def _build(self, target):
        """Build in a copy whose path has no space, which make could not bear, and which leaves the checkout clean."""
        with tempfile.TemporaryDirectory(prefix="dlwa-") as workshop:
            copy = Path(workshop, "pyext")
            shutil.copytree(self.source, copy, ignore=shutil.ignore_patterns(*MADE_BY_MAKE))
            run(self._make_command(copy), "building pyext", "pyext.log")
            if not (copy / BINARY).exists():
                raise UserError("environment", f"building pyext: make ended well but left no {BINARY}")
            shutil.copy2(copy / BINARY, target)


def _is_made(name):
    return any(Path(name).match(pattern) for pattern in MADE_BY_MAKE)
