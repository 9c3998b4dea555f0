"""Files that a worker reads and writes for a patch, as copies in a folder of its own; on the worker's thread in Pd.

A worker may open nothing else that belongs to the person. What it writes takes its place when the call has succeeded,
whole or not at all.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Any

from modelfiles.errors import UserError
from modelfiles.places import cache_folder

from pdworker.host.calls import Call
from pdworker.host.models import ShownModels

MAX_BYTES = 4 << 30  # of a file

_PREFIX = "dlwa-"


class Exchange:
    """The folders of one worker process.

    Parameters
    ----------
    shows_models : bool
        Whether the worker may read models nowhere but in the store and in `models`.

    Attributes
    ----------
    folder : Path
        Empty, and nobody else's.
    models : ShownModels or None
        On the disk of the store, where links need no room.
    """

    def __init__(self, shows_models: bool = False) -> None:
        self.folder = _make_folder(Path(tempfile.gettempdir()))
        self.models = ShownModels(_make_folder(cache_folder() / "models")) if shows_models else None

    def close(self) -> None:
        """Remove them with all that is in them."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.models is not None:
            shutil.rmtree(self.models.folder, ignore_errors=True)

    def arguments(self, call: Call) -> dict[str, Any]:
        """Return the arguments of a call, with the paths that the worker is to use.

        Raises
        ------
        UserError
            When a file that it should read is not there or cannot be read.
        """
        given = dict(call.arguments)
        for argument, path in call.reads.items():
            copy = self._place(call, argument, path)
            _copy_in(path, copy)
            given[argument] = str(copy)
        for argument, path in call.writes.items():
            given[argument] = str(self._place(call, argument, path))
        if self.models is not None:
            for argument, path in call.shows.items():
                given[argument] = str(self.models.show(call.id, Path(path), str(given[argument])))
        return given

    def collect(self, call: Call) -> None:
        """Put what the worker has written where it belongs. Raises UserError."""
        for argument, path in call.writes.items():
            _copy_out(self._folder(call, argument) / Path(path).name, Path(path))
        if self.models is not None and call.shows:
            self.models.keep(call.id)

    def fail(self, call: Call) -> None:
        """Remove what a call has used that has failed."""
        if self.models is not None:
            self.models.forget(call.id)
        self.clear(call)

    def clear(self, call: Call) -> None:
        """Remove what a call has used."""
        for argument in (*call.reads, *call.writes):
            shutil.rmtree(self._folder(call, argument), ignore_errors=True)

    def in_words(self, call: Call, text: str) -> str:
        """Return a text of the worker's with the paths that the person knows."""
        for argument, path in (*call.reads.items(), *call.writes.items()):
            text = text.replace(str(self._folder(call, argument) / Path(path).name), path)
        return self.models.in_words(text) if self.models is not None else text

    def _folder(self, call: Call, argument: str) -> Path:
        return self.folder / f"{call.id}-{argument}"

    def _place(self, call: Call, argument: str, path: str) -> Path:
        folder = self._folder(call, argument)
        folder.mkdir()
        return folder / Path(path).name


def _copy_in(source: str, target: Path) -> None:
    try:
        with _regular(source, 0) as file, open(target, "xb") as copy:
            if os.fstat(file.fileno()).st_size > MAX_BYTES:
                raise UserError("file", f"{source} is larger than {MAX_BYTES >> 30} GB")
            shutil.copyfileobj(file, copy, 1 << 20)
    except FileNotFoundError:
        raise UserError("file", f"there is no file {source}") from None
    except OSError as error:
        raise UserError("file", f"{source} cannot be read: {error.strerror}") from None


def _copy_out(source: Path, target: Path) -> None:
    """Copy what a worker has written, which may be anything, over what a person has named."""
    target = Path(os.path.realpath(target))
    part = target.with_name(f".{target.name}.part")
    try:
        with _regular(source, os.O_NOFOLLOW) as file, open(part, "wb") as copy:
            shutil.copyfileobj(file, copy, 1 << 20)
        part.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise UserError(
            "file", f"{target} cannot be written: {error.strerror}", "choose another place"
        ) from None


@contextlib.contextmanager
def _regular(path: str | Path, flags: int) -> Iterator[FileIO]:
    """Open a file to read it; anything but a plain file is an OSError and is not waited for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | flags)
    with open(descriptor, "rb", 0) as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "it is no file", str(path))
        yield file


def _make_folder(place: Path) -> Path:
    """Make a folder of this Pd's, and remove those of Pds that were killed."""
    place.mkdir(parents=True, exist_ok=True)
    _remove_left_over(place)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=place))


def _remove_left_over(place: Path) -> None:
    for folder in place.glob(f"{_PREFIX}[0-9]*-*"):
        pid = folder.name.split("-")[1]
        with contextlib.suppress(OSError):
            if folder.stat().st_uid == os.getuid() and pid.isdigit() and not Path("/proc", pid).exists():
                shutil.rmtree(folder, ignore_errors=True)
