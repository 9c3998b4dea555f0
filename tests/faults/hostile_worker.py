"""A worker whose calls do what a hostile program would."""

import os
from pathlib import Path

from pdworker.serving.server import serve
from support import hostile_attempts


class Worker:
    """Its public methods are the calls."""

    def load(self, job, *, folder, victim):
        hostile_attempts.ordinary_life(os.environ["TMPDIR"])
        return hostile_attempts.attempts(folder, victim)

    def variables(self, job):
        return dict(os.environ)

    def copy(self, job, *, source, target):
        Path(target).write_text(Path(source).read_text() + "!")
        return {"source": source, "target": target}

    def cheat(self, job, *, target, link):
        """Leave a link, a folder or nothing where a file is expected."""
        if link == "folder":
            Path(target).mkdir()
        elif link:
            Path(target).symlink_to(link)
        return {}

    def eat(self, job, *, megabytes):
        return {"bytes": len(bytearray(megabytes << 20))}


if __name__ == "__main__":
    serve(Worker())
