"""Pack the built library for deken, Pd's package manager (command line; `make deken` calls it).

Usage: package.py VERSION CPU

Writes build/pyext[vVERSION](Linux-CPU-32)(Sources).dek with its .txt (objects and what they do) and .sha256.
"""

import hashlib
import re
import sys
import zipfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1]
PACKED = (
    "py.pd_linux",
    "*.pd",
    "*.py",
    "README.md",
    "LICENSE",
    "VERSION",
    "Makefile",
    "src/**/*",
    "pdworker/**/*",
    "modelfiles/**/*",
)


def packed_files():
    """List the files that go into the package: neither Python's caches nor object files."""
    found = {path for pattern in PACKED for path in FOLDER.glob(pattern) if path.is_file()}
    return sorted(path for path in found if "__pycache__" not in path.parts and path.suffix != ".o")


def object_lines():
    """Yield a line `name<TAB>description` for each help patch."""
    for patch in sorted(FOLDER.glob("*-help.pd")):
        description = re.search(r"DESCRIPTION ([^,;]*)", patch.read_text())
        yield f"{patch.name.removesuffix('-help.pd')}\t{description[1].strip()}\n"


def main(version, cpu):
    """Write the package, its object list and its checksum."""
    build = FOLDER / "build"
    build.mkdir(exist_ok=True)
    package = build / f"pyext[v{version}](Linux-{cpu}-32)(Sources).dek"
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in packed_files():
            archive.write(path, Path("pyext") / path.relative_to(FOLDER))
    Path(f"{package}.txt").write_text("".join(object_lines()))
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    Path(f"{package}.sha256").write_text(f"{digest}  {package.name}\n")
    print(package)


if __name__ == "__main__":
    main(*sys.argv[1:])
