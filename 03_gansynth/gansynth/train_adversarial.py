"""Train a GANSynth on magenta's own graph, losses and progressive stages.

    setup/dlwa train gansynth-adversarial [--preset laptop]

Training grows: it starts with spectrograms of a few points and doubles their size again and again. Every size has
a stable stage, and a transition stage in which it is blended in. Three settings say how long they last, all
counted in images (one note heard by the network is one image; a step hears a batch of them):

    stable_stage_num_images      in each stable stage
    transition_stage_num_images  in each transition
    total_num_images             in the whole training; what is left over after all stages goes to the last one.
                                 It must be at least n x stable + (n - 1) x transition for n sizes, or the largest
                                 sizes are never reached.

Ctrl-C stops and keeps what was learned; the same command goes on. The run folder holds the page `report.html`. At
the end it also holds the model, in a folder of the run's own name; until then, patches can load `checkpoints`.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
from dlwakit.runs.folder import read_run
from dlwakit.training.options import train_parser
from dlwakit.training.run import Plot, Run
from modelfiles.errors import UserError

from .folder import open_folder
from .presets import DATA, PRESETS

MODEL = "gansynth-adversarial"
RUNS = Path("runs", MODEL)
DEFAULTS = {"data": str(DATA), "preset": "laptop", "batch_size": 8, "learning_rate": 8e-4, "seed": 0}
LOOK = 10  # steps between two looks at the losses, which cost as much as a step
PLOTS = [
    Plot(
        "pitch: how badly the discriminator hears it (lower is better)",
        {"pitch_of_own_notes": "in notes of the network", "pitch_of_sounds": "in the sounds"},
    ),
    Plot(
        "losses of the two networks (neither says how good it sounds)",
        {"generator": "generator", "discriminator": "discriminator"},
    ),
]


def settings(preset, dataset, changes=()):
    """All settings of a run, magenta's flags among them; `changes` ("key=value") on top.

    Raises UserError for a setting that there is not, FileNotFoundError without a training set.
    """
    found = {"preset": preset, "data": str(dataset), "seed": 0, **PRESETS[preset]}
    found.update(json.loads(Path(dataset, "dataset.json").read_text()))
    return found | chosen(changes, found)


def chosen(changes, known):
    """{"key": value} of ["key=value", ...]; UserError for keys that are not in `known`."""
    found = {}
    for change in changes:
        key, _, value = change.partition("=")
        if key not in known:
            raise UserError("input", f"there is no setting '{key}'; there are {', '.join(sorted(known))}")
        try:
            found[key] = json.loads(value)
        except ValueError:
            raise UserError("usage", f"--set {change}: the value is no number: {key}=2000") from None
    return found


def check_length(flags):
    """Raise UserError if the training would end before its largest size."""
    sizes, stable, transition = (
        flags[key] for key in ("num_resolutions", "stable_stage_num_images", "transition_stage_num_images")
    )
    least = sizes * stable + (sizes - 1) * transition
    if flags["total_num_images"] < least:
        raise UserError(
            "input",
            f"total_num_images is {flags['total_num_images']}, but {sizes} sizes need at least {least}: "
            f"{sizes} x {stable} stable + {sizes - 1} x {transition} transition",
        )


def flags_of(options, before):
    """{"setting": value} that the options of all models mean in magenta's words.

    before: the settings of a run that goes on, whose stages stay as long as they are; else {}.
    """
    found = {} if options.seed is None else {"seed": options.seed}
    if options.learning_rate is not None:
        found |= dict.fromkeys(
            ("generator_learning_rate", "discriminator_learning_rate"), options.learning_rate
        )
    if options.batch_size is not None:
        found["batch_size_schedule"] = [options.batch_size]
    if options.steps is not None:
        preset = PRESETS[options.preset or DEFAULTS["preset"]]
        batch = {**preset, **before, **found}["batch_size_schedule"][-1]
        found["total_num_images"] = options.steps * batch
        shorter = min(1, found["total_num_images"] / preset["total_num_images"])
        if not before:
            for name in ("stable_stage_num_images", "transition_stage_num_images"):
                found[name] = int(preset[name] * shorter)
    return found


def open_run(options):
    """The run that the options mean, to begin or to go on. Raises UserError, FileNotFoundError."""
    preset = options.preset or DEFAULTS["preset"]
    folder = options.run or RUNS / f"my_{preset}"
    data = options.data or DEFAULTS["data"]
    defaults = settings(preset, data)
    wanted = {
        "data": data,
        **flags_of(options, read_run(folder).get("settings", {})),
        **chosen(options.set, defaults),
    }
    if options.preset:
        wanted["preset"] = options.preset
    run = Run(
        folder,
        MODEL,
        defaults,
        wanted,
        goal=0,
        minutes=options.minutes,
        check_every=options.check_every,
        plots=PLOTS,
        watch="",
        unit="image",
        may_change=("data", "total_num_images"),
    )
    check_length(run.settings)
    run.goal = run.settings["total_num_images"]
    meta = json.loads(Path(run.settings["data"], "meta.json").read_text())
    pitches = sorted({entry["pitch"] for entry in meta.values()})
    run.fix(pitches=pitches)
    seconds = run.settings["audio_length"] / run.settings["sample_rate"]
    run.describe({"notes": len(meta), "pitches": len(pitches), "seconds of each": seconds})
    return run


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
            if len(meta) != len(self._audio):
                raise UserError("sound", f"{folder} has {len(self._audio)} sounds and {len(meta)} labels")
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


def _flags(run):
    """Magenta's flags of a run, its own defaults among them; kept in experiment.json, as magenta does."""
    from magenta.models.gansynth.lib import flags as lib_flags
    from magenta.models.gansynth.lib import model as lib_model

    flags = lib_flags.Flags()
    flags.load({key: value for key, value in run.settings.items() if key not in ("preset", "data", "seed")})
    flags["dataset_name"] = "notes"
    flags["train_data_path"] = str(Path(run.settings["data"]).resolve())
    flags["train_root_dir"] = str(run.checkpoints)
    lib_model.set_flags(flags)
    (run.checkpoints / "experiment.json").write_text(json.dumps(flags))
    return flags


def _images(checkpoints):
    """How many images a run has heard: those of its newest checkpoint."""
    try:
        return int(open_folder(checkpoints).checkpoint["global_step"])
    except UserError:  # none was saved yet
        return 0


def _watcher(tf, run, model, images):
    """A session hook: the run's progress, checks and previews, and its polite stop."""
    losses = {
        "generator": model.gan_loss.generator_loss,
        "discriminator": model.gan_loss.discriminator_loss,
        "pitch_of_own_notes": model.fake_ac_loss,
        "pitch_of_sounds": model.real_ac_loss,
    }

    class Watcher(tf.train.SessionRunHook):
        _steps, _before = 0, images

        def after_run(self, context, values):
            image, before = int(context.session.run(model.current_image_id)), self._before
            self._steps, self._before = self._steps + 1, image
            passed = image // run.check_every > before // run.check_every
            due = passed or run.check_due(image)
            look = due or self._steps % LOOK == 0
            seen = context.session.run(losses) if look else {}
            run.progress(image, **{name: float(value) for name, value in seen.items()})
            if due:
                run.check(image, stage=model.stage_id, **run.means())
                run.preview(image, self._notes(context.session), run.settings["sample_rate"])
            if not run.wants_more(image):
                context.request_stop()

        def _notes(self, session):
            """The same points at pitches from low to high, one behind the other."""
            labels = np.linspace(0, len(model.pitch_counts) - 1, model.batch_size).astype(int)
            size = model.batch_size, run.settings["latent_vector_size"]
            latents = np.random.default_rng(0).standard_normal(size)
            notes = session.run(model.fake_waves_ph, {model.labels_ph: labels, model.noises_ph: latents})
            return notes.ravel() / max(1.0, np.abs(notes).max())

    return Watcher()


def train(run, threads=0):
    """Train until the goal, its time or a signal, stage by stage, and write the model; the exit status."""
    import tensorflow.compat.v1 as tf

    from .upstream_fix import fix_tensorflow_gan

    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    fix_tensorflow_gan()
    import tensorflow_gan as tfgan
    from magenta.models.gansynth.lib import datasets, train_util
    from magenta.models.gansynth.lib import model as lib_model

    cores = tf.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads)
    with run:
        flags = _flags(run)
        shutil.copy(Path(run.settings["data"], "meta.json"), run.checkpoints)
        datasets.registry["notes"] = _notes_dataset()
        images = _images(run.checkpoints)
        run.begin(images)
        for stage in train_util.get_stage_ids(**flags):
            if not run.wants_more(images):
                break
            tf.reset_default_graph()
            tf.set_random_seed(run.settings["seed"] + images)
            model = lib_model.Model(stage, train_util.get_batch_size(stage, **flags), flags)
            folder = train_util.make_train_sub_dir(stage, **flags)
            scaffold = train_util.make_scaffold(stage, model.optimizer_var_list, **flags)
            saver = tf.train.CheckpointSaverHook(folder, save_steps=run.check_every, scaffold=scaffold)
            tfgan.gan_train(
                model.gan_train_ops,
                logdir=folder,
                get_hooks_fn=tfgan.get_sequential_train_hooks(tfgan.GANTrainSteps(1, 1)),
                hooks=[
                    tf.train.StopAtStepHook(last_step=model.num_images),
                    saver,
                    _watcher(tf, run, model, images),
                ],
                scaffold=scaffold,
                save_checkpoint_secs=None,
                save_summaries_steps=None,
                config=cores,
            )
            images = _images(run.checkpoints)
        if not run.stop.asked:
            _write_model(run)
    return run.exit_status


def _write_model(run):
    """Write the model as patches load it, in a folder of the run's own name."""
    from .export import export

    made = run.folder / run.folder.name
    export(run.checkpoints, made)
    run.log(f"wrote {made}")
    run.log(f"next  setup/dlwa checkpoints add {made}")


def parse_arguments(arguments):
    """The options of a command line."""
    parser = train_parser(
        MODEL,
        __doc__,
        DEFAULTS,
        steps="as many as the preset has; with fewer, its stages are shorter",
        check_every=2000,
        unit="image",
        preset={"choices": PRESETS},
        batch_size={"help": "notes in one step"},
    )
    parser.begin.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change one of magenta's settings"
    )
    options = parser.parse(arguments)
    options.parser = parser
    return options


def main(arguments=None):
    """Run the program; returns its exit status."""
    options = parse_arguments(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    return options.parser.run(lambda: train(open_run(options), options.threads))


if __name__ == "__main__":
    sys.exit(main())
