"""GANSpaceSynth's worker: the calls that the patches of day 4 make; GANSynth's are among them."""

import numpy as np
from gansynth import worker as gansynth
from gansynth.hallucination import Envelope, combine, path
from gansynth.thumbnail import thumbnail
from modelfiles.errors import UserError
from modelfiles.finding import find
from pdworker.serving.server import WorkerError, serve

from . import components, steps

directions = None


def load(job, **arguments):
    """Load a model by name, as GANSynth does; components of another one are forgotten."""
    global directions
    facts = gansynth.load(job, **arguments)
    directions = None
    return facts


def load_components(job, *, file, folders=()):
    """Load the components of the model's layer; gives what part of the variance each explains."""
    global directions
    folder = gansynth.need_model()
    with gansynth.clear_errors():
        try:
            found = find(file, [*folders, folder.path], (".npz", ".pickle"))
        except UserError as error:
            raise UserError(
                "checkpoint",
                f"there are no components {file} for {folder.name}",
                f"compute them: setup/dlwa train ganspace {folder.path}",
            ) from error
        loaded = components.read(found)
        loaded.check(folder, gansynth.model.layers)
    directions = loaded
    facts = {"file": found.name, "layer": loaded.layer, "count": loaded.count}
    if loaded.pitch is not None:
        facts["pitch"] = loaded.pitch
    return facts, [loaded.var_ratio]


def need_directions():
    folder = gansynth.need_model()
    if directions is None:
        raise WorkerError("state", "no components are loaded", "load them first")
    return folder


def change(edits, replace):
    """The arguments of `generate` for edits [notes, components]."""
    values = directions.place(edits) if replace else directions.offset(edits)
    return {"layer": directions.layer, "offset": values, "replace": replace}


def edit(job, *, pitches, replace=False, arrays):
    """Notes: arrays are edits, one list a pitch, then as many latent vectors unless the layer is replaced."""
    folder = need_directions()
    count = len(pitches)
    with gansynth.clear_errors():
        size = max(len(edits) for edits in arrays[:count])
        edits = np.stack([np.pad(edits, (0, size - len(edits))) for edits in arrays[:count]])
        if replace:  # neither is heard
            latents, pitches = np.zeros((count, folder.latent_size)), folder.pitches[:1] * count
        else:
            latents = np.stack(arrays[count:])
        notes = list(gansynth.play(job, latents, pitches, **change(edits, replace)))
    return {"rate": folder.sample_rate}, [*notes, *(thumbnail(note, folder.sample_rate) for note in notes)]


def hallucinate_edits(job, *, parts, pitch=None, replace=True, arrays, **envelope):
    """A hallucination along steps: arrays [steps of edits [n, k]], and a latent vector unless it is replaced.

    parts: into how many the way from one step to the next is cut; 0 and 1: the steps alone.
    """
    folder = need_directions()
    with gansynth.clear_errors():
        edits = path(arrays[0], max(0, parts - 1), lambda start, end, amount: start + amount * (end - start))
        count = len(edits)
        latent = np.zeros(folder.latent_size) if replace else arrays[1]
        folder.inputs(latent, folder.pitches[:1])
        pitch = gansynth.default_pitch(folder) if pitch is None else pitch
        notes = _notes(job, np.tile(latent, (count, 1)), [pitch] * count, edits, replace)
        sound = combine(notes, count, Envelope(**envelope), folder.sample_rate)
    return {"rate": folder.sample_rate, "notes": count}, [sound, thumbnail(sound, folder.sample_rate)]


def read_steps(job, *, file, size):
    """The steps of a sequence from a text file, each of as many numbers as there are components."""
    with gansynth.clear_errors():
        return {"file": file}, [steps.read(file, size)]


def write_steps(job, *, file, arrays):
    """The steps of a sequence to a text file."""
    with gansynth.clear_errors():
        steps.write(file, arrays[0])
    return {"file": file}


def _notes(job, latents, pitches, edits, replace):
    """Yield notes of edits; a layer's worth of numbers for each is made when its turn comes."""
    for start in range(0, len(pitches), gansynth.BATCH):
        part = slice(start, start + gansynth.BATCH)
        job.progress(start / len(pitches), f"note {start + 1} of {len(pitches)}")
        yield from gansynth.play(job, latents[part], pitches[part], **change(edits[part], replace))


CALLS = gansynth.CALLS | {
    "load": load,
    "load_components": load_components,
    "edit": edit,
    "hallucinate_edits": hallucinate_edits,
    "read_steps": read_steps,
    "write_steps": write_steps,
}

if __name__ == "__main__":
    serve(CALLS)
