"""Grids of sounds as folders: WAV files and a list of them, or what the original course made. In the worker process.

A folder of this kit has a WAV file for each point, named by its place (`x0.33_y1.00.wav`), and `grid.json`, which lists
them row by row from below. A folder without it is read by its WAV files in the order of their names. A grid of the
original course, made for the Open NSynth Super, is a file `.bin` of 16-bit samples and a file `.json` of settings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from modelfiles.bounded import read_json
from modelfiles.errors import UserError
from modelfiles.sounds import read_sound, write_sound
from numpy.typing import NDArray

from .blending import LIST, SIDES
from .limits import LONGEST_S

ORIGINAL_RATE = 16000
MIDDLE = 60  # of the pitches of an original grid, the nearest to this one is read


def write(sounds: NDArray[np.float32], rate: int, paths: Mapping[str, Path]) -> None:
    """Write sounds [points, samples] to the paths of `blending.grid_files`."""
    for number, sound in enumerate(sounds):
        write_sound(paths[f"point{number}"], sound, rate)
    files = [paths[f"point{number}"].name for number in range(len(sounds))]
    facts = {"side": round(len(sounds) ** 0.5), "rate": rate, "samples": sounds.shape[1], "files": files}
    paths["list"].write_text(json.dumps(facts, indent=1) + "\n")


def read(folder: Path) -> tuple[NDArray[np.float32], int]:
    """Read a grid.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    sounds : ndarray of float32, shape (points, samples)
        Row by row from below; shorter ones are filled up with silence.
    rate : int
        In Hz.

    Raises
    ------
    UserError
        The folder holds no grid, or a sound of it is missing.
    """
    if not folder.is_dir():
        raise UserError("file", f"there is no folder {folder}")
    listed, binaries = folder / LIST, sorted(folder.glob("*.bin"))
    if listed.is_file():
        return _read_sounds(folder, list(map(str, read_json(listed).get("files", []))))
    if binaries:
        return _read_original(binaries[0])
    return _read_sounds(folder, sorted(path.name for path in folder.glob("*.wav")))


def _read_sounds(folder: Path, files: list[str]) -> tuple[NDArray[np.float32], int]:
    _side(folder, len(files))
    missing = [name for name in files if Path(name).name != name or not (folder / name).is_file()]
    if missing:
        raise UserError("file", f"{folder.name} is no whole grid: {missing[0]} is missing")
    first, rate = read_sound(folder / files[0], None, LONGEST_S)
    sounds = [first, *(read_sound(folder / name, rate, LONGEST_S)[0] for name in files[1:])]
    length = max(map(len, sounds))
    return np.stack([np.pad(sound, (0, length - len(sound))) for sound in sounds]), rate


def _side(folder: Path, count: int) -> int:
    side = round(count**0.5)
    if side * side != count or not SIDES[0] <= side <= SIDES[1]:
        hint = f"a grid has {SIDES[0]} x {SIDES[0]} to {SIDES[1]} x {SIDES[1]} sounds"
        raise UserError("file", f"{folder.name} is no grid: it has {count} sounds", hint)
    return side


def _read_original(binary: Path) -> tuple[NDArray[np.float32], int]:
    """One pitch of a grid of the original course; its rows stand from above to below."""
    settings = [path for path in binary.parent.glob("*.json") if path.name != LIST]
    if not settings:
        raise UserError("file", f"{binary.parent.name} has no settings (.json) beside {binary.name}")
    facts = read_json(settings[0]).get("nsynth", {})
    try:
        side, length, pitches = int(facts["resolution"]), int(facts["length"]), list(facts["pitches"])
        rate = int(facts.get("sampleRate", ORIGINAL_RATE))
    except (KeyError, TypeError, ValueError):
        raise UserError("file", f"{settings[0].name} holds no settings of a grid") from None
    _side(binary.parent, side * side)
    wanted = side * side * len(pitches) * length * 2
    if not 0 < wanted == binary.stat().st_size:
        found = binary.stat().st_size
        raise UserError("file", f"{binary.name} has {found} bytes, its settings ask for {wanted}")
    pitch = int(np.argmin([abs(pitch - MIDDLE) for pitch in pitches]))
    sounds = np.fromfile(binary, "<i2").reshape(side, side, len(pitches), length)[::-1, :, pitch]
    return sounds.reshape(side * side, length).astype(np.float32) / 32768, rate
