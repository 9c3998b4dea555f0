"""Sound files: found in a folder, read, brought to one form, written; used in the workers and on the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import soundfile
from numpy.typing import ArrayLike, NDArray

from .errors import UserError
from .finding import find_files
from .resample import resample

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff")
PEAK = 0.9
SILENT = 1e-4  # a peak below this counts as silence

Sound = TypeVar("Sound")


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
    return find_files(source, SUFFIXES, "sounds")


def read_each(
    source: Path, read: Callable[[Path], Sound], leave_out: Callable[[str, str], None]
) -> Iterator[tuple[str, Sound]]:
    """Read all sounds of a folder, and go on where one cannot be read.

    Parameters
    ----------
    source : Path
        See `find_sounds`.
    read : callable
        Gives what is wanted of the file at a path; raises UserError where there is nothing to be had.
    leave_out : callable
        Called with the name and the reason for each file that is left out.

    Yields
    ------
    name : str
        The path below `source`, with `/` between folders.
    sound
        What `read` gave.
    """
    for path in find_sounds(source):
        name = path.name if path == source else path.relative_to(source).as_posix()
        try:
            sound = read(path)
        except UserError as error:
            leave_out(name, error.message.replace(str(path), "it"))
            continue
        yield name, sound


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
        Seconds; a longer sound is refused before it is read.

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
    path = Path(path)
    if not path.is_file():
        raise UserError("file", f"there is no file {path}")
    try:
        with soundfile.SoundFile(path) as file:
            own = file.samplerate
            if longest_s is not None and file.frames > longest_s * own:
                raise UserError("sound", f"{path} is longer than {longest_s / 60:.0f} minutes")
            audio = file.read(dtype="float32", always_2d=True).mean(axis=1)
    except (OSError, soundfile.SoundFileError) as error:
        raise UserError("sound", f"{path} cannot be read: {_reason(error)}") from None
    return (audio, own) if rate is None else (resample(audio, own, rate), rate)


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
        Within -1 to 1; what lies outside is clipped.
    rate : int
        In Hz.
    pause_s : float
        Seconds of silence after each.

    Returns
    -------
    ndarray of int16, shape (m,)
    """
    pause = np.zeros(int(pause_s * rate), np.float32)
    whole = [np.zeros(0, np.float32), *(part for sound in sounds for part in (np.asarray(sound), pause))]
    return np.round(np.clip(np.concatenate(whole), -1, 1) * 32767).astype(np.int16)
