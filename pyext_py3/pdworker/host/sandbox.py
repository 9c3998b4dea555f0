"""bubblewrap around a worker, where the system lets it; the worker's thread in Pd.

Around one that runs a stranger's program always, around others where the kernel has no Landlock.

It shows the worker the system, its environment, its modules and its own folder, and nothing else that is the person's.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

_ALONE = ("--unshare-net", "--unshare-ipc", "--unshare-uts", "--die-with-parent", "--cap-drop", "ALL")
_SYSTEM = ("--ro-bind", "/", "/", "--dev", "/dev")
_PROCESSES = ("--unshare-pid", "--proc", "/proc")  # some containers do not allow it
_HIDDEN = ("/home", "/root", "/tmp", "/var/tmp", "/run", "/media", "/mnt", "/srv")


class NoSandbox(Exception):
    """There is none here; the text says why, and what would help."""


def confined(command: list[str], shown: Iterable[str | Path], own: Iterable[str]) -> list[str]:
    """The command line that runs a command in a sandbox. Raises NoSandbox. The first call takes a moment.

    Parameters
    ----------
    command : list of str
    shown : iterable of path
        What can be read of what is hidden.
    own : iterable of str
        The folders that can be changed.
    """
    start = _bubblewrap()
    hidden = {*_HIDDEN, str(Path.home()), tempfile.gettempdir()}
    folders = [word for place in sorted(hidden) if Path(place).is_dir() for word in ("--tmpfs", place)]
    binds = [word for path in sorted({*map(str, shown)}) for word in ("--ro-bind-try", path, path)]
    owns = [word for path in own for word in ("--bind", path, path)]
    return [*start, *folders, *binds, *owns, *command]


def folders_of(python: Path) -> set[Path]:
    """The folders in which an interpreter lies, those of its virtual environment and of what it is made of."""
    settings = python.parent.parent / "pyvenv.cfg"
    lines = settings.read_text(encoding="utf-8").splitlines() if settings.is_file() else []
    homes = [Path(line.partition("=")[2].strip()) for line in lines if line.split("=")[0].strip() == "home"]
    return {place.parent for place in (python.parent, python.resolve().parent, *homes)}


def obstacle() -> str:
    """Why there is no sandbox here; "" where there is one."""
    try:
        _bubblewrap()
    except NoSandbox as why:
        return str(why)
    return ""


@functools.cache
def _bubblewrap() -> tuple[str, ...]:
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise NoSandbox("bubblewrap is not installed (sudo apt install bubblewrap)")
    why = ""
    for confining in ((bwrap, *_ALONE, *_SYSTEM, *_PROCESSES), (bwrap, *_ALONE, *_SYSTEM)):
        tried = subprocess.run([*confining, "true"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if not tried.returncode:
            return confining
        why = (tried.stderr.strip().splitlines() or ["it does not say why"])[-1]
    raise NoSandbox(f"bubblewrap may not work on this system ({why})")
