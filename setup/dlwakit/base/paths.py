"""Paths: the checkout, the user's Pd library folder, the folders for data and logs. Standard library only."""

from pathlib import Path

from pdworker.environments import data_folder, find_python, state_folder

ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENTS = ROOT / "environments"
EXTERNAL_SOURCE = ROOT / "pyext_py3"

SYSTEM_PYTHON = Path("/usr/bin/python3")  # the Python that Pd embeds


__all__ = [
    "ENVIRONMENTS",
    "EXTERNAL_SOURCE",
    "ROOT",
    "SYSTEM_PYTHON",
    "data_folder",
    "find_python",
    "library_folder",
    "state_folder",
    "worker_path",
]


def library_folder():
    """The folder of the `pyext` library, below a root that every Pd searches without any preference."""
    return Path.home() / ".local/lib/pd/extra/pyext"


def worker_path(day_folder):
    """PYTHONPATH for a program of a day: the day's package, what all days share, what all trainings share."""
    return [day_folder, EXTERNAL_SOURCE, ROOT / "setup"]
