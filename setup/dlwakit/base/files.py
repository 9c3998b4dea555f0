"""Files: checksums, JSON that is replaced whole, copies, sizes. On the command line and in trainings."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
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
    copy_all([(source, target)])


def copy_all(pairs):
    """Copy files and folders (source, target) that belong together; the first, which the others serve, comes last.

    When one cannot be copied, all stay as they were. Raises UserError.
    """
    parts = [target.with_name(target.name + ".part") for _, target in pairs]
    try:
        for (source, target), part in zip(pairs, parts):
            target.parent.mkdir(parents=True, exist_ok=True)
            remove(part)
            shutil.copytree(source, part) if source.is_dir() else shutil.copyfile(source, part)
    except OSError as error:
        for part in parts:
            with contextlib.suppress(OSError):
                remove(part)
        raise explained(error) from None
    if len(pairs) > 1:
        take_away(pairs[0][1])
    for (_, target), part in reversed(list(zip(pairs, parts))):
        if target.is_dir():
            take_away(target)
        part.replace(target)


def take_away(path):
    """Remove a file or a folder, which is never half there under its name."""
    if path.is_dir():
        old = path.with_name(path.name + ".old.part")
        remove(old)
        path.rename(old)
        path = old
    remove(path)


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


@contextlib.contextmanager
def renewed(folder, last):
    """Yield where to write the files of a set; they take their places in `folder` together, when all are written.

    last: the file without which the others count for nothing. It goes first and comes last.
    """
    part = folder / ".part"
    remove(part)
    part.mkdir(parents=True)
    try:
        yield part
    except BaseException:
        with contextlib.suppress(OSError):
            remove(part)
        raise
    (folder / last).unlink(missing_ok=True)
    for file in sorted(part.iterdir(), key=lambda file: file.name == last):
        file.replace(folder / file.name)
    part.rmdir()


@contextlib.contextmanager
def scratch_folder(parent, prefix):
    """Yield a new folder in `parent`, and remove it; what cannot be removed stays, without an error.

    tempfile.TemporaryDirectory of Python 3.11 ends in a RecursionError where a folder may not be changed any more.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove(path):
    """Take away a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def is_disk_full(error):
    """Whether an error, of whatever library, says that there is no room left."""
    number = getattr(error, "errno", None)
    said = "No space left on device", "requested and"  # numpy: "100 requested and 0 written"
    return number in (errno.ENOSPC, errno.EDQUOT) or any(words in str(error) for words in said)


def explained(error):
    """An OSError as the UserError that says in one line what cannot be done with which file."""
    if isinstance(error, FileNotFoundError) and error.filename:
        return UserError("file", f"there is no {error.filename}")
    reason = "no room left on the disk" if is_disk_full(error) else error.strerror or str(error)
    return UserError("file", f"{error.filename2 or error.filename}: {reason}" if error.filename else reason)


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
