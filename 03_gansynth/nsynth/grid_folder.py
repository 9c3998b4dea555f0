"""Grids of sounds as folders: WAV files and a list of them, or what the original course made. In the worker process.

A folder of this kit has a WAV file for each point, named by its place (`x0.33_y1.00.wav`; of several pitches, behind
the MIDI pitch, `p048_x0.33_y1.00.wav`), and `grid.json`, which lists them, pitch after pitch, row by row from below. A
folder without it is read by its WAV files in the order of their names. A grid of the original course, made for the Open
NSynth Super, is a file `.bin` of 16-bit samples and a file `.json` of settings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from modelfiles.bounded import read_json
from modelfiles.errors import UserError
from modelfiles.sounds import read_sound, write_sound
from numpy.typing import NDArray

from .blending import LIST, MIDDLE, SIDES, grid_paths
from .limits import LONGEST_S

ORIGINAL_RATE = 16000
PITCHES = 0, 127


def write(sounds: NDArray[np.float32], rate: int, pitches: Sequence[int], paths: Mapping[str, Path]) -> None:
    """Write sounds [pitches * points, samples] to the paths of `blending.grid_files`."""
    for number, sound in enumerate(sounds):
        write_sound(paths[f"point{number}"], sound, rate)
    files = [paths[f"point{number}"].name for number in range(len(sounds))]
    side = round((len(sounds) / len(pitches)) ** 0.5)
    facts = {"side": side, "rate": rate, "samples": sounds.shape[1], "pitches": list(pitches)}
    paths["list"].write_text(json.dumps({**facts, "files": files}, indent=1) + "\n")


def read(folder: Path) -> tuple[NDArray[np.float32], int, list[int]]:
    """Read a grid.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    sounds : ndarray of float32, shape (pitches * points, samples)
        Pitch after pitch, row by row from below; shorter ones are filled up with silence.
    rate : int
        In Hz.
    pitches : list of int
        MIDI.

    Raises
    ------
    UserError
        The folder holds no grid, or a sound of it is missing.
    """
    return read_files(folder.name, grid_paths(folder))


def read_files(grid: str, paths: Sequence[Path]) -> tuple[NDArray[np.float32], int, list[int]]:
    """Read a grid from its files, wherever they are; `grid` is what error lines call it. Raises UserError."""
    named = {path.name: path for path in paths}
    binaries = sorted(name for name in named if name.endswith(".bin"))
    if LIST in named:
        facts = read_json(named[LIST])
        files, pitches = facts.get("files", []), facts.get("pitches", [MIDDLE])
        return _read_sounds(grid, named, list(map(str, files)), _checked_pitches(named[LIST], pitches))
    if binaries:
        return _read_original(grid, named, named[binaries[0]])
    return _read_sounds(grid, named, sorted(name for name in named if name.endswith(".wav")), [MIDDLE])


def _read_sounds(
    grid: str, named: Mapping[str, Path], files: list[str], pitches: list[int]
) -> tuple[NDArray[np.float32], int, list[int]]:
    _side(grid, len(files) / len(pitches))
    missing = [name for name in files if name not in named]
    if missing:
        raise UserError("file", f"{grid} is no whole grid: {missing[0]} is missing")
    first, rate = read_sound(named[files[0]], None, LONGEST_S)
    sounds = [first, *(read_sound(named[name], rate, LONGEST_S)[0] for name in files[1:])]
    length = max(map(len, sounds))
    return np.stack([np.pad(sound, (0, length - len(sound))) for sound in sounds]), rate, pitches


def _checked_pitches(file: Path, pitches: object) -> list[int]:
    if not isinstance(pitches, list) or not pitches:
        raise UserError("file", f"{file.name} names no pitches")
    if any(type(pitch) is not int or not PITCHES[0] <= pitch <= PITCHES[1] for pitch in pitches):
        raise UserError("file", f"{file.name} names a pitch that is no MIDI pitch")
    return pitches


def _side(grid: str, count: float) -> int:
    side = round(count**0.5)
    if side * side != count or not SIDES[0] <= side <= SIDES[1]:
        hint = f"a grid has {SIDES[0]} x {SIDES[0]} to {SIDES[1]} x {SIDES[1]} sounds"
        raise UserError("file", f"{grid} is no grid: it has {count:g} sounds", hint)
    return side


def _read_original(
    grid: str, named: Mapping[str, Path], binary: Path
) -> tuple[NDArray[np.float32], int, list[int]]:
    """A grid of the original course: samples by place and pitch; its rows stand from above to below."""
    settings = sorted(path for name, path in named.items() if name.endswith(".json") and name != LIST)
    if not settings:
        raise UserError("file", f"{grid} has no settings (.json) beside {binary.name}")
    facts = read_json(settings[0]).get("nsynth", {})
    try:
        side, length, pitches = int(facts["resolution"]), int(facts["length"]), facts["pitches"]
        rate = int(facts.get("sampleRate", ORIGINAL_RATE))
    except (KeyError, TypeError, ValueError):
        raise UserError("file", f"{settings[0].name} holds no settings of a grid") from None
    _side(grid, side * side)
    pitches = _checked_pitches(settings[0], pitches)
    wanted = side * side * len(pitches) * length * 2
    if not 0 < wanted == binary.stat().st_size:
        found = binary.stat().st_size
        raise UserError("file", f"{binary.name} has {found} bytes, its settings ask for {wanted}")
    sounds = np.fromfile(binary, "<i2").reshape(side, side, len(pitches), length)[::-1].transpose(2, 0, 1, 3)
    return sounds.reshape(-1, length).astype(np.float32) / 32768, rate, pitches
