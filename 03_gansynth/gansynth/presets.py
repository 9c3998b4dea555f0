"""Sizes of GANSynth to train adversarially, from a laptop's evening to the paper's days on a large GPU.

Each is what magenta calls flags; the names are theirs. A spectrogram has start_height x 2^(n-1) frames and
start_width x 2^(n-1) bands for n = num_resolutions, and must cover the notes: hop x (frames - 1) + window samples
with window = 2 x bands and hop = window / 4. Block b of the network has min(fmap_base / 2^b, fmap_max) channels.
"""

from pathlib import Path

RUNS = Path("runs/gansynth")
DATA = RUNS / "data"

_COMMON = {
    "data_type": "mel",
    "g_fn": "specgram",
    "d_fn": "specgram",
    "train_progressive": True,
    "scale_mode": "ALL",
    "scale_base": 2,
    "kernel_size": 3,
    "start_height": 2,
    "start_width": 16,
    "fmap_decay": 1.0,
    "fake_batch_size": 8,
    "batch_size_schedule": [8],
    "gradient_penalty_target": 1.0,
    "gradient_penalty_weight": 10.0,
    "real_score_penalty_weight": 0.001,
    "generator_ac_loss_weight": 10.0,
    "discriminator_ac_loss_weight": 10.0,
    "gen_gl_consistency_loss_weight": 0.0,
    "generator_learning_rate": 8e-4,
    "discriminator_learning_rate": 8e-4,
}

PRESETS = {
    # Notes of 1 s at 8 kHz, 32 x 512 points; an hour or two on one core. Made the starter checkpoint.
    "starter": {
        **_COMMON,
        "start_width": 32,
        "num_resolutions": 5,
        "latent_vector_size": 64,
        "fmap_base": 256,
        "fmap_max": 64,
        "stable_stage_num_images": 4_000,
        "transition_stage_num_images": 4_000,
        "total_num_images": 100_000,
    },
    # Notes of 1 s, 64 x 512 points; hours on two cores.
    "laptop": {
        **_COMMON,
        "num_resolutions": 6,
        "latent_vector_size": 64,
        "fmap_base": 512,
        "fmap_max": 64,
        "stable_stage_num_images": 8_000,
        "transition_stage_num_images": 8_000,
        "total_num_images": 120_000,
    },
    # Notes of 4 s, 128 x 1024 points with a quarter of the channels; a day or two on a small GPU.
    "studio": {
        **_COMMON,
        "num_resolutions": 7,
        "latent_vector_size": 256,
        "fmap_base": 1024,
        "fmap_max": 128,
        "stable_stage_num_images": 100_000,
        "transition_stage_num_images": 100_000,
        "total_num_images": 1_600_000,
    },
    # The paper's model: magenta's mel_prog_hires; four to five days on a large GPU.
    "official": {
        **_COMMON,
        "num_resolutions": 7,
        "latent_vector_size": 256,
        "fmap_base": 4096,
        "fmap_max": 256,
        "fake_batch_size": 61,
        "stable_stage_num_images": 800_000,
        "transition_stage_num_images": 800_000,
        "total_num_images": 11_000_000,
    },
}
