"""Models that a worker reads though they lie anywhere on the disk: links in a folder that it may not change.

On the worker's thread in Pd. A worker reads the system, its environment, the course and the store of models. Of a model
elsewhere it gets the files of this model alone.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from modelfiles.errors import UserError

MOST_FILES = 5000

_WHOLE = (".mag", ".zip", ".safetensors")  # one file is the model; others of its name may belong to it
_OF_A_CHECKPOINT = re.compile(r"checkpoint|.*\.(index|meta|data-\d+-of-\d+|json|gin|pkl|npz)")


class ShownModels:
    """A folder with the files of models, for one worker process.

    Parameters
    ----------
    folder : Path
        Where they are put; it is there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._shown: dict[int, tuple[Path, Path]] = {}  # by call: what is shown, and where it is

    def show(self, number: int, path: Path, name: str) -> Path:
        """Show the model of a call, and return where the worker finds it.

        Parameters
        ----------
        number : int
            Of the call.
        path : Path
            A folder, a file, or a file of a folder that is a model.
        name : str
            How a person called it; an ending that they left out stays so.

        Raises
        ------
        UserError, OSError
            When a file of it is a link to somewhere else, or cannot be read.
        """
        place = self.folder / str(number)
        place.mkdir()
        base = path if path.is_dir() else path.parent
        target = place / (path.name or "model") if path.is_dir() else place
        target.mkdir(exist_ok=True)
        for file in _files(path):
            copy = target / file.relative_to(base)
            copy.parent.mkdir(parents=True, exist_ok=True)
            _link(_real(file, base), copy)
        given = Path(name).name
        shown = (
            target
            if path.is_dir()
            else target / (given if given and path.name.startswith(given) else path.name)
        )
        self._shown[number] = shown, path.parent / shown.name
        return shown

    def keep(self, number: int) -> None:
        """Forget all models but that of a call, which was loaded."""
        for other in [other for other in self._shown if other != number]:
            self.forget(other)

    def forget(self, number: int) -> None:
        """Forget the model of a call."""
        self._shown.pop(number, None)
        shutil.rmtree(self.folder / str(number), ignore_errors=True)

    def in_words(self, text: str) -> str:
        """Return a text of the worker's with the paths that the person knows."""
        for shown, path in self._shown.values():
            text = text.replace(str(shown), str(path)).replace(str(shown.parent), str(path.parent))
        return text


def _files(path: Path) -> Iterator[Path]:
    """Yield the files that belong to a model."""
    if not path.is_dir():
        names = path.parent.glob("*")
        stem = path.stem + "."
        of_it = (
            file
            for file in names
            if file.name.startswith(stem) or (path.suffix not in _WHOLE and _is_part(file))
        )
        yield from (file for file in of_it if file.is_file())
        return
    count = 0
    for folder, _, files in os.walk(path):
        for file in (Path(folder, name) for name in files):
            count += 1
            if count > MOST_FILES:
                raise UserError("checkpoint", f"{path} holds more than {MOST_FILES} files: it is no model")
            if file.is_file():
                yield file


def _is_part(file: Path) -> bool:
    return _OF_A_CHECKPOINT.fullmatch(file.name) is not None


def _real(file: Path, base: Path) -> Path:
    """Return what a file of a model is; a link that comes with a model must not lead to the person's other files."""
    real = file.resolve()
    if not file.is_symlink() or real.is_relative_to(base.resolve()):
        return real
    remedy = "put the file itself there, or copy the model: setup/dlwa checkpoints add"
    raise UserError("checkpoint", f"{file} is a link that leads out of the model's folder", remedy)


def _link(file: Path, copy: Path) -> None:
    try:
        os.link(file, copy)
    except OSError:  # on another disk, or somebody else's
        shutil.copyfile(file, copy)
