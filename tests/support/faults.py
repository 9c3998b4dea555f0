"""Calls of the C library that fail, or end the process, at a chosen number: the library `faults.c`, and what drives it.

faults = Faults(FOLDER, UNDER)               # this process has faults.variables in its environment
with faults.at(3, KILLED):                   # the third call that changes something below UNDER
    ...                                      # start a process, wait for it
faults.count, faults.call                    # how many calls there were, which was the third
"""

import contextlib
import ctypes
import errno
import mmap
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")
NAMES = 400


class Control(ctypes.Structure):
    """What processes share with the library; as in faults.c."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("armed", "how", "at", "error", "spared", "reads", "count")),
        ("name", ctypes.c_char * NAMES),
        ("under", ctypes.c_char * NAMES),
        ("kept", ctypes.c_char * NAMES),
    )


@dataclass(frozen=True)
class Fault:
    """What happens at a call: `how`, a number in faults.c, and the error of a call that fails.

    reads: at one that reads, instead of one that changes something.
    """

    name: str
    how: int
    error: int = 0
    reads: bool = False

    @property
    def ends(self):
        """Whether the process can say nothing any more."""
        return self.how in (2, 3, 4)


FAILS = Fault("the call fails", 0, errno.EIO)
READ_FAILS = Fault("the disk cannot be read there", 0, errno.EIO, reads=True)
FULL = Fault("the disk is full from there on", 1, errno.ENOSPC)
READ_ONLY = Fault("nothing is allowed from there on", 1, errno.EACCES)
KILLED = Fault("killed", 3)
PART_KILLED = Fault("the calling process alone is killed", 2)
HALFWAY = Fault("killed in the middle of the call", 4)
CTRL_C = Fault("Ctrl-C", 5)


class Faults:
    """The library, built into `folder`, for files below `under`."""

    def __init__(self, folder, under):
        library, control = Path(folder, "faults.so"), Path(folder, "faults.control")
        words = ["gcc", "-std=gnu11", "-O1", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"]
        if not library.exists():
            subprocess.run(words, check=True)
            control.write_bytes(bytes(mmap.PAGESIZE))
        with control.open("r+b") as file:
            self._control = Control.from_buffer(mmap.mmap(file.fileno(), mmap.PAGESIZE))
        self._control.under = str(under).encode() + b"/"
        self.variables = {"LD_PRELOAD": str(library), "FAULTS_CONTROL": str(control)}

    @contextlib.contextmanager
    def at(self, number, fault, kept=""):
        """Let it happen at the call of this number in the processes that run meanwhile; 0: count only.

        kept: a folder where a file for each call says what made it: the program, the call, lines of Python.
        """
        control = self._control
        control.kept = str(kept).encode()
        control.at, control.how, control.error = number, fault.how, fault.error
        control.reads = fault.reads
        control.count, control.name, control.spared, control.armed = 0, b"", os.getpid(), 1
        try:
            yield
        finally:
            control.armed = 0

    @property
    def count(self):
        """How many calls there were."""
        return self._control.count

    @property
    def call(self):
        """The call at which it happened."""
        return self._control.name.decode(errors="replace")
