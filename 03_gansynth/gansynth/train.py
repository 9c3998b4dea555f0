"""Train a GANSynth on magenta's own graph, losses and progressive stages.

    setup/dlwa train gansynth DATASET --out MODEL [--preset laptop]

Training grows: it starts with spectrograms of a few points and doubles their size again and again. Every size has
a stable stage, and a transition stage in which it is blended in. Three settings say how long they last, all
counted in images (one note heard by the network is one image; a step hears a batch of them):

    stable_stage_num_images      in each stable stage
    transition_stage_num_images  in each transition
    total_num_images             in the whole training; what is left over after all stages goes to the last one.
                                 It must be at least n x stable + (n - 1) x transition for n sizes, or the largest
                                 sizes are never reached.

A training that was stopped goes on where it was when the same command is given again.
"""

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path

import numpy as np

from .presets import PRESETS


def settings(preset, dataset, changes=()):
    """The flags of magenta's model for a preset and a training set, with `changes` ("key=value") on top."""
    flags = dict(PRESETS[preset], dataset_name="notes", train_data_path=str(Path(dataset).resolve()))
    flags.update(json.loads(Path(dataset, "dataset.json").read_text()))
    for change in changes:
        key, _, value = change.partition("=")
        if key not in flags:
            raise ValueError(f"there is no setting '{key}'; there are {', '.join(sorted(flags))}")
        flags[key] = json.loads(value)
    sizes, stable, transition = (
        flags[key] for key in ("num_resolutions", "stable_stage_num_images", "transition_stage_num_images")
    )
    least = sizes * stable + (sizes - 1) * transition
    if flags["total_num_images"] < least:
        raise ValueError(
            f"total_num_images is {flags['total_num_images']}, but {sizes} sizes need at least {least}: "
            f"{sizes} x {stable} stable + {sizes - 1} x {transition} transition"
        )
    return flags


def _notes_dataset():
    """The reader of our training sets, as a data set of magenta's registry."""
    import tensorflow.compat.v1 as tf
    from magenta.models.gansynth.lib import datasets

    class Notes(datasets.BaseDataset):
        def __init__(self, config):
            super().__init__(config)
            folder = Path(config["train_data_path"])
            self._audio = np.load(folder / "notes.npy", mmap_mode="r")
            meta = json.loads((folder / "meta.json").read_text())
            pitches = [entry["pitch"] for entry in meta.values()]
            self._pitches, self._labels, counts = np.unique(pitches, return_inverse=True, return_counts=True)
            self._counts = dict(zip(self._pitches.tolist(), counts.tolist()))

        def get_pitch_counts(self):
            return self._counts

        def provide_one_hot_labels(self, batch_size):
            weights = tf.log([tf.to_float([self._counts[pitch] for pitch in sorted(self._counts)])])
            labels = tf.reshape(tf.multinomial(weights, batch_size), [batch_size])
            return tf.one_hot(labels, depth=len(self._counts))

        def provide_dataset(self):
            length, labels = self._config["audio_length"], len(self._counts)

            def read(row):
                return np.float32(self._audio[row, :, None]) / 32768, np.int64(self._labels[row])

            def note(row):
                wave, label = tf.numpy_function(read, [row], [tf.float32, tf.int64])
                wave.set_shape([length, 1])
                return wave, tf.one_hot(tf.reshape(label, []), depth=labels)

            return tf.data.Dataset.range(len(self._audio)).shuffle(len(self._audio)).repeat().map(note)

    return Notes


def _hooks(tf, model, folder, flags, every):
    """Session hooks: a line of progress and, at each checkpoint, a sound of every few pitches."""
    import soundfile

    class Progress(tf.train.SessionRunHook):
        def begin(self):
            self._next = time.monotonic() + every
            self._start = None

        def before_run(self, context):
            return tf.train.SessionRunArgs(
                [
                    model.current_image_id,
                    model.progress,
                    model.gan_loss.generator_loss,
                    model.gan_loss.discriminator_loss,
                    model.fake_ac_loss,
                    model.real_ac_loss,
                ]
                if time.monotonic() > self._next
                else model.current_image_id
            )

        def after_run(self, context, values):
            results = values.results if isinstance(values.results, list) else [values.results]
            now, image = time.monotonic(), int(results[0])
            self._start = self._start or (now, image)
            if len(results) == 1:
                return
            self._next = now + every
            line = {
                "stage": model.stage_id,
                "images": image,
                "of": flags["total_num_images"],
                "progress": round(float(results[1]), 3),
                "images_per_second": round((image - self._start[1]) / max(now - self._start[0], 1e-9), 2),
                "generator_loss": round(float(results[2]), 3),
                "discriminator_loss": round(float(results[3]), 3),
                "pitch_loss_generated": round(float(results[4]), 3),
                "pitch_loss_real": round(float(results[5]), 3),
            }
            print(" ".join(f"{key} {value}" for key, value in line.items()), flush=True)
            with (folder / "progress.jsonl").open("a") as log:
                log.write(json.dumps(line) + "\n")

        def end(self, session):
            labels = np.linspace(0, len(model.pitch_counts) - 1, model.batch_size).astype(int)
            latent = np.random.default_rng(0).standard_normal((model.batch_size, flags["latent_vector_size"]))
            audio = session.run(model.fake_waves_ph, {model.labels_ph: labels, model.noises_ph: latent})
            audio = audio[:, :, 0].ravel()
            previews = folder / "previews"
            previews.mkdir(exist_ok=True)
            image = int(session.run(model.current_image_id))
            sound = audio / max(1.0, np.abs(audio).max())
            soundfile.write(previews / f"{image:09d}.wav", sound, flags["sample_rate"])

    return [Progress()]


def train(dataset, out, preset, changes=(), every=15, save_every=300):
    """Train until `total_num_images` or an interrupt; checkpoints every `save_every` seconds."""
    import tensorflow.compat.v1 as tf

    from .upstream_mend import mend_tensorflow_gan

    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    mend_tensorflow_gan()
    import tensorflow_gan as tfgan
    from magenta.models.gansynth.lib import datasets, train_util
    from magenta.models.gansynth.lib import flags as lib_flags
    from magenta.models.gansynth.lib import model as lib_model

    out = Path(out).resolve()
    out.mkdir(parents=True, exist_ok=True)
    flags = lib_flags.Flags()
    known = out / "experiment.json"
    if known.exists():
        flags.load(json.loads(known.read_text()))
    else:
        flags.load(settings(preset, dataset, changes))
        lib_model.set_flags(flags)
    flags["train_root_dir"] = str(out)
    known.write_text(json.dumps(flags))
    shutil.copy(Path(dataset, "meta.json"), out)
    datasets.registry["notes"] = _notes_dataset()

    for stage in train_util.get_stage_ids(**flags):
        tf.reset_default_graph()
        model = lib_model.Model(stage, train_util.get_batch_size(stage, **flags), flags)
        tfgan.gan_train(
            model.gan_train_ops,
            logdir=train_util.make_train_sub_dir(stage, **flags),
            get_hooks_fn=tfgan.get_sequential_train_hooks(tfgan.GANTrainSteps(1, 1)),
            hooks=[
                tf.train.StopAtStepHook(last_step=model.num_images),
                *_hooks(tf, model, out, flags, every),
            ],
            scaffold=train_util.make_scaffold(stage, model.optimizer_var_list, **flags),
            save_checkpoint_secs=save_every,
            save_summaries_steps=None,
        )


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="dlwa train gansynth", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", type=Path, help="folder that `dlwa dataset gansynth` made")
    parser.add_argument("--out", type=Path, required=True, help="folder for the model; goes on if it has one")
    parser.add_argument("--preset", choices=PRESETS, default="laptop")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one setting")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        train(options.dataset, options.out, options.preset, options.set)
    except (ValueError, OSError) as error:
        sys.exit(f"train: {error}")
    except KeyboardInterrupt:
        sys.exit("stopped; the same command goes on from the last checkpoint")


if __name__ == "__main__":
    main()
