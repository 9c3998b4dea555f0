"""The worker of AI Duet: what it can be asked for, and how requests and results look on the wire."""

import contextlib

from modelfiles.finding import find
from pdworker.serving.server import WorkerError, serve

from . import midi, model
from .notes import notes_from_rows

network = None


def load(job, *, checkpoint, folders, engine="small"):
    """Load a `.mag` bundle by name; `engine`: "small" (numpy) or "upstream" (Magenta)."""
    global network
    path = find(checkpoint, folders, (".mag",))
    network = model.load(path, engine)
    return {
        "name": path.stem,
        "encoding": network.configuration,
        "min_pitch": network.encoding.low,
        "max_pitch": network.encoding.high - 1,
        "layers": "x".join(map(str, network.layers)),
        "engine": engine,
    }


def generate(job, *, notes, seconds, temperature=1.0, candidates=1, tempo=None, seed=None):
    """Answer a melody; see model.MelodyModel.generate. `seed` makes the answer repeatable."""
    if network is None:
        raise WorkerError("generate", "no network is loaded yet", "load one first")
    return network.generate(
        notes,
        seconds,
        temperature=temperature,
        candidates=candidates,
        tempo=tempo,
        seed=seed,
        progress=lambda fraction: job.progress(fraction, "composing"),
    )._asdict()


def read_midi(job, *, path):
    """The melody in a MIDI file."""
    melody = midi.read_midi(path)
    for remark in melody.remarks:
        job.log(remark)
    return {"notes": melody.notes, "tempo": melody.tempo}


def write_midi(job, *, path, notes, tempo):
    """Write notes to a MIDI file."""
    with clear_errors():
        midi.write_midi(path, notes_from_rows(notes), tempo)
    return {"path": path}


@contextlib.contextmanager
def clear_errors():
    """Turn what a person can do wrong into the one line that they will read."""
    try:
        yield
    except OSError as error:
        raise WorkerError("arguments", str(error)) from None


if __name__ == "__main__":
    serve({"load": load, "generate": generate, "read_midi": read_midi, "write_midi": write_midi})
