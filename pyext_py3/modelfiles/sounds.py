"""Sound files: found in a folder, read, brought to one form, written; used in the workers and on the command line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import ArrayLike, NDArray

from . import ffmpeg
from .errors import UserError
from .finding import SOUNDS, find_files
from .resample import resample

PEAK = 0.9
SILENT = 1e-3  # a peak below this (-60 dB) counts as silence: a muted recording's noise is below it
BLOCK = 1 << 18  # samples that are read at once
RATES = 1000, 768000  # Hz that a file may have: at others a small one would take far more memory than it has


def find_sounds(source: Path) -> list[Path]:
    """Find the sound files in a folder and its sub-folders.

    Parameters
    ----------
    source : Path
        A folder, or one sound file.

    Returns
    -------
    list of Path
        See `finding.find_files`.

    Raises
    ------
    UserError
        There is no such folder, or there is no sound in it.
    """
    return find_files(source, SOUNDS, "sounds")


def read_sound(
    path: Path | str, rate: int | None = None, longest_s: float | None = None
) -> tuple[NDArray[np.float32], int]:
    """Read a sound file, its channels mixed.

    Parameters
    ----------
    path : Path
    rate : int, optional
        Sample rate in Hz to bring the sound to; its own if not given.
    longest_s : float, optional
        Seconds; a longer sound is refused, and no more of it is read.

    Returns
    -------
    samples : ndarray of float32, shape (n,)
    rate : int
        In Hz.

    Raises
    ------
    UserError
        The file is missing, no sound, or too long.
    """
    with open_sound(path) as (own, blocks):
        read: list[NDArray[np.float32]] = [np.zeros(0, np.float32)]
        count = 0
        for block in blocks:
            read.append(block)
            count += len(block)
            if longest_s is not None and count > longest_s * own:
                raise UserError("sound", f"{path} is longer than {longest_s / 60:.0f} minutes")
    audio = np.concatenate(read)
    return (audio, own) if rate is None else (resample(audio, own, rate), rate)


def read_beginning(path: Path | str, seconds: float) -> tuple[NDArray[np.float32], int]:
    """Read a sound file's beginning, its channels mixed.

    Parameters
    ----------
    path : Path
    seconds : float
        How much of it, if there is so much.

    Returns
    -------
    samples : ndarray of float32, shape (n,)
    rate : int
        In Hz.

    Raises
    ------
    UserError
        The file is missing, no sound, or silent.
    """
    with open_sound(path) as (rate, blocks):
        samples = np.zeros(0, np.float32)
        for block in blocks:
            samples = np.concatenate([samples, block])[: round(seconds * rate)]
            if len(samples) == round(seconds * rate):
                break
    if not np.abs(samples).max(initial=0) >= SILENT:
        raise UserError("sound", f"{path} is silent")
    return samples, rate


@contextlib.contextmanager
def open_sound(path: Path | str) -> Iterator[tuple[int, Iterator[NDArray[np.float32]]]]:
    """Open a sound file to read it block by block, its channels mixed.

    What libsndfile cannot read is left to the program ffmpeg, where it is installed.

    Parameters
    ----------
    path : Path

    Yields
    ------
    rate : int
        In Hz.
    blocks : iterator of ndarray of float32, shape (n,)

    Raises
    ------
    UserError
        The file is missing or no sound.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError("file", f"there is no file {path}")
    if not path.stat().st_size:
        raise UserError("sound", f"{path} is empty")
    try:
        try:
            file = soundfile.SoundFile(path)
        except soundfile.SoundFileError as error:
            with ffmpeg.open_sound(path, _reason(error)) as opened:
                _check(path, opened[0])
                yield opened
            return
        with file:
            _check(path, file.samplerate)
            blocks = file.blocks(BLOCK, dtype="float32", always_2d=True)
            yield file.samplerate, (block.mean(axis=1) for block in blocks)
    except (OSError, soundfile.SoundFileError) as error:
        raise UserError("sound", f"{path} cannot be read: {_reason(error)}") from None


def is_usual(rate: float) -> bool:
    """Whether sounds have a sample rate like this, in Hz."""
    low, high = RATES
    return low <= rate <= high


def _check(path: Path, rate: int) -> None:
    if not is_usual(rate):
        low, high = RATES
        raise UserError("sound", f"{path} has a sample rate of {rate} Hz, usual are {low} to {high}")


def write_sound(path: Path, channels: ArrayLike, rate: float, subtype: str = "PCM_24") -> None:
    """Write a sound file of the kind that its name's ending tells.

    Parameters
    ----------
    path : Path
    channels : array_like, shape (n,) or (channels, n)
        Within -1 to 1.
    rate : float
        In Hz, rounded to a whole number.
    subtype : str
        How samples are written, in soundfile's words: "PCM_24", "FLOAT".

    Raises
    ------
    UserError
        The file cannot be written.
    """
    try:
        soundfile.write(path, np.asarray(channels, np.float32).T, round(rate), subtype)
    except (OSError, TypeError, ValueError, soundfile.SoundFileError) as error:
        raise UserError(
            "file", f"{path} cannot be written: {_reason(error)}", "choose another place"
        ) from None


def _reason(error: Exception) -> str:
    """What soundfile's errors say, without the path."""
    return getattr(error, "error_string", str(error)).rstrip(".")


def normalize(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring a sound's peak to PEAK. Raises UserError where there is nothing but silence."""
    peak = np.abs(samples).max(initial=0)
    if peak < SILENT:
        raise UserError("sound", "it is silent")
    return samples * np.float32(PEAK / peak)


def concatenate(sounds: Iterable[ArrayLike], rate: int, pause_s: float) -> NDArray[np.int16]:
    """Lay sounds end to end.

    Parameters
    ----------
    sounds : iterable of array_like, each of shape (n,)
        Within -1 to 1, or int16; what lies outside is clipped.
    rate : int
        In Hz.
    pause_s : float
        Seconds of silence after each.

    Returns
    -------
    ndarray of int16, shape (m,)
    """
    pause = np.zeros(int(pause_s * rate), np.int16)
    whole = [pause[:0], *(part for sound in sounds for part in (to_int16(sound), pause))]
    return np.concatenate(whole)


def to_int16(samples: ArrayLike) -> NDArray[np.int16]:
    """Samples from -1 to 1, clipped, as 16-bit numbers; those that are 16-bit numbers stay as they are."""
    sound = np.asarray(samples)
    return sound if sound.dtype == np.int16 else np.round(np.clip(sound, -1, 1) * 32767).astype(np.int16)
