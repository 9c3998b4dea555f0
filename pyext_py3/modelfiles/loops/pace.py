"""How many samples loops compute at a time, and on how many threads; worker process."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

MOST_THREADS = 4
QUICK_S, SLOW_S = 0.025, 0.1  # what a stride should take


def processors() -> int:
    """Count the threads that are useful.

    Returns
    -------
    int
        The processors that this process may use, at most MOST_THREADS.
    """
    return min(MOST_THREADS, len(os.sched_getaffinity(0)))


class Pace:
    """Computes in strides of some 50 ms: few enough samples to stop soon, many enough to be quick.

    Parameters
    ----------
    compute : callable
        compute(begin, end) computes the samples begin <= t < end.
    total : int
        Samples in all.
    block : int
        A stride is a multiple of it.

    Attributes
    ----------
    done : int
        How many samples have been computed.
    """

    def __init__(self, compute: Callable[[int, int], None], total: int, block: int) -> None:
        self._compute, self.total, self._block = compute, total, block
        self.done, self.stride = 0, block

    @property
    def finished(self) -> bool:
        """Whether all samples have been computed."""
        return self.done >= self.total

    def go_on(self, seconds: float, check: Callable[[], None] = lambda: None) -> None:
        """Compute for a while.

        Parameters
        ----------
        seconds : float
            For how long, roughly.
        check : callable
            Called several times a second. What it raises interrupts; the next call goes on.
        """
        deadline = time.monotonic() + seconds
        while not self.finished:
            check()
            began = time.monotonic()
            end = min(self.done + self.stride, self.total)
            self._compute(self.done, end)
            self.done = end
            now = time.monotonic()
            self._choose_stride(now - began)
            if now >= deadline:
                break

    def _choose_stride(self, took: float) -> None:
        if took < QUICK_S:
            self.stride *= 2
        elif took > SLOW_S:
            self.stride = max(self.stride // 2 // self._block, 1) * self._block
