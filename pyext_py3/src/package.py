"""Packs the built library for deken, Pd's package manager: `make deken`.

Writes build/pyext[vVERSION](Linux-CPU-32)(Sources).dek with its .txt (objects and what they do) and .sha256.
"""

import hashlib
import platform
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
    "Makefile",
    "src/**/*",
    "pdworker/**/*",
    "modelfiles/**/*",
)
CPUS = {"x86_64": "amd64", "aarch64": "arm64"}


def files():
    """What goes into the package, without what the build left behind."""
    found = {path for pattern in PACKED for path in FOLDER.glob(pattern) if path.is_file()}
    return sorted(path for path in found if "__pycache__" not in path.parts and path.suffix != ".o")


def objects():
    """Lines of `name<TAB>description` from the help patches."""
    for patch in sorted(FOLDER.glob("*-help.pd")):
        description = re.search(r"DESCRIPTION ([^,;]*)", patch.read_text())
        yield f"{patch.name.removesuffix('-help.pd')}\t{description[1].strip()}\n"


def main(version):
    build = FOLDER / "build"
    build.mkdir(exist_ok=True)
    cpu = CPUS.get(platform.machine(), platform.machine())
    package = build / f"pyext[v{version}](Linux-{cpu}-32)(Sources).dek"
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files():
            archive.write(path, Path("pyext") / path.relative_to(FOLDER))
    Path(f"{package}.txt").write_text("".join(objects()))
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    Path(f"{package}.sha256").write_text(f"{digest}  {package.name}\n")
    print(package)


main(sys.argv[1])
