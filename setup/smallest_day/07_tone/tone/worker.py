"""The worker of day 7: makes a tone; worker process."""

from modelfiles.errors import UserError
from pdworker.serving.server import serve

from . import model


class Worker:
    """A tone; the public methods are what Pd can call."""

    def __init__(self):
        self._tone = None

    def load(self, job, *, folders, checkpoint="starter_a", engine="small"):
        """Load a model; see `model.load`. Returns the facts that the patch shows, `name` first."""
        self._tone = model.load(checkpoint, engine, folders=folders)
        return {"name": checkpoint, "frequency": self._tone.frequency}

    def generate(self, job, *, seconds):
        """Generate so much sound: returns values and arrays."""
        if self._tone is None:
            raise UserError("state", "no model is loaded", "load one first")
        return {"rate": model.RATE}, [self._tone.generate(seconds)]


if __name__ == "__main__":
    serve(Worker())
