"""Sound to mu-law codes and back, as magenta's NSynth; worker process and trainings.

A code is a whole number from -128 to 127, the number of one of 256 steps, which are finer for quiet samples; the
network sees code / 128 and predicts code + 128. Formulas: magenta/models/nsynth/utils.py.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

MU = 255
HALF = 128  # codes below zero; what the network's numbers are divided by


def encode(audio: ArrayLike) -> NDArray[np.int32]:
    """Return the codes of a sound.

    Parameters
    ----------
    audio : array_like
        Within -1 to 1; what lies outside is clipped.

    Returns
    -------
    ndarray of int32
        -128 to 127.
    """
    audio = np.clip(np.asarray(audio, np.float32), -1, 1)
    bent = np.sign(audio) * np.log1p(MU * np.abs(audio)) / np.log(1 + MU)
    return np.floor(bent * HALF).clip(-HALF, HALF - 1).astype(np.int32)


def decode(codes: ArrayLike) -> NDArray[np.float32]:
    """Return the sound of codes: the middle of each step, and silence for the code 0.

    Parameters
    ----------
    codes : array_like of int
        -128 to 127.

    Returns
    -------
    ndarray of float32
    """
    codes = np.asarray(codes, np.float32)
    bent = (codes + 0.5) * 2 / (MU + 1)
    sound = np.sign(bent) / MU * ((1 + MU) ** np.abs(bent) - 1)
    return np.where(codes == 0, 0, sound).astype(np.float32)
