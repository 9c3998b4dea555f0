"""Small things about files: fingerprints, JSON that is never half written, folder sizes."""

import hashlib
import json
import os
from pathlib import Path

from kit.console import DlwaError


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


def read_json(path, default):
    """What a JSON file holds, or `default` when there is no such file or it cannot be read as JSON."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return default


def read_part(path):
    """What a JSON file of the checkout holds; DlwaError that names the file if it is missing or not JSON."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DlwaError(
            f"{path}: {reason}", "This checkout is not complete: git status shows what differs"
        ) from None


def write_json(path, value):
    """Write a JSON file under a temporary name and rename it, so that a reader never sees half of it."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(path)


def folder_size(folder):
    """Bytes that the files below a folder take on the disk; hard links count once."""
    seen = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            facts = os.lstat(os.path.join(parent, name))
            seen[facts.st_dev, facts.st_ino] = facts.st_blocks * 512
    return sum(seen.values())
