"""GANSynth's worker: the calls that the patches of day 3 make."""

import contextlib
import importlib

import numpy as np
from modelfiles.finding import find
from pdworker.serving.server import WorkerError, serve

from . import latent
from .hallucination import Envelope, combine, path
from .thumbnail import thumbnail

ENGINES = {"small": "gansynth.model", "upstream": "gansynth.upstream"}
BATCH = 4  # notes between two looks whether the call was cancelled

model = None


@contextlib.contextmanager
def clear_errors():
    """Turn what a student can put right into one clear line."""
    try:
        yield
    except FileNotFoundError as error:
        raise WorkerError("file", f"there is no file {error.filename}") from error
    except (OSError, ValueError) as error:
        raise WorkerError("input", str(error)) from error


def load(job, *, checkpoint="starter", folders=(), engine="small"):
    """Load a model by name; tells what it is."""
    global model
    with clear_errors():
        path = find(checkpoint, folders, suffixes=(".zip",))
        loaded = importlib.import_module(ENGINES[engine]).load(path)
        job.progress(0.8, "first note")
        folder = loaded.folder
        loaded.generate(loaded.random(1, seed=0), folder.pitches[:1])
    model = loaded
    return {
        "name": folder.name,
        "rate": folder.sample_rate,
        "samples": folder.audio_length,
        "latent": folder.latent_size,
        "low": folder.pitches[0],
        "high": folder.pitches[-1],
        "pitches": len(folder.pitches),
        "stage": f"{folder.stage + 1}/{folder.stages}",
        "engine": engine,
    }


def play(job, latents, pitches, **change):
    """Yield the notes of latent vectors and pitches one by one, made in batches, with progress.

    What is louder than full scale is brought down to it.
    change: further arguments of `generate`; an array among them has one entry a note.
    """
    for start in range(0, len(pitches), BATCH):
        part = slice(start, start + BATCH)
        if len(pitches) > BATCH:
            job.progress(start / len(pitches), f"note {start + 1} of {len(pitches)}")
        job.check()
        of_part = {
            key: value[part] if isinstance(value, np.ndarray) else value for key, value in change.items()
        }
        for note in model.generate(latents[part], pitches[part], **of_part):
            yield note / max(1.0, np.abs(note).max())


def need_model():
    if model is None:
        raise WorkerError("state", "no model is loaded", "load one first")
    return model.folder


def generate(job, *, pitches, arrays):
    """Notes: arrays [one latent vector a pitch]; gives each note, then each note's picture."""
    folder = need_model()
    with clear_errors():
        for point in arrays:
            folder.inputs(point, pitches[:1])
        notes = list(play(job, np.stack(arrays), pitches))
    return {"rate": folder.sample_rate}, [*notes, *(thumbnail(note, folder.sample_rate) for note in notes)]


def hallucinate(job, *, notes, steps, pitch=None, seed=None, **envelope):
    """A hallucination: `notes` random keys, `steps` notes between each two; envelope: those of Envelope."""
    folder = need_model()
    with clear_errors():
        points = path(folder.random(notes, seed), steps)
        played = play(job, points, [default_pitch(folder) if pitch is None else pitch] * len(points))
        sound = combine(played, len(points), Envelope(**envelope), folder.sample_rate)
    return {"rate": folder.sample_rate, "notes": len(points)}, [sound, thumbnail(sound, folder.sample_rate)]


def default_pitch(folder):
    """32, which the course's models know, or else the lowest."""
    return 32 if 32 in folder.pitches else folder.pitches[0]


def read_latent(job, *, file):
    """A latent vector from a file, for the model that is loaded."""
    folder = need_model()
    with clear_errors():
        point = latent.read(file)
        folder.inputs(point, folder.pitches[:1])
    return {"file": file}, [point]


def write_latent(job, *, file, arrays):
    """A latent vector to a file."""
    with clear_errors():
        latent.write(file, arrays[0])
    return {"file": file}


CALLS = {
    "load": load,
    "generate": generate,
    "hallucinate": hallucinate,
    "read_latent": read_latent,
    "write_latent": write_latent,
}

if __name__ == "__main__":
    serve(CALLS)
