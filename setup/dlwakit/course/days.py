"""The course days of this checkout and their programs, as each day.json describes them. On the command line."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.base.files import read_part
from dlwakit.base.paths import ROOT, find_python, worker_path


@dataclass(frozen=True)
class Day:
    """One course day: its folder and what its day.json says."""

    folder: Path
    title: str
    package: str
    patch: str
    environment: str
    models: dict
    checkpoints: str
    more_patches: tuple = ()

    @property
    def patches(self):
        """The files of its main patches, the one of its lesson's beginning first."""
        return (self.patch, *self.more_patches)

    @property
    def concepts(self):
        """The files of the small patches in which one idea sounds."""
        return tuple(f"concepts/{path.name}" for path in sorted((self.folder / "concepts").glob("*.pd")))

    @property
    def name(self):
        """The folder's name, such as '01_ai_duet'."""
        return self.folder.name

    @property
    def names(self):
        """What a user may call this day: '01_ai_duet', 'ai_duet', '01', '1', and the package's name."""
        number, _, word = self.name.partition("_")
        return {self.name, word, number, str(int(number)), self.package}


@dataclass(frozen=True)
class Program:
    """A model's own program for one task: `python -m MODULE` in an environment, as its day.json says.

    elsewhere: whether it can also train in a queue and on other machines, that is, knows --run, saves and ends on
    SIGTERM, and goes on when it is started again.
    """

    folder: Path
    module: str
    environment: str
    elsewhere: bool = True

    def command(self, arguments):
        """The words of its command. Raises UserError where its environment is missing."""
        return [str(find_python(self.environment)), "-m", self.module, *map(str, arguments)]

    @property
    def variables(self):
        """The environment variables that it needs."""
        return {"PYTHONPATH": os.pathsep.join(map(str, worker_path(self.folder)))}


def all_days(root=ROOT):
    """The days that are in the checkout, in order."""
    days = []
    for path in sorted(Path(root).glob("[0-9][0-9]_*/day.json")):
        facts = read_part(path)
        days.append(
            Day(
                path.parent,
                facts["title"],
                facts["package"],
                facts["patch"],
                facts["environment"],
                facts.get("models", {}),
                facts.get("checkpoints", ""),
                tuple(facts.get("more_patches", ())),
            )
        )
    return days


def find_day(word, root=ROOT):
    """The day that is meant by '1', '01', '01_ai_duet' (or a path to it) or 'ai_duet'; else UserError."""
    wanted = re.sub(r"/+$", "", word).rpartition("/")[2].lower()
    days = all_days(root)
    for day in days:
        if wanted in day.names:
            return day
    known = ", ".join(day.name for day in days) or "none yet"
    raise UserError("input", f"there is no day '{word}'", f"Days here: {known}")


def find_patch(day, word=None):
    """The path of a day's patch: the first, or the one that is meant by an unambiguous part of its name."""
    wanted = (word or day.patch).lower().removesuffix(".pd")
    places = {Path(patch).stem: patch for patch in (*day.patches, *day.concepts)}
    found = [name for name in places if name == wanted] or [name for name in places if wanted in name]
    if len(found) == 1:
        return day.folder / places[found[0]]
    fault = (
        f"more than one patch of {day.name} fits '{word}'" if found else f"{day.name} has no patch '{word}'"
    )
    raise UserError("input", fault, f"Patches there: {', '.join(places)}")


def find_program(model, task, root=ROOT):
    """The Program that does a task ("dataset", "train", "evaluate") for a model; else UserError, with what there is."""
    models = {name: (day, tasks) for day in all_days(root) for name, tasks in day.models.items()}
    if model not in models:
        known = ", ".join(models) or "none yet"
        raise UserError("input", f"there is no model '{model}'", f"Models here: {known}")
    day, tasks = models[model]
    if task not in tasks:
        raise UserError(
            "input", f"the model '{model}' has no program for '{task}'", f"It has: {', '.join(tasks)}"
        )
    return Program(day.folder, **{"environment": day.environment, **tasks[task]})
