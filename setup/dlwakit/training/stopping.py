"""Graceful stop on a signal: the step in hand is finished and saved. Runs in a training."""

import signal


class StopSignal:
    """Notices Ctrl-C, SIGTERM, a closed terminal, and what a cluster sends before its time limit.

    Signals that whoever started us had ignored, as nohup does with SIGHUP, stay ignored, but for SIGINT and
    SIGTERM. A context manager; `asked` is the name of the signal that came, or "".
    """

    def __init__(self):
        self.asked = ""
        self._earlier = {}

    def __enter__(self):
        for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP):
            before = signal.getsignal(kind)
            if before != signal.SIG_IGN or kind in (signal.SIGINT, signal.SIGTERM):
                self._earlier[kind] = before
                signal.signal(kind, self._ask)
        return self

    def __exit__(self, *_):
        for kind, before in self._earlier.items():
            signal.signal(kind, before)

    def _ask(self, number, frame):
        self.asked = signal.Signals(number).name
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a second Ctrl-C ends at once
