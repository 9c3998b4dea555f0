"""Starts a worker process: `python -m pdworker MODULE NICENESS FILES RIGHTS PATHS`, run by `pdworker.host.process`."""

import os
import sys

from pdworker.confinement import confine
from pdworker.rights import Rights


def take_wire() -> tuple[int, int]:
    """Return descriptors for frames in and out; from now on prints go to stderr, and reads find nothing."""
    wire = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return wire


def add_paths(paths: str) -> None:
    """Search folders last: a person's own `random.py` there must not take the place of Python's."""
    folders = [folder for folder in paths.split(os.pathsep) if folder]
    sys.path.extend(folders)
    if folders:
        os.chdir(folders[0])


if __name__ == "__main__":
    wire = take_wire()  # before numpy or anything else that might print
    add_paths(sys.argv[5])
    confine(Rights.from_text(sys.argv[4]))  # before anything starts a thread, which would stay as it is
    from pdworker.serving import server

    server.run(sys.argv[1], int(sys.argv[2]), *wire, int(sys.argv[3]))
