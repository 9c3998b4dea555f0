"""Make what a release publishes: the external for Pd's package manager, and an archive of the course.

Checks first that the checkout is the one to release: everything is committed, and CHANGELOG.md and CITATION.cff are
about the version in VERSION. Writes into build/ (--out), each file with its SHA-256 beside it; publishes nothing.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit import VERSION
from dlwakit.base.console import run as run_command
from dlwakit.base.console import say
from dlwakit.base.files import sha256
from dlwakit.base.paths import EXTERNAL_SOURCE, ROOT, SYSTEM_PYTHON
from dlwakit.install.components import ensure
from dlwakit.install.external import MADE_BY_MAKE
from dlwakit.install.packages import PLAY, Packages


def add_arguments(parser):
    """--out, --check, --yes."""
    parser.add_argument(
        "--out", metavar="DIR", type=Path, default=ROOT / "build", help="where to write (default: build)"
    )
    parser.add_argument("--check", action="store_true", help="only check, make nothing")
    parser.add_argument("--yes", action="store_true", help="install what is missing without asking")


def run(args):
    """Check the checkout, then make the files; 1 if a check fails."""
    if wrong := faults():
        raise UserError("state", f"this checkout is not version {VERSION} to release", "\n".join(wrong))
    if args.check:
        say(f"Version {VERSION} can be released.")
        return 0
    ensure([Packages("system packages", PLAY)], yes=args.yes)
    out = args.out.expanduser().resolve()
    out.mkdir(parents=True, exist_ok=True)
    for file in (*_pack_external(out), _pack_course(out)):
        say(f"  {file}")
    say(f"Next: git tag -a v{VERSION} -m 'Version {VERSION}', then publish the files")
    return 0


def faults(root=ROOT):
    """What is wrong with a checkout that is to be released, a line each."""
    version = (root / "VERSION").read_text(encoding="utf-8").strip()
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    citation = (root / "CITATION.cff").read_text(encoding="utf-8")
    wrong = []
    if _git(root, "status", "--porcelain"):
        wrong.append("commit or drop what git status lists")
    if _git(root, "tag", "--list", f"v{version}"):
        wrong.append(f"v{version} is a tag already: raise the number in VERSION")
    if not _section(changes, version):
        wrong.append(f"CHANGELOG.md has no entries under [{version}]: rename [Unreleased], or write them")
    if _section(changes, "Unreleased"):
        wrong.append(f"CHANGELOG.md has entries under [Unreleased]: move them to [{version}]")
    if not re.search(rf"(?m)^version: {re.escape(version)}$", citation):
        wrong.append(f"CITATION.cff is not about version {version}")
    return wrong


def _section(changes, name):
    """The text below a heading of CHANGELOG.md; "" where there is none."""
    found = re.search(rf"(?ms)^## \[{re.escape(name)}\][^\n]*\n(.*?)(?=^## |\Z)", changes)
    return found[1].strip() if found else ""


def _git(root, *words):
    done = subprocess.run(["git", "-C", root, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError("state", f"{root} is no git clone", "A release is made from one.")
    return done.stdout.strip()


def _pack_external(out):
    """Run make deken in a copy of the sources; the package and what goes with it, in `out`."""
    with tempfile.TemporaryDirectory(prefix="dlwa-") as workshop:
        copy = Path(workshop, "pyext")
        shutil.copytree(EXTERNAL_SOURCE, copy, ignore=shutil.ignore_patterns(*MADE_BY_MAKE))
        run_command(["make", "-C", copy, "deken", f"PYTHON={SYSTEM_PYTHON}"], "packing pyext", "release.log")
        return [Path(shutil.copy2(file, out)) for file in sorted((copy / "build").glob("*.dek*"))]


def _pack_course(out):
    """Archive the committed files of the checkout, with the SHA-256 in a file beside the archive."""
    archive = out / f"dlwa-{VERSION}.tar.gz"
    _git(ROOT, "archive", f"--prefix=dlwa-{VERSION}/", f"--output={archive}", "HEAD")
    Path(f"{archive}.sha256").write_text(f"{sha256(archive)}  {archive.name}\n", encoding="utf-8")
    return archive
