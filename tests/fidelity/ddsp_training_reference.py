"""What the ddsp package makes of a model that our trainer wrote. Runs in the environment `tensorflow`.

    python ddsp_training_reference.py FOLDER

Reads FOLDER, the model, and FOLDER.npz, a batch; writes FOLDER_ddsp.npz: sound, loss, gradients and statistics.
"""

import pickle
import sys
from pathlib import Path

from support.ddsp_phase import exact_phase  # isort: skip  (before ddsp)

import ddsp
import ddsp.training
import gin
import numpy as np
import tensorflow as tf
from modelfiles.finding import latest

SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"


def main(folder):
    given = dict(np.load(f"{folder}.npz"))
    gin.parse_config(Path(folder, "operative_config-0.gin").read_text())
    ddsp.synths.tf.random.uniform = lambda shape, **options: tf.constant(given["noise"])
    ddsp.core.oscillator_bank = exact_phase(ddsp.core.oscillator_bank)
    model = ddsp.training.models.get_model()
    batch = {name: tf.constant(given[name]) for name in ("audio", "f0_hz", "loudness_db")}
    model(dict(batch), training=True)
    status = tf.train.Checkpoint(model=model).restore(str(latest(Path(folder))))
    status.assert_existing_objects_matched()
    with tf.GradientTape() as tape:
        outputs, losses = model(dict(batch), return_losses=True, training=True)
    found = {"audio": outputs["audio_synth"].numpy(), "loss": losses["total_loss"].numpy()}
    variables = model.trainable_variables
    names = names_of(variables, str(latest(Path(folder))))
    gradients = tape.gradient(losses["total_loss"], variables)
    found |= {f"gradient_{name}": gradient.numpy() for name, gradient in zip(names, gradients)}
    found |= statistics(folder, given)
    np.savez(f"{folder}_ddsp.npz", **found)


def names_of(variables, prefix):
    """The names in a checkpoint below `model/` of variables that were restored from it, by their values."""
    reader = tf.train.load_checkpoint(prefix)
    stored = {
        name[len("model/") : -len(SUFFIX)]: reader.get_tensor(name)
        for name in reader.get_variable_to_shape_map()
        if name.startswith("model/")
    }
    return [
        next(name for name, values in stored.items() if np.array_equal(values, variable.numpy()))
        for variable in variables
    ]


def statistics(folder, given):
    """The statistics that ddsp computes, and what its own class makes of ours."""

    class Provider:
        def get_batch(self, batch_size, repeats=1):
            columns = {name: given[name] for name in ("f0_hz", "f0_confidence", "loudness_db")}
            columns["audio"] = given["audio"][:, :-64]  # its power has one frame more
            return [{name: values[row : row + 1] for name, values in columns.items()} for row in range(2)]

    theirs = ddsp.training.postprocessing.compute_dataset_statistics(Provider(), power_frame_rate=250)
    ours = pickle.loads(Path(folder, "dataset_statistics.pkl").read_bytes())
    points = np.linspace(0, 1, 50)[:, None].astype(np.float32)
    quantiles = {
        f"quantiles_{name}": found.pop("quantile_transform").inverse_transform(points)
        for name, found in (("theirs", theirs), ("ours", ours))
    }
    return quantiles | {f"statistic_{name}": np.array([ours[name], value]) for name, value in theirs.items()}


if __name__ == "__main__":
    main(sys.argv[1])
