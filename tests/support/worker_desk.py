"""What the tests of pdworker share: a stand-in for Pd's thread, and workers that behave or do not."""

import queue
import stat
import sys
import threading
from pathlib import Path

import pytest
from pdworker.host.worker import Worker
from pdworker.rights import UNLIMITED

from support.waiting import wait_until

FAULTS = Path(__file__).parents[1] / "faults"


class Desk:
    """Takes what workers post, as Pd's thread does, and notes what they tell."""

    def __init__(self):
        self.posted = queue.Queue()
        self.heard = []  # (what, values...)
        self.threads = set()  # that callbacks came on
        self.workers = []

    def post(self, function, *values):
        self.posted.put((function, values))

    def note(self, what):
        """Return a callback that notes what it is called with."""

        def callback(*values):
            self.threads.add(threading.get_ident())
            self.heard.append((what, *values))

        return callback

    def worker(self, module="honest_worker", python=sys.executable, start=True, rights=UNLIMITED):
        """Return a Worker of a module in tests/faults; `python` may be a program that only plays one."""
        worker = Worker(module, "torch", [FAULTS, FAULTS.parent], self.post, rights=rights)
        self.workers.append(worker)
        if start:
            self.start(worker, python)
        return worker

    def start(self, worker, python=sys.executable):
        worker.start(str(python), *(self.note(what) for what in ("ready", "gone", "log", "event")))

    def call(
        self,
        worker,
        name,
        arrays=(),
        files=None,
        urgent=False,
        reads=None,
        writes=None,
        shows=None,
        **arguments,
    ):
        """Call the worker; what it answers is noted as "NAME result", "progress", "error" and "part"."""
        note_part = self.note(f"{name} part")

        def take_part(values, arrays, release):
            note_part(values, arrays)
            release()

        worker.call(
            name,
            arguments,
            arrays,
            self.note(f"{name} result"),
            self.note(f"{name} progress"),
            self.note(f"{name} error"),
            take_part,
            files,
            urgent,
            reads=reads,
            writes=writes,
            shows=shows,
        )

    def serve(self):
        """Run what was posted."""
        while not self.posted.empty():
            function, values = self.posted.get()
            function(*values)

    def all(self, what):
        """Return what was heard of something, oldest first."""
        self.serve()
        return [values for kind, *values in self.heard if kind == what]

    def wait(self, what, count=1):
        """Return the values of the `count`-th thing heard of that name."""
        wait_until(lambda: len(self.all(what)) >= count, f"{what} (heard: {str(self.heard)[:2000]})")
        return self.all(what)[count - 1]


def gone(pid):
    """Whether no process has this number, not even a zombie."""
    return not Path(f"/proc/{pid}").exists()


def ended(pid):
    """Whether the process runs no more; a zombie of somebody else's counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):  # the latter when it goes between open and read
        return True


def threads_and_descriptors():
    return len(list(Path("/proc/self/task").iterdir())), len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    desk = Desk()
    yield desk
    for worker in desk.workers:
        worker.stop()
        wait_until(lambda worker=worker: worker.has_ended, "a worker's thread to end")


@pytest.fixture
def problem(tmp_path):
    """`problem("babbles")` is a program to use as a worker's Python: problem_worker.py in that mood."""

    def make(mood):
        program = tmp_path / mood
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{FAULTS}/problem_worker.py" {mood}\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return program

    return make
