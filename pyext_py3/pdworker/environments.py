"""The Python interpreter of each environment; used in Pd and on the command line."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from modelfiles.errors import UserError
from modelfiles.places import data_folder, state_folder

__all__ = ["EnvironmentMissing", "data_folder", "find_python", "state_folder"]


class EnvironmentMissing(UserError):
    """There is no interpreter for an environment; `hint` is the command that installs it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__("environment", message, hint)


def find_python(environment: str, explicit: str | None = None) -> Path:
    """Return the interpreter of an environment.

    Parameters
    ----------
    environment : str
        "torch" or "tensorflow".
    explicit : str, optional
        A path or a command's name to use instead. Else the variable DLWA_PYTHON_<ENVIRONMENT> decides, else the record
        that `setup/dlwa install` wrote.

    Raises
    ------
    EnvironmentMissing
        When there is nothing runnable at the first of these that is given, or none is given.
    """
    variable = f"DLWA_PYTHON_{environment.upper()}"
    if explicit:
        return _runnable(explicit, "the load message asks for", "correct --python, or leave it out")
    if os.environ.get(variable):
        return _runnable(os.environ[variable], f"{variable} asks for", f"correct or unset {variable}")
    install = f"run: setup/dlwa install --env {environment}"
    recorded = _recorded(install).get(environment)
    if not isinstance(recorded, str):
        raise EnvironmentMissing(f"the environment '{environment}' is not installed", install)
    return _runnable(recorded, f"the environment '{environment}' should have", install)


def _recorded(install: str) -> dict:
    record = data_folder() / "environments.json"
    try:
        environments = json.loads(record.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise EnvironmentMissing(f"cannot read {record}: {error}", install) from error
    return environments if isinstance(environments, dict) else {}


def _runnable(python: str, who: str, hint: str) -> Path:
    found = shutil.which(os.path.expanduser(python))
    if found is None:
        raise EnvironmentMissing(f"{who} the Python {python}, which is not there or cannot be run", hint)
    return Path(found).absolute()
