"""The Python interpreter of each environment; used in Pd and on the command line."""

import json
import os
import shutil
from pathlib import Path

from modelfiles.errors import UserError
from modelfiles.places import data_folder, state_folder

__all__ = ["EnvironmentMissing", "data_folder", "find_python", "state_folder"]


class EnvironmentMissing(UserError):
    """There is no interpreter for an environment; `hint` is the command that mends it."""

    def __init__(self, message, hint):
        super().__init__("environment", message, hint)


def find_python(environment, explicit=None):
    """Return the path of the interpreter of an environment ("torch", "tensorflow").

    In this order: `explicit` (a path or a command's name), the variable DLWA_PYTHON_<ENVIRONMENT>, the record
    that `setup/dlwa install` wrote. The first that is given decides; if there is nothing runnable at it,
    or none is given, EnvironmentMissing says so.
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


def _recorded(install):
    record = data_folder() / "environments.json"
    try:
        environments = json.loads(record.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise EnvironmentMissing(f"cannot read {record}: {error}", install) from error
    return environments if isinstance(environments, dict) else {}


def _runnable(python, who, hint):
    found = shutil.which(os.path.expanduser(python))
    if found is None:
        raise EnvironmentMissing(f"{who} the Python {python}, which is not there or cannot be run", hint)
    return Path(found).absolute()
