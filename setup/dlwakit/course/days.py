"""The course days of this checkout, as each day.json describes its own. Nothing here knows a day by name."""

import re
from dataclasses import dataclass
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.base.files import read_part
from dlwakit.base.paths import ROOT


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

    @property
    def name(self):
        """The folder's name, such as '01_ai_duet'."""
        return self.folder.name

    @property
    def names(self):
        """What a user may call this day: '01_ai_duet', 'ai_duet', '01', '1', and the package's name."""
        number, _, word = self.name.partition("_")
        return {self.name, word, number, str(int(number)), self.package}


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


def find_model(word, root=ROOT):
    """(day, what day.json says of the model) for a model's name; else UserError that lists the known ones."""
    models = {name: (day, facts) for day in all_days(root) for name, facts in day.models.items()}
    if word not in models:
        raise UserError(
            "input", f"there is no model '{word}'", f"Models here: {', '.join(models) or 'none yet'}"
        )
    return models[word]
