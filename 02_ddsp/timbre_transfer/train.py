"""Train a DDSP model with the ddsp package's own models and losses: `setup/dlwa train ddsp DATASET`.

DATASET is what `setup/dlwa dataset ddsp` has made. The run's folder gets the model (the newest ckpt-*, its gin file
and dataset_statistics.pkl: such a folder can be loaded in Pd), loss.csv, loss.png and a preview after each save.
The same command again goes on where the run was stopped.
"""

import argparse
import csv
import os
import pickle
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

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
RATE, HOP = 16000, 64


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="dlwa train ddsp", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--out", type=Path, help="the run's folder (DATASET-PRESET)")
    parser.add_argument("--preset", default="small", choices=PRESETS)
    parser.add_argument("--steps", type=int, default=30000, help="steps in all (30000)")
    parser.add_argument("--minutes", type=float, default=None, help="stop after so many minutes")
    parser.add_argument("--rate", type=float, default=1e-3, help="learning rate (0.001)")
    parser.add_argument("--save-every", type=int, default=250, help="steps between two checkpoints (250)")
    parser.add_argument("--threads", type=int, default=0, help="processor threads (0: all)")
    options = parser.parse_args(arguments)
    file = options.dataset / "examples.npz"
    if not file.is_file():
        sys.exit(f"there is no {file}: make it with setup/dlwa dataset ddsp FOLDER")
    out = options.out or options.dataset.with_name(f"{options.dataset.name}-{options.preset}")
    Run(out, options.preset, dict(np.load(file)), options.threads).train(
        options.steps, options.rate, options.save_every, options.minutes
    )
    print(f"done: load {out.resolve()} in Pd")


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
Harmonic.n_samples = {frames * HOP}
Harmonic.sample_rate = {RATE}
Harmonic.normalize_below_nyquist = True
Harmonic.scale_fn = @core.exp_sigmoid
FilteredNoise.name = 'filtered_noise'
FilteredNoise.n_samples = {frames * HOP}
FilteredNoise.window_size = 0
FilteredNoise.scale_fn = @core.exp_sigmoid
processors.Add.name = 'add'
Reverb.name = 'reverb'
Reverb.reverb_length = 48000
Reverb.trainable = True
"""


class Run:
    """A training and its folder."""

    def __init__(self, folder, preset, examples, threads=0):
        import timbre_transfer.upstream_mend  # noqa: F401  (before ddsp)

        import ddsp.training  # isort: skip
        import gin
        import tensorflow as tf

        self._tf = tf
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._examples = folder, examples
        self._batch = PRESETS[preset]["batch"]
        text = gin_text(preset, examples["f0_hz"].shape[1])
        file = folder / "operative_config-0.gin"
        if file.is_file() and file.read_text() != text:
            sys.exit(
                f"{folder} holds a run with another preset or another length of examples: choose another --out"
            )
        file.write_text(text)
        gin.clear_config()
        gin.parse_config(text)
        self._model = ddsp.training.models.get_model()
        self._optimizer = tf.keras.optimizers.legacy.Adam()
        self._step = tf.Variable(0, dtype=tf.int64)
        self._statistics(ddsp)
        self._model(self._draw(np.random.default_rng(0)), training=True)
        checkpoint = tf.train.Checkpoint(model=self._model, optimizer=self._optimizer, step=self._step)
        self._manager = tf.train.CheckpointManager(
            checkpoint, str(folder), max_to_keep=1, checkpoint_name="ckpt"
        )
        if self._manager.latest_checkpoint:
            checkpoint.restore(self._manager.latest_checkpoint).expect_partial()
            print(f"goes on at step {int(self._step)}", flush=True)

    def train(self, steps, rate, save_every, minutes=None):
        """Train up to `steps` in all; saves, draws and renders every `save_every` steps and at the end."""
        began = time.monotonic()
        random = np.random.default_rng(int(self._step))
        update, gathered = self._update(), []
        while int(self._step) < steps:
            self._optimizer.learning_rate = rate * 0.98 ** (int(self._step) / 1000)
            loss = float(update(self._draw(random)))
            if not np.isfinite(loss):
                sys.exit(f"the loss is no number at step {int(self._step)}: train anew with a smaller --rate")
            self._step.assign_add(1)
            gathered.append(loss)
            step = int(self._step)
            late = minutes is not None and time.monotonic() - began > 60 * minutes
            if step % 10 == 0:
                print(f"step {step} of {steps}, loss {np.mean(gathered[-50:]):.3f}", flush=True)
            if step % save_every == 0 or step == steps or late:
                self._save(step, float(np.mean(gathered)))
                gathered = []
            if late:
                break

    def _update(self):
        tf, model = self._tf, self._model

        @tf.function
        def update(batch):
            with tf.GradientTape() as tape:
                _, losses = model(batch, return_losses=True, training=True)
            variables = model.trainable_variables
            gradients, _ = tf.clip_by_global_norm(tape.gradient(losses["total_loss"], variables), 3.0)
            self._optimizer.apply_gradients(zip(gradients, variables))
            return losses["total_loss"]

        return update

    def _draw(self, random):
        rows = random.integers(len(self._examples["audio"]), size=self._batch)
        return {key: self._tf.constant(values[rows]) for key, values in self._examples.items()}

    def _save(self, step, loss):
        self._manager.save(checkpoint_number=step)
        with open(self._folder / "loss.csv", "a", newline="") as file:
            csv.writer(file).writerow([step, f"{loss:.4f}"])
        self._plot()
        self._preview(step)

    def _plot(self):
        from matplotlib.figure import Figure

        with open(self._folder / "loss.csv", newline="") as file:
            rows = [tuple(map(float, row)) for row in csv.reader(file)]
        figure = Figure(figsize=(6, 3), layout="constrained")
        axes = figure.subplots()
        axes.plot(*zip(*rows), color="#2b5d8f")
        axes.set(xlabel="step", ylabel="spectral loss")
        figure.savefig(self._folder / "loss.png", dpi=100)

    def _preview(self, step):
        """What the model makes of the first example, behind the example itself."""
        import soundfile

        batch = {key: self._tf.constant(values[:1]) for key, values in self._examples.items()}
        made = self._model(batch, training=False)["audio_synth"][0]
        soundfile.write(
            self._folder / "preview.wav", np.concatenate([self._examples["audio"][0], made]), RATE
        )

    def _statistics(self, ddsp):
        """Write what auto adjust needs, by ddsp's own program."""
        examples = self._examples

        class Provider:
            def get_batch(self, batch_size, repeats=1):
                shorter = dict(examples, audio=examples["audio"][:, :-HOP])  # its power has one frame more
                return [
                    {key: values[row : row + 1] for key, values in shorter.items()}
                    for row in range(len(examples["audio"]))
                ]

        file = self._folder / "dataset_statistics.pkl"
        if not file.is_file():
            statistics = ddsp.training.postprocessing.compute_dataset_statistics(
                Provider(), power_frame_rate=RATE // HOP
            )
            file.write_bytes(pickle.dumps(statistics))


if __name__ == "__main__":
    main()
