"""Finds the checkpoint of a name, and the files of a kind in a folder. Runs in the workers and on the command line."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from .errors import UserError
from .regular import read_text

FOR_FFMPEG = (".m4a", ".mp4", ".aac", ".webm", ".mka", ".wma", ".amr", ".3gp", ".mov")
SOUNDS = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff", ".caf", ".au", *FOR_FFMPEG)

REGISTRY = "registry.json"  # in a folder of checkpoints: what it may hold, and where that comes from
RENAMED = "renamed.json"  # in a folder of checkpoints: {name that one had: name of what took its place}


def find(name: str | Path, folders: Iterable[str | Path], suffixes: Sequence[str] = ("",)) -> Path:
    """Find a file or folder by the name that a person typed.

    Parameters
    ----------
    name : str or Path
        A name such as "attention_rnn" or "attention_rnn.mag", or a path: relative, absolute, or with ~.
    folders : iterable of path
        Where to look, in this order; paths relative to them are found, too.
    suffixes : sequence of str
        Endings that may be left out, such as (".mag",); the name as it stands is tried first.

    Returns
    -------
    Path
        The first that exists. A name that nothing has any more is looked up in the folders' files RENAMED.

    Raises
    ------
    UserError
        There is none; the hint says what there is instead.
    """
    if not str(name):
        raise UserError("checkpoint", "no checkpoint was named")
    places = [Path(folder).expanduser() for folder in folders]
    for folder in places:
        base = folder / Path(name).expanduser()  # an absolute name replaces the folder
        for suffix in ("", *suffixes):
            path = base.with_name(base.name + suffix) if suffix else base
            if path.is_file() or path.is_dir():
                return path
            if path.exists():
                raise UserError("checkpoint", f"{path} is no file, but a pipe or a device")
    for folder in places:
        if successor := _renamed(folder).get(str(name)):
            return find(successor, places, suffixes)
    if any(str(name) in _downloads(folder) for folder in places):
        remedy = f"run setup/dlwa checkpoints get {name} in a terminal"
        raise UserError("checkpoint", f"{name} is not on this computer", remedy)
    patterns = [f"*{suffix}" for suffix in suffixes if suffix]
    there = sorted({path.name for folder in places for pattern in patterns for path in folder.glob(pattern)})
    known = f"there is: {', '.join(there)}; " if there else ""
    raise UserError(
        "checkpoint",
        f"there is no checkpoint {str(name)!r}",
        f"{known}looked for in {', '.join(dict.fromkeys(os.path.normpath(place) for place in places))}",
    )


def find_files(source: Path, suffixes: Iterable[str], what: str) -> list[Path]:
    """Find the files of a kind in a folder and its sub-folders.

    Hidden files and folders are left out, among them the `._NAME` that macOS writes beside each file.

    Parameters
    ----------
    source : Path
        A folder, or one file, which is taken whatever its ending.
    suffixes : iterable of str
        The endings of such files, with the dot, in small letters.
    what : str
        How error lines call them, such as "sounds".

    Returns
    -------
    list of Path
        Sorted; one at least.

    Raises
    ------
    UserError
        There is no such folder, or no such file in it.
    """
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise UserError("file", f"there is no folder {source}")
    endings = set(suffixes)
    found = sorted(
        path
        for path in source.rglob("*")
        if path.suffix.lower() in endings
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(source).parts)
    )
    if not found:
        raise UserError("file", f"there are no {what} in {source}", f"looked for {' '.join(sorted(endings))}")
    return found


def _downloads(folder: Path) -> set[str]:
    """The names of the checkpoints in the folder's file REGISTRY that are downloaded."""
    try:
        entries = json.loads(read_text(folder / REGISTRY))
    except (OSError, ValueError, UserError):
        return set()
    return {entry["name"] for entry in entries if isinstance(entry, dict) and entry.get("url")}


def _renamed(folder: Path) -> dict[str, str]:
    """What the folder's file RENAMED says; {} where there is none."""
    try:
        return dict(json.loads((folder / RENAMED).read_text()))
    except FileNotFoundError:
        return {}


def latest(folder: Path) -> Path:
    """Find a training folder's newest V2 checkpoint.

    The file `checkpoint` decides if it names one that is there, wherever the folder has been moved to; otherwise the
    highest step does, counted as a number.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    Path
        The prefix of the checkpoint's files, such as FOLDER/ckpt-2000.

    Raises
    ------
    UserError
        There is no checkpoint in the folder.
    """
    folder = Path(folder)
    state = folder / "checkpoint"
    if state.is_file():
        named = re.search(r'^model_checkpoint_path: "(.*)"', read_text(state), re.MULTILINE)
        if named:
            prefix = folder / Path(named[1]).name
            if Path(f"{prefix}.index").is_file():
                return prefix
    prefixes = [path.with_suffix("") for path in folder.glob("*.index")]
    if not prefixes:
        raise UserError("checkpoint", f"there is no checkpoint in the folder {folder}")
    return max(prefixes, key=lambda prefix: (_step(prefix), prefix.name))


def _step(prefix: Path) -> int:
    number = re.search(r"-(\d+)$", prefix.name)
    return int(number[1]) if number else -1
