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
RUN = "run.json"  # in the folder of a training, which holds the model of its own name
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
        The first that exists; of a training's folder, the model in it. A name that nothing has any more is looked up
        in the folders' files RENAMED.

    Raises
    ------
    UserError
        There is none; the hint says what there is instead.
    """
    if not str(name):
        raise UserError("checkpoint", "no checkpoint was named")
    places = [Path(folder).expanduser() for folder in folders]
    if found := _there(name, places, suffixes):
        return found
    successor = next(filter(None, (_renamed(folder).get(str(name)) for folder in places)), None)
    name = successor or name
    if successor and (found := _there(successor, places, suffixes)):
        return found
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


def _there(name: str | Path, places: Iterable[Path], suffixes: Sequence[str]) -> Path | None:
    """The first file or folder of a name. Raises UserError for a pipe or a device."""
    for folder in places:
        base = folder / Path(name).expanduser()  # an absolute name replaces the folder
        for suffix in ("", *suffixes):
            path = base.with_name(base.name + suffix) if suffix else base
            try:
                is_there, exists = path.is_file() or path.is_dir(), path.exists()
            except OSError:  # no file can have this name, or nobody may look there
                continue
            if is_there:
                return _model_of_run(path, suffixes)
            if exists:
                raise UserError("checkpoint", f"{path} is no file, but a pipe or a device")
    return None


def _model_of_run(path: Path, suffixes: Sequence[str]) -> Path:
    """The model in the folder of a training; any other path as it is, and that of a training without a model."""
    if not os.path.isfile(path / RUN):
        return path
    name = path.resolve().name
    models = (path / f"{name}{suffix}" for suffix in ("", *suffixes))
    return next(filter(os.path.exists, models), path)


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
    except (OSError, ValueError, RecursionError, UserError):
        return set()
    rows = (entry for entry in entries if isinstance(entry, dict)) if isinstance(entries, list) else ()
    return {str(entry.get("name")) for entry in rows if entry.get("url")}


def _renamed(folder: Path) -> dict[str, str]:
    """What the folder's file RENAMED says; {} where there is none, or a damaged one."""
    try:
        names = json.loads(read_text(folder / RENAMED))
    except (OSError, ValueError, RecursionError, UserError):
        return {}
    pairs = names.items() if isinstance(names, dict) else ()
    return {old: new for old, new in pairs if isinstance(new, str)}


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
