"""Interpreters of a wanted version: from conda and its like, from this machine, from uv. On the command line."""

import os
import re
import shutil
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.base.console import run
from dlwakit.base.paths import SYSTEM_PYTHON, data_folder
from dlwakit.install.system import python_version

CONDA_HOMES = ("miniforge3", "mambaforge", "miniconda3", "anaconda3", "micromamba", ".local")


def conda_tools():
    """The conda-like programs on this machine, quickest first: [(name, path)]."""
    tools = []
    for name in ("mamba", "micromamba", "conda"):
        places = [
            os.environ.get("MAMBA_EXE" if name == "micromamba" else "CONDA_EXE" if name == "conda" else ""),
            shutil.which(name),
            *(Path.home() / home / "bin" / name for home in CONDA_HOMES),
            f"/opt/conda/bin/{name}",
        ]
        found = [
            place for place in places if place and os.access(place, os.X_OK) and Path(place).name == name
        ]
        if found:
            tools.append((name, str(found[0])))
    return tools


def conda_command(name, tool, prefix, file):
    """The command by which a conda-like program makes an environment at `prefix` from an environment file."""
    if name == "micromamba":
        return [tool, "create", "--yes", "--prefix", prefix, "--file", file]
    return [tool, "env", "create", "--prefix", prefix, "--file", file]


def _candidates(version):
    yield SYSTEM_PYTHON
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if "shims" not in Path(folder).parts:
            yield Path(folder, f"python{version}")
    for root in (
        Path.home() / ".pyenv/versions",
        Path(os.environ.get("PYENV_ROOT", "/nowhere")) / "versions",
    ):
        yield from sorted(root.glob(f"{version}*/bin/python{version}"), reverse=True)
    yield from sorted(
        (data_folder() / "python").glob(f"cpython-{version}.*/bin/python{version}"), reverse=True
    )


def find_base_python(versions):
    """An interpreter of one of these versions that can make virtual environments, or None.

    The system's own is taken if it serves; else the first version in the list that is on PATH, in pyenv, or
    was brought by uv before.
    """
    if python_version(SYSTEM_PYTHON) in versions:
        return SYSTEM_PYTHON
    for version in versions:
        for candidate in _candidates(version):
            if os.access(candidate, os.X_OK) and python_version(candidate) == version:
                return candidate
    return None


def _uv():
    """A uv program: the one on this machine, else one that pip puts into a folder of its own."""
    own = data_folder() / "uv/bin/uv"
    for place in (shutil.which("uv"), Path.home() / ".local/bin/uv", Path.home() / ".cargo/bin/uv", own):
        if place and os.access(place, os.X_OK):
            return str(place)
    versions = [f"3.{minor}" for minor in range(20, 8, -1)]
    base = find_base_python(versions)
    if base is None:
        raise UserError(
            "environment",
            "uv is not here, and no Python that could fetch it",
            "sudo apt-get install python3-venv",
        )
    run([base, "-m", "venv", own.parents[1]], "uv", "uv.log")
    run([own.with_name("python"), "-m", "pip", "install", "uv"], "uv", "uv.log")
    return str(own)


def python_from_uv(version):
    """Let uv bring a Python of its own into the data folder; its path. Raises UserError."""
    uv = _uv()
    home = data_folder() / "python"
    try:
        run(
            [uv, "python", "install", "--no-bin", version],
            f"Python {version}",
            "uv.log",
            env={"UV_PYTHON_INSTALL_DIR": str(home)},
        )
    except UserError as error:
        causes = re.findall(r"(?m)^\s*(?:cause|error): *(.+)$", error.hint)
        why = causes[-1] if causes else error.message
        raise UserError("environment", f"uv could not bring a Python {version}: {why}", error.hint) from None
    found = sorted(home.glob(f"cpython-{version}.*/bin/python{version}"))
    if not found:
        raise UserError("environment", f"uv said that it brought Python {version}, but it is not in {home}")
    return found[-1]
