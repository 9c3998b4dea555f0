"""The worker of AI Duet: what it can be asked for, and how requests and results look on the wire."""

import contextlib

import numpy as np
from modelfiles.finding import find
from pdworker.serving.server import WorkerError, serve

from ai_duet import midi
from ai_duet.answer import answer
from ai_duet.bundle import read_bundle
from ai_duet.model import MelodyRnn

ENGINES = ("small", "upstream")

network = None


def load(job, *, checkpoint, folders, engine="small"):
    """Load a `.mag` bundle by name; `engine`: "small" (numpy) or "upstream" (Magenta)."""
    global network
    if engine not in ENGINES:
        raise WorkerError("load", f"there is no engine {engine!r}", f"there are {', '.join(ENGINES)}")
    with clear_errors():
        path = find(checkpoint, folders, (".mag",))
        bundle = read_bundle(path)  # with either engine: it says clearly what is wrong with a file
        network = MelodyRnn.from_bundle(bundle) if engine == "small" else _upstream(path)
    return {
        "name": path.stem,
        "encoding": network.name,
        "min_pitch": network.encoding.low,
        "max_pitch": network.encoding.high - 1,
        "layers": "x".join(map(str, network.layers)),
        "engine": engine,
    }


def generate(job, *, notes, seconds, temperature=1.0, candidates=1, qpm=0, seed=None):
    """Answer a melody; see answer.answer. `seed` makes the answer repeatable."""
    if network is None:
        raise WorkerError("generate", "no network is loaded yet", "load one first")
    with clear_errors():
        answered, qpm, log_likelihood = answer(
            network,
            notes,
            seconds,
            temperature=temperature,
            candidates=int(candidates),
            qpm=qpm,
            rng=np.random.RandomState(None if seed is None else int(seed)),
            progress=lambda fraction: job.progress(fraction, "composing"),
        )
    return {"notes": answered, "qpm": qpm, "log_likelihood": log_likelihood}


def read_midi(job, *, path):
    """The melody in a MIDI file."""
    with clear_errors():
        melody = midi.read_midi(path)
    for remark in melody.remarks:
        job.log(remark)
    return {"notes": melody.notes, "qpm": melody.qpm}


def write_midi(job, *, path, notes, qpm):
    """Write notes to a MIDI file."""
    with clear_errors():
        midi.write_midi(path, notes, qpm)
    return {"path": path}


def _upstream(path):
    from ai_duet import upstream  # imports TensorFlow, which takes seconds and half a gigabyte

    return upstream.MelodyRnn(path)


@contextlib.contextmanager
def clear_errors():
    """Turn what a person can do wrong into the one line that they will read."""
    try:
        yield
    except OSError as error:
        raise WorkerError("arguments", str(error)) from None


if __name__ == "__main__":
    serve({"load": load, "generate": generate, "read_midi": read_midi, "write_midi": write_midi})
