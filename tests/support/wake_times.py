"""How late a machine wakes threads of the highest priority, measured by cyclictest of Debian's rt-tests."""

import os
import subprocess

import numpy as np

INTERVAL_US = 1000


class WakeTimes:
    """One thread on each processor that sleeps for a millisecond again and again; a context manager.

    Parameters
    ----------
    priority : int
        Real-time priority of the threads.
    """

    def __init__(self, priority):
        command = ["cyclictest", "--default-system", "--smp", "--mlockall", "--verbose"]
        command += ["--priority", str(priority), "--interval", str(INTERVAL_US), "--distance", "0"]
        self._process = subprocess.Popen(
            ["stdbuf", "-oL", *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pipesize=1 << 20,
        )
        os.set_blocking(self._process.stdout.fileno(), False)
        self._rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._process.terminate()
        with self._process:
            pass

    def latest(self):
        """The longest time in ms by which a thread woke too late since the last call; nan where none woke."""
        *lines, self._rest = (self._rest + (self._process.stdout.read() or b"")).split(b"\n")
        times = [line.rpartition(b":")[2] for line in lines if line.count(b":") == 2]  # thread: number: us
        return max(map(int, times), default=np.nan) / 1000
