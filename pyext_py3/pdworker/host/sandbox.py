"""A worker that runs a stranger's program: no network, nothing on the disk can be changed; the worker's thread in Pd.

bubblewrap (Debian's package of that name) does it, where the system lets it.
"""

from __future__ import annotations

import functools
import shutil
import subprocess


class NoSandbox(Exception):
    """There is none here; the text says why, and what would help."""


def confined(command: list[str]) -> list[str]:
    """The command line that runs `command` in a sandbox. Raises NoSandbox. The first call takes a moment."""
    return [*_bubblewrap(), *command]


@functools.cache
def _bubblewrap() -> tuple[str, ...]:
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise NoSandbox("bubblewrap is not installed (sudo apt install bubblewrap)")
    confining = [
        bwrap,
        "--unshare-net",
        "--unshare-ipc",
        "--die-with-parent",
        "--ro-bind",
        "/",
        "/",
        "--dev",
        "/dev",
    ]
    tried = subprocess.run([*confining, "true"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if tried.returncode:
        why = (tried.stderr.strip().splitlines() or ["it does not say why"])[-1]
        raise NoSandbox(f"bubblewrap may not work on this system ({why})")
    return tuple(confining)
