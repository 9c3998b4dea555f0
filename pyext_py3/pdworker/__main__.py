"""Starts a worker process: `python -m pdworker MODULE NICENESS FILES`, run by `pdworker.host.process`."""

import os
import sys


def take_wire() -> tuple[int, int]:
    """Return descriptors for frames in and out; from now on prints go to stderr, and reads find nothing."""
    wire = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return wire


if __name__ == "__main__":
    wire = take_wire()  # before numpy or anything else that might print
    from pdworker.serving import server

    server.run(sys.argv[1], int(sys.argv[2]), *wire, int(sys.argv[3]))
