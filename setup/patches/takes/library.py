"""Whether the library that Pd has loaded is the one of this course; Pd's thread.

Pd takes the first `py` that it finds, which may be one of another version, or one that was installed before this course
was brought up to date.
"""

from __future__ import annotations

import filecmp
import re
from importlib.util import find_spec
from pathlib import Path

OWN = Path(__file__).resolve().parents[3] / "pyext_py3"
PACKAGES = "pdworker", "modelfiles"


def complaint(own: Path = OWN) -> str:
    """Return in one line which library Pd has loaded and what to do, "" where it is `own`."""
    found = find_spec(PACKAGES[0])
    loaded = Path(found.origin).parents[1] if found and found.origin else None
    if loaded is None:
        return "this Pd has loaded another py than this course's: setup/dlwa doctor names it"
    files = [file.relative_to(own) for package in PACKAGES for file in own.glob(f"{package}/**/*.py")]
    if all((loaded / file).is_file() and filecmp.cmp(own / file, loaded / file, False) for file in files):
        return ""
    return (
        f"this Pd has loaded pyext {_version(loaded)} in {loaded}, not the {_version(own)} of this course: run "
        "setup/dlwa install and start Pd anew; if it stays so, move that folder away"
    )


def _version(folder: Path) -> str:
    facts = folder / "py-meta.pd"
    found = re.search(r"VERSION ([\w.]+)", facts.read_text(encoding="utf-8")) if facts.is_file() else None
    return found[1] if found else "?"
