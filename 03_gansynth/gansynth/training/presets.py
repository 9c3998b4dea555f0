"""Sizes of trainings by regression, from minutes to a night on a laptop. Runs in a training.

Flags are magenta's; the size of the picture follows from the training set's notes (`flags_for`).
"""

from ..folder import DEFAULTS

COMMON = {
    "data_type": "mel",
    "data_normalizer": "specgrams_prespecified_normalizer",
    "g_fn": "specgram",
    "d_fn": "specgram",
    "train_progressive": False,
    "scale_mode": "ALL",
    "scale_base": 2,
    "kernel_size": 3,
    "simple_arch": False,
    "to_rgb_activation": "tanh",
    "fmap_decay": 1.0,
    "num_resolutions": 6,
    **{name: DEFAULTS[name] for name in DEFAULTS if name.endswith(("normalizer_a", "normalizer_b"))},
}
PRESETS = {
    "minutes": {"fmap_base": 512, "fmap_max": 64, "latent_vector_size": 16, "batch_size": 4},
    "coffee": {"fmap_base": 512, "fmap_max": 128, "latent_vector_size": 16, "batch_size": 8},
    "night": {"fmap_base": 1024, "fmap_max": 128, "latent_vector_size": 16, "batch_size": 8},
}
HIGH_RATE = 24000  # Hz; from here on a window of 1024 samples is too short for low notes


def flags_for(preset, sample_rate, audio_length):
    """Magenta's flags of a network of a preset's size for notes of this length.

    Raises
    ------
    KeyError
        For a preset that there is not.
    """
    size = {name: PRESETS[preset][name] for name in ("fmap_base", "fmap_max", "latent_vector_size")}
    width = 32 if sample_rate > HIGH_RATE else 16
    scale = 2 ** (COMMON["num_resolutions"] - 1)
    window, hop = 2 * width * scale, width * scale // 2
    frames = -(-max(audio_length - window, 0) // hop) + 1
    return {
        **COMMON,
        **size,
        "sample_rate": sample_rate,
        "audio_length": audio_length,
        "start_height": -(-frames // scale),
        "start_width": width,
    }
