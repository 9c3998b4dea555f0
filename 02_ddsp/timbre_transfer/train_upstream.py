"""Train a DDSP model with the ddsp package itself, in the environment `tensorflow`.

    setup/dlwa train ddsp-upstream [--preset small]

Ctrl-C stops and keeps what was learned; the same command goes on. The run folder holds the page `report.html` and,
whenever the training has ended or was stopped, the model in a folder of the run's own name, to be loaded in Pd.
"""

import os
import pickle
import sys
from pathlib import Path

import numpy as np
from dlwakit.training.options import given, old_learning_rate, train_parser
from dlwakit.training.run import Plot, Run

from .engine.pitch import HOP_SIZE, SAMPLE_RATE
from .training.examples import load_examples
from .training.presets import RUNS as DATA
from .training.presets import UPSTREAM_SIZES as PRESETS
from .training.presets import gin_text

RUNS = Path("runs/ddsp-upstream")
BATCH = {"tiny": 4, "small": 8, "full": 16}
DEFAULTS = {
    "data": str(DATA / "data"),
    "preset": "small",
    "batch_size": 0,
    "learning_rate": 0.001,
    "seed": 0,
}
LOSS = "spectral loss (lower is better)"
LEARNING_RATE_DECAY = 0.98  # in 1000 steps
LARGEST_GRADIENT = 3.0


class Trainer:
    """A model of ddsp's in training: batches in, losses out; its checkpoints lie in `folder`."""

    def __init__(self, folder, settings, examples, threads):
        from . import upstream  # noqa: F401, I001  (it stands in for what ddsp wants and is not needed)
        import ddsp.training
        import gin
        import tensorflow as tf

        preset = settings["preset"]
        self._tf, self._examples = tf, examples
        self._batch = settings["batch_size"] or BATCH[preset]
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        self._gin = gin_text(PRESETS[preset], examples["f0_hz"].shape[1])
        gin.clear_config()
        gin.parse_config(self._gin)
        self._model = ddsp.training.models.get_model()
        self._optimizer = tf.keras.optimizers.legacy.Adam()
        self._step = tf.Variable(0, dtype=tf.int64)
        self._model({name: tf.constant(values[:1]) for name, values in examples.items()}, training=True)
        kept = {"model": self._model, "optimizer": self._optimizer, "step": self._step}
        self._checkpoints = self._manager(folder, **kept)
        self._checkpoints.restore_or_initialize()
        self._update = tf.function(self._update)

    @property
    def step(self):
        """How many steps it has learned."""
        return int(self._step)

    def learn(self, seed, rate):
        """One step; the loss. The batch follows from seed and step alone."""
        rows = np.random.default_rng((seed, self.step)).integers(
            len(self._examples["audio"]), size=self._batch
        )
        self._optimizer.learning_rate = rate * LEARNING_RATE_DECAY ** (self.step / 1000)
        batch = {name: self._tf.constant(values[rows]) for name, values in self._examples.items()}
        loss = float(self._update(batch))
        self._step.assign_add(1)
        return loss

    def _update(self, batch):
        tf = self._tf
        with tf.GradientTape() as tape:
            _, losses = self._model(batch, return_losses=True, training=True)
        variables = self._model.trainable_variables
        gradients = tape.gradient(losses["total_loss"], variables)
        gradients, _ = tf.clip_by_global_norm(gradients, LARGEST_GRADIENT)
        self._optimizer.apply_gradients(zip(gradients, variables))
        return losses["total_loss"]

    def judge(self, examples):
        """(mean loss, what it makes of the first one: float32 [samples])."""
        losses, first = [], None
        for row in range(len(examples["audio"])):
            one = {name: self._tf.constant(values[row : row + 1]) for name, values in examples.items()}
            outputs, found = self._model(one, return_losses=True, training=True)  # else there is no loss
            losses.append(float(found["total_loss"]))
            first = outputs["audio_synth"][0].numpy() if first is None else first
        return float(np.mean(losses)), first

    def save(self):
        """Keep all that going on needs."""
        self._checkpoints.save(checkpoint_number=self.step)

    def write_model(self, folder, statistics):
        """Write the model as it is loaded: weights, gin file, statistics."""
        self._manager(folder, model=self._model).save(checkpoint_number=self.step)
        (folder / "operative_config-0.gin").write_text(self._gin)
        (folder / "dataset_statistics.pkl").write_bytes(statistics)

    def _manager(self, folder, **parts):
        checkpoint = self._tf.train.Checkpoint(**parts)
        return self._tf.train.CheckpointManager(
            checkpoint, str(folder), max_to_keep=1, checkpoint_name="ckpt"
        )


def statistics_of(examples):
    """What auto adjust needs, by ddsp's own program: the bytes of dataset_statistics.pkl."""
    import ddsp.training

    class Provider:
        def get_batch(self, batch_size, repeats=1):
            shorter = dict(examples, audio=examples["audio"][:, :-HOP_SIZE])  # its power has one frame more
            rows = range(len(examples["audio"]))
            return [{name: values[row : row + 1] for name, values in shorter.items()} for row in rows]

    return pickle.dumps(
        ddsp.training.postprocessing.compute_dataset_statistics(
            Provider(), power_frame_rate=SAMPLE_RATE // HOP_SIZE
        )
    )


def train(options):
    """Train until the goal or a signal, and write the model; the exit status."""
    run = Run(
        options.run or RUNS / f"my_{options.preset or DEFAULTS['preset']}",
        "ddsp-upstream",
        DEFAULTS,
        given(options, DEFAULTS),
        goal=options.steps,
        minutes=options.minutes,
        check_every=options.check_every,
        plots=[Plot(LOSS, {"training": "what it learns from", "held_out": "held out"})],
        watch="held_out",
        learned="training",
        may_change=("data",),
    )
    loaded = load_examples(run.settings["data"])
    examples, held_out = loaded.learned, loaded.held_out
    run.fix(examples=loaded.fingerprint)
    seconds = examples["audio"].shape[1] / SAMPLE_RATE
    run.describe(
        {
            "examples": len(examples["audio"]),
            "held out": len(held_out["audio"]),
            "seconds of each": seconds,
            "with a pitch": f"{np.mean(examples['f0_confidence'] >= 0.5):.0%}",
        }
    )
    with run:
        trainer = Trainer(run.checkpoints, run.settings, examples, options.threads)
        run.begin(trainer.step)
        while run.wants_more(trainer.step):
            loss = trainer.learn(run.settings["seed"], run.settings["learning_rate"])
            run.progress(trainer.step, training=loss)
            if run.check_due(trainer.step):
                trainer.save()
                judged, made = trainer.judge(held_out)
                run.check(trainer.step, **run.means(), held_out=judged)
                run.preview(trainer.step, np.concatenate([held_out["audio"][0], made]), SAMPLE_RATE)
        made = run.folder / run.folder.name
        trainer.write_model(made, statistics_of(examples))
        run.log(f"wrote {made} (step {trainer.step}): load it in day 2's patch")
    return run.exit_status


def main(arguments=None):
    """Run the program; returns its exit status."""
    parser = train_parser(
        "ddsp-upstream", __doc__, DEFAULTS, steps=30000, check_every=250, preset={"choices": PRESETS},
        batch_size={"help": "examples in one step; 0: as many as the preset has"},
    )  # fmt: skip
    parser.add_hidden("--rate", dest="learning_rate", type=old_learning_rate)
    options = parser.parse(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    return parser.run(lambda: train(options))


if __name__ == "__main__":
    sys.exit(main())
