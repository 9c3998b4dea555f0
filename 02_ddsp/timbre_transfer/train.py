"""Train a DDSP model with the ddsp package's own models and losses.

    setup/dlwa train ddsp [--preset small]

Ctrl-C stops and keeps what was learned; the same command goes on. The run folder holds the page `report.html` and,
whenever the training has ended or was stopped, the model in a folder of the run's own name, to be loaded in Pd.
"""

import hashlib
import os
import pickle
import sys
from pathlib import Path

import numpy as np
from dlwakit.training.options import given, old_learning_rate, train_parser
from dlwakit.training.run import Plot, Run
from modelfiles.errors import UserError

from .engine.pitch import HOP_SIZE, SAMPLE_RATE

RUNS = Path("runs/ddsp")
DEFAULTS = {
    "data": str(RUNS / "data"),
    "preset": "small",
    "batch_size": 0,
    "learning_rate": 0.001,
    "seed": 0,
}
LOSS = "spectral loss (lower is better)"
LEARNING_RATE_DECAY = 0.98  # in 1000 steps
LARGEST_GRADIENT = 3.0
OVERLAP = 3  # examples that share sound with an example before them
FEWEST = 8  # examples to train from
JUDGED = 16  # held-out examples that are judged in a check

PRESETS = {
    "tiny": {"rnn": 96, "width": 96, "layers": 1, "harmonics": 40, "noise": 33, "reverb": False, "batch": 4},
    "small": {
        "rnn": 192,
        "width": 192,
        "layers": 2,
        "harmonics": 60,
        "noise": 65,
        "reverb": True,
        "batch": 8,
    },
    "full": {
        "rnn": 512,
        "width": 512,
        "layers": 3,
        "harmonics": 60,
        "noise": 65,
        "reverb": True,
        "batch": 16,
    },
}


def gin_text(preset, frames):
    """The model of a preset as a gin file that ddsp 3.7 and our engine read."""
    size = PRESETS[preset]
    reverb = "(@effects.Reverb(), ['add/signal'])," if size["reverb"] else ""
    return f"""
get_model.model = @models.Autoencoder()
Autoencoder.preprocessor = @preprocessing.F0LoudnessPreprocessor()
F0LoudnessPreprocessor.time_steps = {frames}
F0LoudnessPreprocessor.compute_loudness = False
Autoencoder.encoder = None
Autoencoder.decoder = @decoders.RnnFcDecoder()
RnnFcDecoder.rnn_channels = {size["rnn"]}
RnnFcDecoder.rnn_type = 'gru'
RnnFcDecoder.ch = {size["width"]}
RnnFcDecoder.layers_per_stack = {size["layers"]}
RnnFcDecoder.input_keys = ('ld_scaled', 'f0_scaled')
RnnFcDecoder.output_splits = (
    ('amps', 1), ('harmonic_distribution', {size["harmonics"]}), ('noise_magnitudes', {size["noise"]}))
Autoencoder.losses = [@losses.SpectralLoss()]
SpectralLoss.loss_type = 'L1'
SpectralLoss.mag_weight = 1.0
SpectralLoss.logmag_weight = 1.0
Autoencoder.processor_group = @processors.ProcessorGroup()
ProcessorGroup.dag = [
    (@synths.Harmonic(), ['amps', 'harmonic_distribution', 'f0_hz']),
    (@synths.FilteredNoise(), ['noise_magnitudes']),
    (@processors.Add(), ['filtered_noise/signal', 'harmonic/signal']),
    {reverb}
]
Harmonic.name = 'harmonic'
Harmonic.n_samples = {frames * HOP_SIZE}
Harmonic.sample_rate = {SAMPLE_RATE}
Harmonic.normalize_below_nyquist = True
Harmonic.scale_fn = @core.exp_sigmoid
FilteredNoise.name = 'filtered_noise'
FilteredNoise.n_samples = {frames * HOP_SIZE}
FilteredNoise.window_size = 0
FilteredNoise.scale_fn = @core.exp_sigmoid
processors.Add.name = 'add'
Reverb.name = 'reverb'
Reverb.reverb_length = 48000
Reverb.trainable = True
"""


def load_examples(dataset):
    """(examples to learn from, examples to judge by, fingerprint) of a data set; {name: float32 [N, ...]} each.

    A tenth is put aside, and what shares sound with it. Raises UserError where there is too little.
    """
    file = Path(dataset, "examples.npz")
    if not file.is_file():
        raise UserError("file", f"there is no {file}: make it with setup/dlwa dataset ddsp FOLDER")
    examples = dict(np.load(file))
    count = len(examples["audio"])
    learned = count - max(1, count // 10) - OVERLAP
    if learned < FEWEST:
        least = FEWEST + OVERLAP + 1
        raise UserError(
            "input", f"{file} holds {count} examples, training takes {least}: add sounds to the data set"
        )
    fingerprint = hashlib.sha256(examples["audio"].tobytes()).hexdigest()[:16]
    return (
        {name: values[:learned] for name, values in examples.items()},
        {name: values[learned + OVERLAP :][:JUDGED] for name, values in examples.items()},
        fingerprint,
    )


class Trainer:
    """A model of ddsp's in training: batches in, losses out; its checkpoints lie in `folder`."""

    def __init__(self, folder, settings, examples, threads):
        from . import upstream  # noqa: F401, I001  (it stands in for what ddsp wants and is not needed)
        import ddsp.training
        import gin
        import tensorflow as tf

        preset = settings["preset"]
        self._tf, self._examples = tf, examples
        self._batch = settings["batch_size"] or PRESETS[preset]["batch"]
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        self._gin = gin_text(preset, examples["f0_hz"].shape[1])
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
        "ddsp",
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
    examples, held_out, fingerprint = load_examples(run.settings["data"])
    run.fix(examples=fingerprint)
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
        "ddsp", __doc__, DEFAULTS, steps=30000, check_every=250, preset={"choices": PRESETS},
        batch_size={"help": "examples in one step; 0: as many as the preset has"},
    )  # fmt: skip
    parser.add_hidden("--rate", dest="learning_rate", type=old_learning_rate)
    options = parser.parse(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    return parser.run(lambda: train(options))


if __name__ == "__main__":
    sys.exit(main())
