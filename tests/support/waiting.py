"""Waits until something is so, for tests."""

import time

PATIENCE_S = 90  # for what must come; far more than it takes
FIRST_PAUSE_S, LAST_PAUSE_S = 0.01, 0.2  # between two looks: a look may cost as much as a program that starts


def wait_until(condition, what, seconds=PATIENCE_S):
    """Return what `condition()` gives as soon as that is true; AssertionError, naming `what`, when it never is.

    what: what is waited for, in words, or a function that returns these words in the end.
    """
    deadline, pause = time.monotonic() + seconds, FIRST_PAUSE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited in vain for {what() if callable(what) else what}"
        time.sleep(pause)
        pause = min(1.2 * pause, LAST_PAUSE_S)
    return found
