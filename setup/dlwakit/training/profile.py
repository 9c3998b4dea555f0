"""Slurm profiles: small YAML files with what a job asks of its cluster. Runs in the environment `torch`."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from modelfiles.errors import UserError

FOLDER = Path(__file__).with_name("profiles")


@dataclass(frozen=True)
class Profile:
    """What stands in a profile.

    minutes: the time limit of one go. warning: seconds before it in which the training saves. restarts: how often
    a run that met its limit goes on. setup: shell lines before it starts, such as 'module load ...'; one that
    fails ends the job. sbatch: options as the cluster's own documentation names them.
    """

    about: str
    minutes: int
    warning: int = 120
    restarts: int = 50
    setup: list = field(default_factory=list)
    sbatch: dict = field(default_factory=dict)


KINDS = {"about": str, "minutes": int, "warning": int, "restarts": int, "setup": list, "sbatch": dict}
OURS = {"time", "signal", "array", "output", "error", "job-name", "requeue", "open-mode"}


def load(word):
    """The Profile of a name, or of a file that ends with .yml; UserError says what is wrong with it."""
    path = Path(word).expanduser() if word.endswith((".yml", ".yaml")) else FOLDER / f"{word}.yml"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.yml")))
        raise UserError(
            "input",
            f"there is no profile '{word}'",
            f"Profiles: {known}; or the path of a file of yours, x.yml",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError("file", f"{path}: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise UserError("file", f"{path} is not YAML{where}: {getattr(error, 'problem', error)}") from None
    return _checked(path, content)


def _checked(path, content):
    def wrong(what):
        return UserError(
            "file", f"{path}: {what}", "setup/dlwakit/training/README.md says what a profile holds."
        )

    if not isinstance(content, dict):
        raise wrong("a profile is made of lines 'name: value'")
    if unknown := sorted(map(str, content.keys() - KINDS.keys())):
        raise wrong(f"there is no setting '{unknown[0]}'; there are {', '.join(KINDS)}")
    for name in ("about", "minutes"):
        if name not in content:
            raise wrong(f"'{name}' is missing")
    for name, value in content.items():
        if not isinstance(value, KINDS[name]) or isinstance(value, bool):
            raise wrong(f"'{name}' is {value!r}, which is not a {WORDS[KINDS[name]]}")
    if content["minutes"] < 1:
        raise wrong("'minutes' must be 1 or more")
    for name, value in content.get("sbatch", {}).items():
        if not re.fullmatch(r"[a-z][a-z-]+", str(name)) or name in OURS:
            raise wrong(f"'sbatch' cannot have '{name}'")
        if isinstance(value, (dict, list)):
            raise wrong(f"'{name}' in 'sbatch' is not one value")
    if not all(isinstance(line, str) for line in content.get("setup", [])):
        raise wrong("'setup' is a list of shell lines")
    return Profile(**content)


WORDS = {str: "text", int: "whole number", list: "list", dict: "group of settings"}
