"""A model to keep and to pass on, from a training's folder.

    python -m gansynth.export RUN MODEL

Of the newest stage it keeps what playing needs, the averaged generator and the count of images, as a checkpoint of
the same format: a tenth of the size. Magenta and our own loader read it like the original.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from modelfiles.errors import UserError

from .folder import generator_names, open_folder

PRIVATE = ("train_root_dir", "train_data_path", "tfds_data_dir", "master")


def export(run, out):
    """Write the model folder `out`; returns its ModelFolder."""
    import tensorflow.compat.v1 as tf

    found = open_folder(run)
    stage = Path(out) / f"stage_{found.stage:05d}"
    stage.mkdir(parents=True)
    with tf.Graph().as_default(), tf.Session() as session:
        for name in (*generator_names(found.blocks), "global_step"):
            tf.get_variable(name, initializer=tf.constant(found.checkpoint[name]))
        session.run(tf.global_variables_initializer())
        images = int(found.checkpoint["global_step"])
        tf.train.Saver().save(session, str(stage / "model.ckpt"), global_step=images, write_meta_graph=False)
    flags = {key: value for key, value in found.flags.items() if key not in PRIVATE}
    Path(out, "experiment.json").write_text(json.dumps(flags, indent=1))
    meta = {f"pitch_{pitch}": {"instrument_str": "any", "pitch": pitch} for pitch in found.pitches}
    Path(out, "meta.json").write_text(json.dumps(meta))
    return open_folder(out)


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="gansynth.export", description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("model", type=Path)
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        model = export(options.run, options.model)
    except (UserError, OSError) as error:
        sys.exit(f"export: {error}")
    print(f"{options.model}: stage {model.stage + 1} of {model.stages}, {len(model.pitches)} pitches")


if __name__ == "__main__":
    main()
