"""Small GANSynth models of random weights, written in magenta's format without TensorFlow."""

import json

import numpy as np

from support.checkpoint_writer import write_v2

FLAGS = {
    "start_height": 2,
    "start_width": 16,
    "num_resolutions": 4,
    "fmap_base": 64,
    "fmap_max": 16,
    "latent_vector_size": 8,
    "audio_length": 1000,
    "sample_rate": 8000,
    "stable_stage_num_images": 100,
    "transition_stage_num_images": 100,
}
# The size of the models that magenta has published.
OFFICIAL = {
    "start_height": 2,
    "start_width": 16,
    "num_resolutions": 7,
    "fmap_base": 4096,
    "fmap_max": 256,
    "latent_vector_size": 256,
    "audio_length": 64_000,
    "sample_rate": 16_000,
    "stable_stage_num_images": 800_000,
    "transition_stage_num_images": 800_000,
    "total_num_images": 11_000_000,
}
PITCHES = [60, 62, 64]
SCOPE = "Generator/progressive_gan_generator/progressive_gan_block_{}/{}/ExponentialMovingAverage"


def tensors(stage=6, images=10_000, labels=3, seed=0, **changes):
    """Name to array, as magenta would have saved them."""
    flags = FLAGS | changes
    random = np.random.default_rng(seed)
    found = {"global_step": np.array(images, np.float32)}
    inputs = flags["latent_vector_size"] + labels
    for block in range(1, (stage + 1) // 2 + 2):
        channels = int(min(flags["fmap_base"] / 2**block, flags["fmap_max"]))
        first = (flags["start_height"], flags["start_width"]) if block == 1 else (3, 3)
        shapes = {
            "conv0": (*first, inputs, channels),
            "conv1": (3, 3, channels, channels),
            "to_rgb": (1, 1, channels, 2),
        }
        for layer, shape in shapes.items():
            kernel, bias = random.standard_normal(shape), 0.1 * random.standard_normal(shape[-1])
            found[SCOPE.format(block, f"{layer}/conv2d/kernel")] = kernel.astype(np.float32)
            found[SCOPE.format(block, f"{layer}/bias")] = bias.astype(np.float32)
        inputs = channels
    return found


def write_model(folder, stage=6, pitches=PITCHES, **options):
    """Write a model's folder; returns it. options: those of `tensors`, and changes to FLAGS."""
    stage_folder = folder / f"stage_{stage:05d}"
    stage_folder.mkdir(parents=True, exist_ok=True)
    changes = {key: value for key, value in options.items() if key not in ("images", "seed")}
    (folder / "experiment.json").write_text(json.dumps(FLAGS | changes))
    meta = {f"sound_{pitch}": {"pitch": pitch} for pitch in pitches}
    (folder / "meta.json").write_text(json.dumps(meta))
    found = tensors(stage, labels=len(set(pitches)), **options)
    write_v2(stage_folder / "model.ckpt-5", found)
    return folder
