"""What tests need of the machine: programs, Python packages and environments that it may lack.

A test whose tool is missing is skipped on a person's machine. In continuous integration, where the variable CI is
set, it fails, so that nothing goes untested without a word. `cannot` is for what no installation brings.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from modelfiles.errors import UserError
from pdworker.environments import find_python

ROOT = Path(__file__).resolve().parents[2]
SYSTEM_PROGRAMS = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
SINCE = {
    "rave": (3, 11),
    "importlinter": (3, 11),
    "deptry": (3, 11),
    "mypy": (3, 11),
}  # the oldest Python that a package runs in


def program(name):
    """The path of a program, None where there is none of this name."""
    return shutil.which(name, path=SYSTEM_PROGRAMS)


def need(*names):
    """Skip the test, or fail it in continuous integration, where a program or Python package is missing."""
    for name in names:
        if sys.version_info < SINCE.get(name, (0,)):
            cannot(f"{name} does not run in this Python")
    missing = [name for name in names if not program(name) and not importlib.util.find_spec(name)]
    if missing:
        without(" nor ".join(missing))


def need_environment(name):
    """The Python of an environment, which must be installed."""
    try:
        return find_python(name)
    except UserError as missing:
        return without(f"environment: {missing}")


def marks_of(environment):
    """The markers of a test that runs a program in this environment."""
    return [pytest.mark.tensorflow] if environment == "tensorflow" else []


def setup_dlwa(*words, environment, **options):
    """What `setup/dlwa WORDS` did, with the interpreter of an environment, which must be installed."""
    variables = os.environ | {f"DLWA_PYTHON_{environment.upper()}": str(need_environment(environment))}
    command = [sys.executable, ROOT / "setup/dlwa", *map(str, words)]
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=500, **options)


def installed_environments():
    """Variables that name the Pythons of the environments that are installed, for a test with another home."""
    found = {}
    for name in ("torch", "tensorflow"):
        with suppress(UserError):
            found[f"DLWA_PYTHON_{name.upper()}"] = str(find_python(name))
    return found


def without(what):
    """Skip the test, or fail it in continuous integration, for want of something."""
    if os.environ.get("CI"):
        pytest.fail(f"there is no {what}", pytrace=False)
    pytest.skip(f"there is no {what}")


def cannot(reason):
    """Skip a test of what this machine can never do, whatever is installed."""
    pytest.skip(reason)
