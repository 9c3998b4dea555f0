"""Registry of checkpoints: those that the days' registries name, and the user's own. On the command line.

Starter checkpoints come with the checkout, in a day's checkpoints/. Official ones are downloaded, and the
user's own are copied, into the user's folder data_folder()/checkpoints; its record, checkpoints.json, keeps
the SHA-256 that each had when it came.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.base.files import content, read_part, write_json, write_text
from dlwakit.base.paths import ROOT, data_folder
from dlwakit.course.days import all_days


@dataclass(frozen=True)
class Entry:
    """One checkpoint, a file or a folder. `day` is empty for the user's own; `sha256`, `bytes`: None if not known."""

    name: str
    kind: str  # "official", "starter" or "own"
    day: str
    path: Path
    licence: str
    url: str = ""
    bytes: "int | None" = None
    sha256: "str | None" = None


def user_folder():
    """Where downloads and the user's own checkpoints are."""
    return data_folder() / "checkpoints"


def _record_file():
    return user_folder() / "checkpoints.json"


def recorded():
    """{file name: {"sha256", "kind", ...}} of the files in the user's folder."""
    file = _record_file()
    facts = (
        read_part(file, "Delete it: the sums of what is here are then taken anew") if file.exists() else {}
    )
    if not isinstance(facts, dict) or not all(isinstance(one, dict) for one in facts.values()):
        raise UserError(
            "file", f"{file} is damaged", "Delete it: the sums of what is here are then taken anew"
        )
    return facts


def record(file, **facts):
    """Keep facts about a file of the user's folder."""
    write_json(_record_file(), {**recorded(), file: facts})


def of_day(day):
    """The checkpoints that a day's registry names."""
    if not day.checkpoints:
        return []
    registry = day.folder / day.checkpoints
    homes = {"official": user_folder(), "starter": registry.parent}
    return [
        Entry(
            name=facts["name"],
            kind=facts["kind"],
            day=day.name,
            path=homes[facts["kind"]] / facts["file"],
            licence=facts.get("licence") or "not stated",
            url=facts.get("url") or "",
            bytes=facts.get("bytes"),
            sha256=facts.get("sha256"),
        )
        for facts in read_part(registry)
    ]


def pin(entry, size, digest, root=ROOT):
    """Write size and SHA-256 of a checkpoint into its day's registry; returns that file."""
    day = next(day for day in all_days(root) if day.name == entry.day)
    file = day.folder / day.checkpoints
    rows = read_part(file)
    for row in rows:
        if (row["name"], row["kind"]) == (entry.name, entry.kind):
            row.update(bytes=size, sha256=digest)
    lines = ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in rows)
    write_text(file, f"[\n{lines}\n]\n")
    return file


def entries(root=ROOT):
    """All checkpoints, day by day, then the user's own."""
    own = [
        Entry(Path(file).stem, "own", "", user_folder() / file, "your own")
        for file, facts in recorded().items()
        if facts["kind"] == "own"
    ]
    return [entry for day in all_days(root) for entry in of_day(day)] + own


def find(name, kind, root=ROOT):
    """The checkpoint of this name (or 'DAY/NAME') and kind; else UserError that lists the known ones."""
    day, _, word = name.rpartition("/")
    candidates = [entry for entry in entries(root) if entry.kind == kind]
    matching = [entry for entry in candidates if entry.name == word and day in ("", entry.day)]
    if not matching:
        known = ", ".join(entry.name for entry in candidates) or "none"
        raise UserError("input", f"there is no {kind} checkpoint '{name}'", f"Known: {known}")
    if len(matching) > 1:
        choices = " or ".join(f"{entry.day}/{entry.name}" for entry in matching)
        raise UserError("input", f"'{name}' is more than one checkpoint", f"Say {choices}")
    return matching[0]


def expected(entry):
    """(SHA-256, where it is known from) for a checkpoint; (None, '') before the first download of one whose
    publisher gives none."""
    if entry.sha256:
        return entry.sha256, "the registry"
    here = recorded().get(entry.path.name, {}) if entry.kind != "starter" else {}
    return (here["sha256"], "the first time it was seen here") if "sha256" in here else (None, "")


def state(entry):
    """'ok', 'not here', 'damaged' (not as expected) or 'unverified' (nothing to compare with)."""
    if not entry.path.exists():
        return "not here"
    size, digest = content(entry.path)
    if entry.bytes is not None and size != entry.bytes:
        return "damaged"
    wanted, _ = expected(entry)
    if wanted is None:
        return "unverified"
    return "ok" if digest == wanted else "damaged"
