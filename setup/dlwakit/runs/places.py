"""Places where a training can run: this machine, a Slurm queue, a machine reached by ssh. On the command line.

A kind of place is a module with `status(run, offset)`, `stop(run)` and `fetch(run)`; run is a record of
`dlwakit.runs.records`.
"""

from dataclasses import dataclass
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.runs import local, slurm, ssh
from dlwakit.runs.records import known
from dlwakit.runs.state import ENDED

KINDS = {"local": local, "slurm": slurm, "ssh": ssh}


@dataclass(frozen=True)
class Place:
    """What `--on` says: a kind and, for slurm, the profile, for ssh, the host."""

    kind: str
    name: str


def parse(word):
    """The Place that 'local', 'slurm', 'slurm:PROFILE' or 'ssh:HOST' means; else UserError."""
    kind, _, name = word.partition(":")
    if kind not in KINDS or ((kind == "ssh") != bool(name) and kind != "slurm"):
        raise UserError(
            "input", f"there is no place '{word}'", "Places: local, slurm, slurm:PROFILE, ssh:HOST"
        )
    return Place(kind, name or "default")


def of(run):
    """The module that knows the place of a run."""
    return KINDS[run["place"]["kind"]]


def refuse_second(folder, model):
    """UserError if a run at this folder is at work, or waits in a queue, or is of another model."""
    run = known(folder)
    if not run:
        return
    if run["model"] != model and Path(folder).exists():
        raise UserError(
            "state", f"{folder} is a run of '{run['model']}', not of '{model}'", "Give another --run FOLDER."
        )
    state = of(run).status(run).state
    if state.word not in ENDED:
        raise UserError(
            "state",
            f"the run '{Path(folder).name}' is there already: {state.line()}",
            f"setup/dlwa runs follow {Path(folder).name} shows it; another one needs another --run FOLDER.",
        )
