"""The worker process of GANSynth: the calls that the Pd object of day 3 makes."""

import numpy as np
from modelfiles.bending import TOO_FAR
from modelfiles.errors import UserError
from modelfiles.finding import find
from modelfiles.resample import resample
from pdworker.serving.bendable import BendableWorker
from pdworker.serving.server import serve

from . import latent
from .hallucination import Envelope, combine, path
from .loading import load_path
from .thumbnail import thumbnail
from .timbres import known_timbres

BATCH = 4  # notes between two checks whether the call was cancelled
COURSE_PITCH = 32  # of hallucinations, where the model knows it: the original's


class Worker(BendableWorker):
    """Loads a model and makes notes with it; the public methods are the calls."""

    def __init__(self):
        self._model = None

    def load(self, job, *, checkpoint="starter", folders=(), engine="small"):
        """Load a model by name; returns facts about it."""
        model = load_path(find(checkpoint, folders, suffixes=(".zip",)), engine)
        job.progress(0.8, "first note")
        folder = model.folder
        model.generate(model.random(1, seed=0), folder.pitches[:1])
        self._model, self._bending = model, getattr(model, "bending", None)
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
            "layers": self._layers(),
        }

    def generate(self, job, *, pitches, arrays):
        """Make notes: arrays [one latent vector a pitch]. Returns each note, then each note's picture."""
        folder = self._require_model().folder
        for point in arrays:
            folder.inputs(point, pitches[:1])
        return self._with_pictures(self._notes(job, np.stack(arrays), pitches))

    def note(self, job, *, pitch, frames, out_rate, arrays):
        """Make a note of arrays [latent vector], or the beginning of it, and bring it to another sample rate.

        frames: how many of its spectrogram; 0 for all. Returns [sound], which may be louder than full scale.
        """
        model = self._require_model()
        if frames and hasattr(model, "begin"):
            sound = model.begin(arrays[0], pitch, frames)
        else:
            (sound,) = model.generate(arrays[0][np.newaxis], [pitch])
        return {}, [resample(alive(sound), model.folder.sample_rate, out_rate)]

    def hallucinate(self, job, *, notes, steps, pitch=None, seed=None, **envelope):
        """Make a hallucination of `notes` random points with `steps` notes between each two.

        envelope: the fields of Envelope. Returns the sound and its picture.
        """
        folder = self._require_model().folder
        points = path(folder.random(notes, seed), steps)
        pitches = [self._pitch(pitch)] * len(points)
        return self._combine(self._notes(job, points, pitches), len(points), envelope)

    def travel(self, job, *, pitch, arrays, **envelope):
        """Make one sound of notes of latent vectors, arrays [points [n, size]]; returns it and its picture."""
        (points,) = arrays
        return self._combine(self._notes(job, points, [pitch] * len(points)), len(points), envelope)

    def known_points(self, job, *, pitch, count, seed, most):
        """Points for a map: of the timbres that the model was trained on, else random ones.

        Returns their names and loudness, and arrays [points [n, size], features of their notes [n, k]].
        """
        folder = self._require_model().folder
        named = known_timbres(folder)
        what = "timbres" if named else f"{count} random points"
        named = named or {f"z {index + 1}": point for index, point in enumerate(folder.random(count, seed))}
        points = np.stack(list(named.values())[:most])
        notes = list(self._notes(job, points, [pitch] * len(points)))
        looks = [thumbnail(note, folder.sample_rate) for note in notes]
        loudness = [float(10 * np.log10(np.square(note).mean() + 1e-10)) for note in notes]
        features = np.stack([np.concatenate([look.mean(0), look.std(0)]) for look in looks])
        return {"what": what, "names": list(named)[:most], "loudness": loudness}, [points, features]

    def read_latent(self, job, *, file):
        """Read a latent vector from a file, for the model that is loaded."""
        folder = self._require_model().folder
        point = latent.read(file)
        folder.inputs(point, folder.pitches[:1])
        return {"file": file}, [point]

    def write_latent(self, job, *, file, arrays):
        """Write a latent vector to a file."""
        latent.write(file, arrays[0])
        return {"file": file}

    def _require_model(self):
        if self._model is None:
            raise UserError("state", "no model is loaded", "load one first")
        return self._model

    def _pitch(self, pitch):
        """The pitch asked for; where none is, COURSE_PITCH or else the lowest."""
        pitches = self._model.folder.pitches
        if pitch is not None:
            return pitch
        return COURSE_PITCH if COURSE_PITCH in pitches else pitches[0]

    def _notes(self, job, latents, pitches, **change):
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
            for note in self._model.generate(latents[part], pitches[part], **of_part):
                yield alive(note) / max(1.0, np.abs(note).max())

    def _with_pictures(self, notes):
        rate, notes = self._model.folder.sample_rate, list(notes)
        return {"rate": rate}, [*notes, *(thumbnail(note, rate) for note in notes)]

    def _combine(self, notes, count, envelope):
        rate = self._model.folder.sample_rate
        sound = combine(notes, count, Envelope(**envelope), rate)
        return {"rate": rate, "notes": count}, [sound, thumbnail(sound, rate)]


def alive(note):
    """The same note. Raises UserError where the network is bent until it answers no numbers."""
    if not np.isfinite(note).all():
        raise UserError("checkpoint", TOO_FAR, "restore it")
    return note


if __name__ == "__main__":
    serve(Worker())
