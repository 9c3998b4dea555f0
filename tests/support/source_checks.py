"""Checks of the Python sources of a checkout: who imports whom, and whether every imported package is declared.

They run import-linter and deptry with their sections of pyproject.toml. A check returns its complaints, one a line;
"" when there are none. `root` may be a copy of the checkout.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The packages that one environment has, by the files that declare them.
TORCH, TENSORFLOW, BOOK, TESTS = (
    ["torch.in", "torch-no-deps.txt"],
    ["tensorflow.in", "tensorflow-no-deps.txt"],
    ["book.in"],
    ["test.in"],
)


def days(root):
    """The folders of the days."""
    return [folder.name for folder in sorted(root.glob("[0-9][0-9]_*"))]


def broken_contracts(root=ROOT):
    """Imports between modules, also by way of others, that the contracts of import-linter forbid."""
    folders = ["setup", "setup/patches", "setup/sketch", "pyext_py3", "pyext_py3/src", "tests", *days(root)]
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(str(root / folder) for folder in folders)},
        capture_output=True,
        text=True,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def undeclared_packages(root=ROOT):
    """Files that import a package which no single environment declares for them.

    Tests run where the packages for tests are installed as well.
    """
    found = []
    for folders, more in (([*days(root), "setup", "pyext_py3"], []), (["tests"], TESTS)):
        each = [_deptry(root, folders, names) for names in ([*TORCH, *more], TENSORFLOW, BOOK)]
        found += [
            f"{file}: {', '.join(sorted(min((one[file] for one in each), key=len)))}"
            for file in sorted(set.intersection(*(set(one) for one in each)))
        ]
    return "\n".join(found)


def _deptry(root, folders, declared):
    """{file: the packages that it imports and that are not declared}."""
    names = ",".join(f"environments/{name}" for name in declared)
    with tempfile.NamedTemporaryFile() as found:
        command = [sys.executable, "-m", "deptry", *folders, "--requirements-files", names]
        done = subprocess.run(
            [*command, "--json-output", found.name], cwd=root, capture_output=True, text=True
        )
        if done.returncode not in (0, 1):
            raise RuntimeError(done.stderr)
        issues = json.loads(Path(found.name).read_text())
    files = {}
    for issue in issues:
        files.setdefault(issue["location"]["file"], set()).add(issue["module"])
    return files
