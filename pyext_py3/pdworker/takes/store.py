"""The folder of takes: adds, finds, marks and removes them; in Pd, off its thread, and on the command line.

A take is a JSON file in a folder of its day, with its sounds or its melody beside it. The JSON file is written last.
Several programs may write at once. Needs the standard library alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from modelfiles.errors import UserError

from pdworker.takes.place import Place

FORMAT = 1
MAX_JSON_BYTES = 16 << 20
ROOM_LEFT = 0.95  # of the limit, after takes were removed
INPUTS = ".inputs"  # the ending of the arrays that a model was given
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Take:
    """One take.

    Attributes
    ----------
    path : Path
        Of its JSON file.
    facts : dict
        What that says.
    """

    path: Path
    facts: dict[str, Any]

    @property
    def name(self) -> str:
        """The name that a person gave it, else that of its files."""
        return str(self.facts.get("name") or self.path.stem)

    @property
    def files(self) -> list[Path]:
        """Its sounds or its melody, those that are there."""
        sounds = (sound for sound in self.facts.get("sounds", ()) if isinstance(sound, dict))
        names = (Path(str(sound.get("file", ""))).name for sound in sounds)
        return [path for name in names if name and _is_file(path := self.path.with_name(name))]


class Store:
    """The takes in one folder.

    Parameters
    ----------
    place : Place
        The folder, which is made when it is first needed, and how many bytes it may hold.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self._bytes: int | None = None  # in the folder; None until it was looked at

    def add(self, about: str, facts: Mapping[str, Any], files: Mapping[str, bytes]) -> Take:
        """Keep a take.

        Parameters
        ----------
        about : str
            Words for the names of its files, such as "samplernn starter_beat".
        facts : mapping
            For the JSON file; plain values. Among its `sounds` each has the `ending` of its file.
        files : mapping
            Endings of names, such as ".wav", and what is in the files.

        Raises
        ------
        UserError
            It cannot be written; then nothing of it is left.
        """
        path = self._place_for(about)
        return self._write(path.parent, path.stem, _dated(facts, path.stem), files)

    def new_path(self, about: str, ending: str) -> Path:
        """Return a file in the folder of today that somebody else writes; `adopt` makes it a take. Raises UserError."""
        path = self._place_for(about)
        with _in_words(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
        return path.with_suffix(ending)

    def adopt(self, file: Path, facts: Mapping[str, Any]) -> Take:
        """Make a take of a file that `new_path` has named; `facts` as for `add`. Raises UserError."""
        path, known = file.with_suffix(".json"), _dated(facts, file.stem)
        with _in_words(file.parent):
            replace_json(path, known)
        self.make_room()
        return Take(path, known)

    def takes(self) -> list[Take]:
        """Return all takes, oldest first; what cannot be read is left out."""
        found = (_read(path) for path in sorted(self._jsons(), key=_age))
        return [take for take in found if take is not None]

    def newest(self, first: int, count: int) -> tuple[list[Take], int]:
        """Return some takes, the newest first, from a place on, and how many there are in all."""
        paths = sorted(self._jsons(), key=_age, reverse=True)
        found = (_read(path) for path in paths[first : first + count])
        return [take for take in found if take is not None], len(paths)

    def find(self, name: str = "") -> Take:
        """Return the newest take of a name, or the newest of all that a model has made.

        Parameters
        ----------
        name : str
            The name that a person gave it, that of its files, or the path of one of them.

        Raises
        ------
        UserError
            There is none.
        """
        path = Path(name).expanduser()
        if name and path.is_absolute():
            for candidate in (
                path.with_suffix(".json"),
                path.with_name(path.stem.rpartition(".")[0] + ".json"),
            ):
                if take := _read(candidate):
                    return take
            raise UserError(
                "file", f"{name} is no take", "there is no JSON file beside it that tells how it was made"
            )
        for path in sorted(self._jsons(), key=_age, reverse=True):
            if path.stem == name or f"{path.parent.name}/{path.stem}" == name:
                if take := _read(path):
                    return take
            elif (take := _read(path)) and (take.facts.get("name") == name if name else _is_made(take)):
                return take
        what = f"there is no take {name}" if name else "there is no take yet"
        raise UserError("state", what, f"looked for in {self.place.folder}")

    def change(self, take: Take, **facts: Any) -> Take:
        """Write some facts of a take anew. Raises UserError."""
        current = _read(take.path)
        if current is None:
            raise UserError("file", f"the take {take.name} is not there any more")
        changed = Take(take.path, {**current.facts, **facts})
        with _in_words(take.path.parent):
            replace_json(take.path, changed.facts)
        return changed

    def remove(self, path: Path) -> None:
        """Remove a take by the path of its JSON file; that another program has removed it is no error."""
        path.unlink(missing_ok=True)
        for file in path.parent.glob(f"{_escaped(path.stem)}.*"):
            file.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            path.parent.rmdir()

    def make_room(self) -> None:
        """Remove the oldest unmarked takes while there is more than the limit."""
        sizes = self._sizes()
        total = sum(sizes.values())
        if total > self.place.limit:
            for path in sorted(self._jsons(), key=_age):
                if total <= ROOM_LEFT * self.place.limit:
                    break
                take = _read(path)
                if take is not None and not take.facts.get("kept"):
                    total -= sum(size for file, size in sizes.items() if _belongs(file, path))
                    with contextlib.suppress(OSError):
                        self.remove(path)
        self._bytes = total

    def _place_for(self, about: str) -> Path:
        """Return the path of a JSON file to be, in the folder of today."""
        now = datetime.now().astimezone()
        words = re.sub(r"[^A-Za-z0-9_]+", "-", about).strip("-")[:80]
        stem = f"{now:%H-%M-%S}-{now.microsecond:06}-{words}-{secrets.token_hex(2)}"
        return self.place.folder / f"{now:%Y-%m-%d}" / f"{stem}.json"

    def _write(self, folder: Path, stem: str, facts: dict[str, Any], files: Mapping[str, bytes]) -> Take:
        path, written = folder / f"{stem}.json", []
        with _in_words(folder):
            try:
                folder.mkdir(parents=True, exist_ok=True)
                for ending, content in files.items():
                    file, part = folder / f"{stem}{ending}", folder / f".{stem}{ending}.part"
                    written += [part, file]
                    part.write_bytes(content)
                    part.replace(file)
                replace_json(path, facts)
            except OSError:
                for file in written:
                    with contextlib.suppress(OSError):
                        file.unlink()
                raise
        if self._bytes is not None:
            self._bytes += sum(map(len, files.values())) + path.stat().st_size
        if self._bytes is None or self._bytes > self.place.limit:
            self.make_room()
        return Take(path, facts)

    def _jsons(self) -> Iterator[Path]:
        return (path for day in self._days() for path in day.glob("[!.]*.json"))

    def _days(self) -> list[Path]:
        try:
            return [path for path in self.place.folder.iterdir() if _DAY.fullmatch(path.name)]
        except OSError:
            return []

    def _sizes(self) -> dict[Path, int]:
        sizes = {}
        for day in self._days():
            for file in day.iterdir():
                with contextlib.suppress(OSError):
                    sizes[file] = file.stat().st_size
        return sizes


def _dated(facts: Mapping[str, Any], stem: str) -> dict[str, Any]:
    """Return facts with a date and the names of the files."""
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    sounds = [{"file": f"{stem}{one['ending']}", **one} for one in facts.get("sounds", ())]
    return {"format": FORMAT, "date": now, "name": "", "kept": False, **facts, "sounds": sounds}


def _age(path: Path) -> tuple[str, str]:
    return path.parent.name, path.stem


def _belongs(file: Path, path: Path) -> bool:
    return file.parent == path.parent and file.name.startswith(f"{path.stem}.")


def _is_made(take: Take) -> bool:
    """Whether a model has made it; a recording can't be made again, and may run still."""
    return take.facts.get("kind") != "recording"


def _escaped(stem: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", stem)


def _is_file(path: Path) -> bool:
    """Whether there is a file of a name, which may be longer than any file's."""
    with contextlib.suppress(OSError):
        return path.is_file()
    return False


def _read(path: Path) -> Take | None:
    """Return the take of a JSON file; None for one that is damaged, or gone meanwhile."""
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_JSON_BYTES + 1)
        facts = json.loads(content) if len(content) <= MAX_JSON_BYTES else None
    except (OSError, ValueError, RecursionError):
        return None
    return Take(path, facts) if isinstance(facts, dict) and _has_form(facts) else None


def _has_form(facts: Mapping[str, Any]) -> bool:
    """Whether facts are of this version, and lists and tables where a list of takes looks for them."""
    kinds = {"sounds": list, "message": list, "settings": dict}
    return facts.get("format") == FORMAT and all(
        isinstance(facts.get(name, kind()), kind) for name, kind in kinds.items()
    )


def replace_json(path: Path, facts: Mapping[str, Any]) -> None:
    """Write a JSON file whole or not at all. Raises OSError."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        text = json.dumps(facts, indent=1, ensure_ascii=False) + "\n"
        part.write_bytes(text.encode("utf-8", "replace"))
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


@contextlib.contextmanager
def _in_words(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        hint = "make room there, or choose another folder: setup/dlwa takes --folder FOLDER"
        raise UserError("file", f"{folder} cannot be written: {error.strerror}", hint) from None
