"""Where takes are kept and how much room they may have, as a person has set it; in Pd and on the command line.

Needs the standard library alone.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import NamedTuple

from modelfiles.errors import UserError
from modelfiles.places import data_folder

VARIABLE = "DLWA_TAKES"  # a folder that goes before the one in the file
GIGABYTES = 2.0
LEAST_GIGABYTES, MOST_GIGABYTES = 0.001, 100000.0


class Place(NamedTuple):
    """The folder of all takes.

    Attributes
    ----------
    folder : Path
    limit : int
        Bytes that unmarked and marked takes may have together before the oldest unmarked ones go.
    """

    folder: Path
    limit: int


def place() -> Place:
    """Return where takes are kept.

    Raises
    ------
    UserError
        The folder lies in a checkout of the course, where takes would get into a commit.
    """
    said = _settings()
    folder = Path(
        os.environ.get(VARIABLE) or said.get("folder") or Path.home() / "Music" / "dlwa"
    ).expanduser()
    _refuse_checkout(folder)
    return Place(folder, round(float(said.get("gigabytes", GIGABYTES)) * 1e9))


def set_place(folder: str | Path | None = None, gigabytes: float | None = None) -> Place:
    """Remember another folder, or how much room takes may have; what is None stays as it is.

    Raises
    ------
    UserError
        The folder cannot be, or the room is out of range, or it cannot be remembered.
    """
    said = _settings()
    if folder is not None:
        path = Path(folder).expanduser().absolute()
        _refuse_checkout(path)
        said["folder"] = str(path)
    if gigabytes is not None:
        if not LEAST_GIGABYTES <= gigabytes <= MOST_GIGABYTES:
            limits = f"it goes from {LEAST_GIGABYTES:g} to {MOST_GIGABYTES:g}"
            raise UserError("input", f"{gigabytes:g} GB is out of range, {limits}")
        said["gigabytes"] = gigabytes
    file = _file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f".{file.name}.{os.getpid()}")
        part.write_text(json.dumps(said) + "\n", encoding="utf-8")
        part.replace(file)
    except OSError as error:
        raise UserError("file", f"{file} cannot be written: {error.strerror}") from None
    return place()


def _file() -> Path:
    return data_folder() / "takes.json"


def _settings() -> dict:
    """Return what the file says that can be used; a damaged one counts as none."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        said = dict(json.loads(_file().read_text(encoding="utf-8")))
        kinds: dict[str, type | tuple[type, ...]] = {"folder": str, "gigabytes": (int, float)}
        return {name: said[name] for name, kind in kinds.items() if isinstance(said.get(name), kind)}
    return {}


def _refuse_checkout(folder: Path) -> None:
    if any((around / "setup" / "dlwakit").is_dir() for around in (folder, *folder.parents)):
        raise UserError(
            "input",
            f"{folder} lies in the course's own folder",
            "choose another: setup/dlwa takes --folder F",
        )
