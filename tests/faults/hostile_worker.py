"""A worker whose calls do what a hostile program would."""

import os
from pathlib import Path

from modelfiles.errors import UserError
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

    def look(self, job, *, model, beside):
        """Return what can be read of a model, and whether it can be changed, or what lies beside it be read."""
        model = Path(model)
        files = sorted(str(path.relative_to(model)) for path in model.rglob("*") if path.is_file())
        outcome = {"files": files, "text": (model / files[0]).read_text(), "name": model.name}
        attempts = {
            "change": lambda: (model / files[0]).write_text("x"),
            "add": lambda: (model / "new").write_text("x"),
            "beside": lambda: Path(beside).read_text(),
        }
        for name, attempt in attempts.items():
            try:
                attempt()
                outcome[name] = "done"
            except OSError as error:
                outcome[name] = error.strerror
        return outcome

    def miss(self, job, *, model):
        """Complain of a model."""
        raise UserError("checkpoint", f"{model}/weights is damaged")

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
