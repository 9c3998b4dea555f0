"""What can be encoded and decoded: checks that both engines share. In the worker process; needs numpy alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from modelfiles.errors import UserError
from numpy.typing import ArrayLike, NDArray

LONGEST_S, MOST_SOUNDS = 60, 100
LOWEST_RATE, HIGHEST_RATE = 1000, 384000  # Hz
HOTTEST = 100


def check_rate(rate: float) -> None:
    """Refuse a sample rate, in Hz, that sound does not have. Raises UserError."""
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise UserError("input", f"{rate:g} Hz is no sample rate for sound", "such as 16000 or 48000")


def check_temperature(temperature: float) -> None:
    """Refuse a temperature out of range. Raises UserError."""
    if not 0 <= temperature <= HOTTEST:
        raise UserError("input", f"temperature {temperature:g} is not within 0 to {HOTTEST}")


def checked_encodings(
    encodings: Sequence[ArrayLike], latent: int, hops_per_second: float
) -> NDArray[np.float32]:
    """Check encodings that are to be decoded together.

    Parameters
    ----------
    encodings : sequence of array_like, shape (hops, latent)
    latent : int
        Numbers in each of the model's vectors.
    hops_per_second : float

    Returns
    -------
    ndarray of float32, shape (sounds, hops, latent)

    Raises
    ------
    UserError
        There are none, they differ in size, are of another model, or too much.
    """
    parts = [np.asarray(one, np.float32) for one in encodings]
    if not 1 <= len(parts) <= MOST_SOUNDS:
        raise UserError("input", f"{len(parts)} encodings: 1 to {MOST_SOUNDS} can be decoded at once")
    if len({part.shape for part in parts}) > 1 or parts[0].ndim != 2 or not len(parts[0]):
        raise UserError("input", "the encodings are not of one size")
    if parts[0].shape[1] != latent:
        raise UserError("input", f"an encoding of {parts[0].shape[1]} numbers a hop; this model has {latent}")
    if not all(np.isfinite(part).all() for part in parts):
        raise UserError("input", "an encoding holds something that is not a number")
    if len(parts[0]) > LONGEST_S * hops_per_second + 1:
        raise UserError(
            "input", f"an encoding of {len(parts[0]) / hops_per_second:.0f} s", f"at most {LONGEST_S} s"
        )
    return np.stack(parts)


def checked(sound: ArrayLike, rate: float) -> NDArray[np.float32]:
    """Check a sound that is to be encoded.

    Parameters
    ----------
    sound : array_like, shape (samples,)
    rate : float
        In Hz.

    Returns
    -------
    ndarray of float32, shape (samples,)

    Raises
    ------
    UserError
        There is no sound, it is too long, or its rate is none.
    """
    audio = np.asarray(sound, np.float32)
    check_rate(rate)
    if audio.ndim != 1 or not len(audio):
        raise UserError("sound", "there is no sound to encode")
    if len(audio) > LONGEST_S * rate:
        raise UserError(
            "sound", f"a sound of {len(audio) / rate:.0f} s cannot be encoded", f"at most {LONGEST_S} s"
        )
    if not np.isfinite(audio).all():
        raise UserError("sound", "the sound holds something that is not a number")
    return audio
