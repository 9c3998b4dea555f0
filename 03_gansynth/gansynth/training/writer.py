"""A trained generator as a model folder in magenta's layout, written without TensorFlow. Runs in a training."""

from pathlib import Path

import numpy as np
from dlwakit.base.files import whole_folder, write_json
from modelfiles.tensor_bundle_writer import write_checkpoint

from ..timbres import TIMBRES

# What magenta needs to open the model beside what shapes the network.
UPSTREAM = {
    "batch_size_schedule": [8],
    "fake_batch_size": 8,
    "stable_stage_num_images": 1,
    "transition_stage_num_images": 1,
    "total_num_images": 1,
}


def write_model(folder, tensors, flags, pitches, images, timbres=None):
    """Write a model folder; what it held before plays until the new weights are whole.

    Parameters
    ----------
    folder : Path
    tensors : dict of str to numpy.ndarray
        The averaged weights by their names in a checkpoint.
    flags : dict
        Magenta's flags.
    pitches : list of int
        The MIDI pitches behind the labels, ascending.
    images : int
        How many it was trained on.
    timbres : dict of str to list of float, optional
        The points of the timbres that it was trained on.
    """
    meta = {f"pitch_{pitch}": {"instrument_str": "any", "pitch": pitch} for pitch in pitches}
    name = f"model.ckpt-{images}"
    with whole_folder(Path(folder)) as place:
        stage = place / f"stage_{2 * flags['num_resolutions'] - 2:05d}"
        stage.mkdir(exist_ok=True)
        write_json(place / "experiment.json", {**UPSTREAM, **flags})
        write_json(place / "meta.json", meta)
        if timbres:
            write_json(place / TIMBRES, timbres)
        write_checkpoint(stage / name, {**tensors, "global_step": np.float32(images)})
        for file in stage.glob("model.ckpt-*"):
            if not file.name.startswith(f"{name}."):
                file.unlink()
