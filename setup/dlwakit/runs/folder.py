"""The files of a run folder, each replaced whole. On the command line and in trainings."""

import contextlib
import fcntl
from pathlib import Path

from dlwakit.base.files import read_json, read_part, write_json

RUN = "run.json"  # model, settings, data, each start with its versions
STATE = "state.json"  # how far it is, just now
HISTORY = "history.csv"  # the numbers of each check
LOG = "log.txt"  # what the training said
OUTPUT = "output.txt"  # all that it printed, where no terminal showed it
REPORT = "report.html"
CARD = "MODEL_CARD.draft.md"
CHECKPOINTS = "checkpoints"
MEANS = "means.json"  # among the checkpoints: what was learned since the last check
PREVIEWS = "previews"
EVENTS = "events"
STARTER = "starter.pid"  # the process that started it without a terminal
HEALTHY = "healthy.csv"  # the history of a good run, to compare with


def read_run(folder):
    """What run.json holds; {} before the run has begun. Raises UserError where it is there and cannot be read."""
    file = Path(folder) / RUN
    return read_part(file, "Try again; if it stays so, give another --run") if file.exists() else {}


def write_run(folder, facts):
    """Write run.json."""
    write_json(Path(folder) / RUN, facts)


def read_state(folder):
    """What state.json holds; {} before the run has begun."""
    return read_json(Path(folder) / STATE, {})


def write_state(folder, state):
    """Write state.json."""
    write_json(Path(folder) / STATE, state)


def write_whole(path, content):
    """Write text or bytes under a temporary name and rename it, so that no reader sees half of it."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content if isinstance(content, bytes) else content.encode())
    part.replace(path)


def lock(folder):
    """Take the folder for this process; the open file that holds it, or None if another process has it."""
    file = (Path(folder) / ".lock").open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def is_locked(folder):
    """Whether a training of this machine is at work in the folder."""
    with contextlib.suppress(FileNotFoundError), (Path(folder) / ".lock").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
