"""The worker process of GANSpaceSynth: the calls of the Pd objects of day 4; GANSynth's are among them."""

import numpy as np
from gansynth import worker
from gansynth.hallucination import path
from modelfiles.errors import UserError
from pdworker.serving.server import serve

from . import steps
from .model import load_components


class Worker(worker.Worker):
    """GANSynth's worker with components of one of the model's layers; the public methods are the calls."""

    def __init__(self):
        super().__init__()
        self._components = None

    def load(self, job, **arguments):
        """Load a model by name, as GANSynth's worker does; components of another one are forgotten."""
        facts = super().load(job, **arguments)
        self._components = None
        return facts

    def load_components(self, job, *, file, folders=()):
        """Load the components of the model's layer; returns what part of the variance each explains."""
        found, loaded = load_components(file, folders, self._require_model())
        self._components = loaded
        facts = {"file": found.name, "layer": loaded.layer, "count": loaded.count}
        if loaded.pitch is not None:
            facts["pitch"] = loaded.pitch
        return facts, [loaded.var_ratio]

    def edit(self, job, *, pitches, replace=False, arrays):
        """Make notes of edits.

        arrays: edits, one list a pitch, then as many latent vectors unless the layer is replaced.
        """
        folder = self._require_components()
        count = len(pitches)
        size = max(len(edits) for edits in arrays[:count])
        edits = np.stack([np.pad(edits, (0, size - len(edits))) for edits in arrays[:count]])
        if replace:  # then neither makes a difference
            latents, pitches = np.zeros((count, folder.latent_size)), folder.pitches[:1] * count
        else:
            latents = np.stack(arrays[count:])
        return self._with_pictures(
            self._notes(job, latents, pitches, **self._components.change(edits, replace))
        )

    def hallucinate_edits(self, job, *, parts, pitch=None, replace=True, arrays, **envelope):
        """Make a hallucination along steps: arrays [steps of edits [n, k]], and a latent vector unless replaced.

        parts: into how many the way from one step to the next is cut; 0 and 1: the steps alone.
        """
        folder = self._require_components()
        edits = path(arrays[0], max(0, parts - 1), lambda start, end, amount: start + amount * (end - start))
        latent = np.zeros(folder.latent_size) if replace else arrays[1]
        folder.inputs(latent, folder.pitches[:1])
        notes = self._edited_notes(job, latent, self._pitch(pitch), edits, replace)
        return self._combine(notes, len(edits), envelope)

    def read_steps(self, job, *, file, size):
        """Read the steps of a sequence from a text file, each of as many numbers as there are components."""
        return {"file": file}, [steps.read(file, size)]

    def write_steps(self, job, *, file, arrays):
        """Write the steps of a sequence to a text file."""
        steps.write(file, arrays[0])
        return {"file": file}

    def _require_components(self):
        folder = self._require_model().folder
        if self._components is None:
            raise UserError("state", "no components are loaded", "load them first")
        return folder

    def _edited_notes(self, job, latent, pitch, edits, replace):
        """Yield a note for each of the edits; a layer's worth of numbers is made when its turn comes."""
        for start in range(0, len(edits), worker.BATCH):
            part = edits[start : start + worker.BATCH]
            job.progress(start / len(edits), f"note {start + 1} of {len(edits)}")
            latents = np.tile(latent, (len(part), 1))
            change = self._components.change(part, replace)
            yield from self._notes(job, latents, [pitch] * len(part), **change)


if __name__ == "__main__":
    serve(Worker())
