"""Real-time priority for the thread that plays, where the system grants it; in the worker process or a child of it.

A thread that computes for a second without waiting for sound is too slow to play: it loses the priority again, so that
it cannot keep the machine from everything else.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import threading

PRIORITY = 1  # the lowest of the real-time ones: JACK's and Pd's threads come first
COMPUTES_S = 1.0  # at a time, with real-time priority
KILLED_S = 3.0  # when it does not give the priority back

_raised: set[int] = set()  # native ids of threads


def prepare() -> None:
    """Handle threads that compute too long; to be called by the worker's main thread, children inherit it."""
    signal.signal(signal.SIGXCPU, lambda number, frame: lower_priority())


def raise_priority() -> bool:
    """Give the calling thread real-time priority.

    Returns
    -------
    bool
        Whether the system grants it: to users whose limit `rtprio` (`ulimit -r`) is above zero, as musicians have it.
    """
    try:
        resource.setrlimit(resource.RLIMIT_RTTIME, (round(1e6 * COMPUTES_S), round(1e6 * KILLED_S)))
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(PRIORITY))
    except (OSError, ValueError):
        return False
    _raised.add(threading.get_native_id())
    return True


def lower_priority() -> None:
    """Take the real-time priority from all threads that have got it."""
    while _raised:
        with contextlib.suppress(ProcessLookupError):  # the thread has ended
            os.sched_setscheduler(_raised.pop(), os.SCHED_OTHER, os.sched_param(0))
