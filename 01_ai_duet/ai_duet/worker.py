"""The worker of AI Duet: the calls that its Pd object makes; the worker process."""

from __future__ import annotations

from collections.abc import Sequence

from modelfiles.errors import UserError
from modelfiles.finding import find
from pdworker.serving.server import Job, serve

from . import midi
from .model import MelodyModel, load
from .notes import notes_from_rows


class Worker:
    """Its public methods are the calls. Notes are rows [pitch, velocity, start, end], times in seconds."""

    def __init__(self) -> None:
        self._model: MelodyModel | None = None

    def load(self, job: Job, *, checkpoint: str, folders: Sequence[str], engine: str = "small") -> dict:
        """Load a `.mag` bundle by name or path, see model.load; return facts about it."""
        path = find(checkpoint, folders, (".mag",))
        model = self._model = load(path, engine)
        return {
            "name": path.stem,
            "encoding": model.configuration,
            "min_pitch": model.encoding.low,
            "max_pitch": model.encoding.high - 1,
            "layers": "x".join(map(str, model.layers)),
            "engine": engine,
        }

    def generate(self, job: Job, *, notes: list, seconds: float, **settings) -> dict:
        """Answer a melody; `settings` are those of MelodyModel.generate."""
        if self._model is None:
            raise UserError("state", "no model is loaded", "load one first")
        answer = self._model.generate(
            notes, seconds, progress=lambda fraction: job.progress(fraction, "composing"), **settings
        )
        return answer._asdict()

    def open_midi(self, job: Job, *, path: str) -> dict:
        """Read the melody of a MIDI file; what is left out of it goes to the log."""
        melody = midi.read_midi(path)
        for remark in melody.remarks:
            job.log(remark)
        return {"notes": melody.notes, "tempo": melody.tempo}

    def save_midi(self, job: Job, *, path: str, notes: list, tempo: float) -> dict:
        """Write notes to a MIDI file."""
        midi.write_midi(path, notes_from_rows(notes), tempo)
        return {}


if __name__ == "__main__":
    serve(Worker())
