"""Records of this user's runs, wherever they train: a small file for each. On the command line and in trainings.

A record: {"folder", "model", "place": {"kind": "local"}} or, by kind, what `dlwakit.runs.places` needs to know.
"""

import hashlib
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.base.files import read_json, write_json
from dlwakit.base.paths import data_folder
from dlwakit.runs import folder as files


def _file(folder):
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:8]
    return data_folder() / "runs" / f"{folder.name}-{digest}.json"


def record(folder, model, place=None):
    """Keep where a run is; without a `place`, what is known already stays."""
    folder = Path(folder).absolute()
    known = read_json(_file(folder), {})
    place = place or known.get("place", {"kind": "local"})
    if known != (now := {"folder": str(folder), "model": model, "place": place}):
        write_json(_file(folder), now)


def records():
    """All records whose run folder, or whose place elsewhere, is still there; by name."""
    found = [read_json(path, {}) for path in (data_folder() / "runs").glob("*.json")]
    known = [
        run for run in found if run and (Path(run["folder"]).exists() or run["place"]["kind"] != "local")
    ]
    return sorted(known, key=lambda run: (Path(run["folder"]).name, run["folder"]))


def known(folder):
    """The record of a run folder, or {}."""
    return read_json(_file(Path(folder).absolute()), {})


def find(name):
    """The record that is meant by a run folder's name or path; else UserError that lists the known ones."""
    runs = records()
    path = str(Path(name).absolute())
    if exact := [run for run in runs if run["folder"] == path]:
        return exact[0]
    if any(Path(path, file).exists() for file in (files.RUN, files.STARTER)):
        return {"folder": path, "model": files.read_run(path).get("model", ""), "place": {"kind": "local"}}
    matching = [run for run in runs if Path(run["folder"]).name == name]
    if not matching:
        names = ", ".join(Path(run["folder"]).name for run in runs) or "none yet"
        raise UserError("input", f"there is no run '{name}'", f"Runs: {names}")
    if len(matching) > 1:
        folders = "\n".join(run["folder"] for run in matching)
        raise UserError(
            "input", f"'{name}' is the name of more than one run", f"Give the folder instead:\n{folders}"
        )
    return matching[0]
