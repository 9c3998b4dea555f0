"""Sound to sample values and back, linear and mu-law, as PRiSM SampleRNN; worker process and trainings."""

import numpy as np

EPSILON = 1e-5


def encode(audio, q_type, q_levels=256):
    """Floats in [-1, 1] to int32 codes in 0 .. q_levels-1; what lies outside is clipped.

    linear: floor((x+1)/2 * (q - 1e-5) + 5e-6). mu-law (256 levels): the mu = 255 curve of ITU-T G.711.
    """
    audio = np.clip(np.asarray(audio, np.float64), -1.0, 1.0)
    if q_type == "mu-law":
        bent = np.sign(audio) * np.log1p(255 * np.abs(audio)) / np.log(256)
        return ((bent + 1) / 2 * 255 + 0.5).astype(np.int32)
    return ((audio + 1) / 2 * (q_levels - EPSILON) + EPSILON / 2).astype(np.int32)


def decode(codes, q_type, q_levels=256):
    """Codes to float32 in [-1, 1]; silence is q_levels/2 of 256 levels, and linear. mu-law: 1 for codes from 255 on."""
    codes = np.asarray(codes, np.float64)
    if q_type == "mu-law":
        bent = np.minimum(2 * codes / 255 - 1, 1)
        return (np.sign(bent) * (256 ** np.abs(bent) - 1) / 255).astype(np.float32)
    return (codes / (q_levels / 2) - 1).astype(np.float32)
