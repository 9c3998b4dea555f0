"""Where things are on this machine: data, state, and the interpreter of each environment."""

import json
import os
import shutil
from pathlib import Path

from modelfiles.errors import UserError


class EnvironmentMissing(UserError):
    """There is no interpreter for an environment; `hint` is the command that mends it."""

    def __init__(self, message, hint):
        super().__init__("environment", message, hint)


def data_folder():
    """Return the folder for checkpoints and records: $XDG_DATA_HOME/dlwa, else ~/.local/share/dlwa."""
    return _folder("XDG_DATA_HOME", ".local/share")


def state_folder():
    """Return the folder for logs: $XDG_STATE_HOME/dlwa, else ~/.local/state/dlwa."""
    return _folder("XDG_STATE_HOME", ".local/state")


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


def _folder(variable, default):
    base = Path(os.environ.get(variable, ""))
    if not base.is_absolute():  # the XDG specification asks to ignore relative paths
        base = Path.home() / default
    return base / "dlwa"


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
