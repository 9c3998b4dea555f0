"""DDSP models of random weights, made, saved and played by the ddsp package alone.

Runs in the environment `tensorflow`.

    python ddsp_reference.py FOLDER '{"solo": {"gin": "models/solo_instrument.gin", "bindings": []}}'

Writes a model's folder for each name and, in it, reference.npz: the curves that went in and what ddsp made of them.
The name "vst" stands for a model of another kind, and takes no gin file.
"""

import json
import sys
from pathlib import Path

from timbre_transfer import upstream  # isort: skip  (before ddsp)

import ddsp
import ddsp.training
import gin
import numpy as np
import tensorflow as tf
from support.ddsp_phase import exact_phase
from timbre_transfer import load
from timbre_transfer.worker import Worker

FRAMES, HOP = 400, 64


def main(folder, order):
    gin.add_config_file_search_path(str(Path(ddsp.training.__file__).parent / "gin"))
    noise = capture_noise()
    for name, case in order.items():
        if name == "vst":
            make_vst(Path(folder, name))
        else:
            make(Path(folder, name), case["gin"], case["bindings"], noise)


def make(folder, gin_file, bindings, noise):
    folder.mkdir(parents=True)
    gin.clear_config()
    size = FRAMES * HOP
    gin.parse_config_files_and_bindings(
        [gin_file],
        [
            f"F0LoudnessPreprocessor.time_steps = {FRAMES}",
            "F0LoudnessPreprocessor.compute_loudness = False",
            f"Harmonic.n_samples = {size}",
            f"FilteredNoise.n_samples = {size}",
            *bindings,
        ],
    )
    model = ddsp.training.models.get_model()
    random = np.random.default_rng(0)
    f0_hz = (220 * 2 ** np.cumsum(random.normal(0, 0.02, FRAMES))).astype(np.float32)
    loudness_db = (-40 + 20 * np.sin(np.arange(FRAMES) / 30)).astype(np.float32)
    features = {
        "f0_hz": tf.constant(f0_hz[None, :, None]),
        "loudness_db": tf.constant(loudness_db[None, :, None]),
        "audio": tf.constant(0.1 * random.standard_normal((1, size)).astype(np.float32)),
    }
    model(features, training=False)
    draw_weights(model, random)
    drifting = model(features, training=False)["harmonic"]["signal"]
    ddsp.core.oscillator_bank, plain = exact_phase(ddsp.core.oscillator_bank), ddsp.core.oscillator_bank
    try:
        outputs = model(features, training=False)
    finally:
        ddsp.core.oscillator_bank = plain
    drawn = noise[-1]
    tf.train.Checkpoint(model=model).save(str(folder / "ckpt"))
    Path(folder, "operative_config-0.gin").write_text(gin.operative_config_str())
    sound = features["audio"].numpy()[0]
    upstream_audio = load(folder, "upstream").generate(f0_hz, loudness_db, audio=sound)
    np.savez(
        folder / "reference.npz",
        f0_hz=f0_hz,
        loudness_db=loudness_db,
        sound=sound,
        noise=drawn,
        drifting_harmonics=drifting[0],
        upstream=upstream_audio,
        upstream_noise=noise[-1],
        harmonics=outputs["harmonic"]["signal"][0],
        audio=outputs["audio_synth"][0],
    )


def make_vst(folder):
    """A model that measures power in 50 frames a second, as those for the VST plug-in do."""
    folder.mkdir(parents=True)
    gin.clear_config()
    hops = FRAMES * HOP // 320
    sizes = [f"{part}.n_samples = {(hops + 1) * 320}" for part in ("Harmonic", "FilteredNoise")]
    phase = "Harmonic.use_angular_cumsum = True"  # as upstream.py has it: float32 loses count of the periods
    gin.parse_config_files_and_bindings(["models/vst/vst.gin"], [*sizes, phase])
    model = ddsp.training.models.get_model()
    random = np.random.default_rng(0)
    f0_hz = np.repeat(220 * 2 ** np.cumsum(random.normal(0, 0.05, hops)), 5).astype(np.float32)
    sound = (0.1 * random.standard_normal(hops * 320)).astype(np.float32)
    features = {
        "audio": tf.constant(sound[None]),
        "f0_hz": tf.constant(np.append(f0_hz[::5], f0_hz[-1])[None, :, None]),
        "f0_confidence": tf.ones((1, hops + 1)),
    }
    model(features, training=False)
    draw_weights(model, random)
    tf.random.set_seed(0)
    audio = model(features, training=False)["audio_synth"][0]
    tf.train.Checkpoint(model=model).save(str(folder / "ckpt"))
    Path(folder, "operative_config-0.gin").write_text(gin.operative_config_str())
    player = loaded_by_the_worker(folder)
    loudness_db = upstream.measure_loudness(sound)
    player.generate(f0_hz, loudness_db, audio=sound)  # builds the model, which draws from the same source
    played = [player.generate(f0_hz, loudness_db + shift, audio=sound, seed=0) for shift in (0, -30)]
    np.savez(folder / "reference.npz", audio=audio, upstream=played[0], softer=played[1])


def loaded_by_the_worker(folder):
    """The instrument as the worker has it, which runs in this environment, too."""

    class Job:
        def progress(self, fraction, text=""):
            pass

    worker = Worker()
    facts = worker.load(Job(), checkpoint=folder.name, folders=[folder.parent], engine="upstream")
    assert facts["engine"] == "upstream"
    return worker._instrument


def draw_weights(model, random):
    for variable in model.trainable_variables:
        scale = 0.01 if variable.shape.rank == 1 and variable.shape[0] == 48000 else 0.1
        if "kernel" in variable.name:
            scale = 1.5 / np.sqrt(variable.shape[0])
        offset = 1.0 if "gamma" in variable.name else 0.0
        variable.assign(offset + scale * random.standard_normal(variable.shape).astype(np.float32))


def capture_noise():
    """Keep what ddsp draws for its filtered noise."""
    drawn, uniform = [], tf.random.uniform

    def drawing(shape, *arguments, **options):
        values = uniform(shape, *arguments, **options)
        drawn.append(values.numpy()[0])
        return values

    ddsp.synths.tf.random.uniform = drawing
    return drawn


main(sys.argv[1], json.loads(sys.argv[2]))
