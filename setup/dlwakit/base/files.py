"""Files: checksums, JSON that is replaced whole, copies, sizes. On the command line and in trainings."""

import contextlib
import hashlib
import json
import os
import shutil
from pathlib import Path

from modelfiles.errors import UserError


def sha256(path):
    """SHA-256 of a file, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def fingerprint(files, *words):
    """One SHA-256 for named files and words: it changes when any name, content or word does.

    files: {name: path}.
    """
    digest = hashlib.sha256("\0".join(words).encode())
    for name, path in sorted(files.items()):
        digest.update(f"\0{name}\0{sha256(path)}".encode())
    return digest.hexdigest()


def content(path):
    """(bytes, SHA-256) of a checkpoint: a file, or a folder with all its files and their names."""
    path = Path(path)
    if not path.is_dir():
        return path.stat().st_size, sha256(path)
    files = {file.relative_to(path).as_posix(): file for file in path.rglob("*") if file.is_file()}
    return sum(file.stat().st_size for file in files.values()), fingerprint(files)


def copy(source, target):
    """Copy a file or a folder in place of `target`; under that name it is never half there. Raises UserError."""
    part = target.with_name(target.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    remove(part)
    try:
        shutil.copytree(source, part) if source.is_dir() else shutil.copyfile(source, part)
    except OSError as error:
        remove(part)
        raise UserError("file", f"{target}: {error.strerror or error}") from None
    remove(target)
    part.replace(target)


@contextlib.contextmanager
def whole_folder(folder):
    """Yield where to write a folder's files: where there is none yet, a place that becomes it when all are written."""
    if folder.is_dir():
        yield folder
        return
    part = folder.with_name(folder.name + ".part")
    remove(part)
    part.mkdir(parents=True)
    yield part
    part.rename(folder)


def remove(path):
    """Take away a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def read_json(path, default):
    """What a JSON file holds, or `default` when there is no such file or it cannot be read as JSON."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return default


def read_part(path, hint="This checkout is not complete: git status shows what differs"):
    """What a JSON file of the checkout holds; UserError that names the file if it is missing or not JSON."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError("file", f"{path}: {reason}", hint) from None


def write_json(path, value):
    """Write a JSON file; a reader never sees half of it."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_text(path, text):
    """Write a text file under a temporary name and rename it, so that a reader never sees half of it."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def folder_size(folder):
    """Bytes that the files below a folder take on the disk; hard links count once."""
    seen = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            facts = os.lstat(os.path.join(parent, name))
            seen[facts.st_dev, facts.st_ino] = facts.st_blocks * 512
    return sum(seen.values())
