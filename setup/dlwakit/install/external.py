"""The Pd external: built for the system's Python, installed for every Pd of the user. On the command line."""

import os
import shlex
import shutil
import tempfile
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.base.console import run
from dlwakit.base.files import fingerprint, read_json, scratch_folder, write_json
from dlwakit.base.paths import EXTERNAL_SOURCE, SYSTEM_PYTHON, library_folder
from dlwakit.install.components import Component

STAMP = ".dlwa.json"
BINARY = "py.pd_linux"
MADE_BY_MAKE = ("*.o", "*.d", "*.pd_linux", "*.l_*", "*.so", "__pycache__", "build", ".*")


class External(Component):
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
            if name.startswith("src/") or name in ("Makefile", "VERSION")
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

    def _make_command(self, folder, target):
        words = [f"-j{os.cpu_count()}", f"PYTHON={SYSTEM_PYTHON}", f"PDLIBDIR={target}"]
        return ["make", "-C", folder, "install", *words]

    def commands(self):
        """make install, in a copy of the sources."""
        return [shlex.join(self._make_command("COPY_OF_PYEXT_PY3", str(self.folder.parent)))]

    def make(self):
        """Install beside the library's place, then swap; build the binary only if its sources changed."""
        if not (self.source / "Makefile").exists():
            raise UserError(
                "environment",
                f"{self.source} has no Makefile",
                "This checkout is not complete: git status, git pull",
            )
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        for left_over in self.folder.parent.glob(".pyext-*"):
            shutil.rmtree(left_over)
        with scratch_folder(self.folder.parent, ".pyext-") as stage:
            stamp = self._stamp()
            self._install(stage, self._installed().get("binary") == stamp["binary"])
            fresh = stage / "pyext"
            write_json(fresh / STAMP, stamp)
            if self.folder.exists():
                self.folder.rename(stage / "old")
            fresh.rename(self.folder)

    def _install(self, target, built):
        """Run make install in a copy whose path has no space, which make cannot bear; the checkout stays clean."""
        with tempfile.TemporaryDirectory(prefix="dlwa-") as workshop:
            copy = Path(workshop, "pyext")
            shutil.copytree(self.source, copy, ignore=shutil.ignore_patterns(*MADE_BY_MAKE))
            command = self._make_command(copy, target)
            if built:
                shutil.copy2(self.folder / BINARY, copy)
                command.append(f"--old-file={BINARY}")
            run(command, "installing pyext" if built else "building pyext", "pyext.log")
        if not Path(target, "pyext", BINARY).exists():
            raise UserError("environment", f"building pyext: make ended well but left no {BINARY}")


def _is_made(name):
    return any(Path(name).match(pattern) for pattern in MADE_BY_MAKE)
