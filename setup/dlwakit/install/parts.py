"""What can be installed, as parts that know what is missing, what making it costs, and how to make it.

`install` makes the parts that miss something; `doctor` reports them; `demo`, `test` and the others make what
they need before they start.
"""

import time

from modelfiles.errors import UserError

from dlwakit.base.console import confirm, human_size, only_one_at_a_time, say, warn
from dlwakit.base.files import folder_size
from dlwakit.base.paths import data_folder


class Part:
    """One thing that `install` makes outside the checkout."""

    name = ""
    cost = ""  # time and disk in words, before it is made
    undo = ""  # how to take it away again
    fix = ""  # the one command that makes it
    folder = None  # where it goes, if it has a folder of its own

    def missing(self):
        """What is not there or out of date, a line each; empty when all is well. Takes milliseconds."""
        raise NotImplementedError

    def commands(self):
        """The commands that make() would run, as they stand now, a line each."""
        raise NotImplementedError

    def make(self):
        """Make what is missing; safe to start again after an interruption. Raises UserError."""
        raise NotImplementedError


def ensure(parts, yes=False, dry_run=False):
    """Make every part that misses something, after one question. Returns whether there was anything to make.

    A part that fails does not keep the others from being made; then the first failure is raised at the end.
    """
    todo = [part for part in parts if part.missing()]
    if not todo:
        return False
    for part in todo:
        say(f"{part.name}: {part.cost}")
        for line in part.missing():
            say(f"  - {line}")
        if dry_run:
            for line in part.commands():
                say(f"  $ {line}")
        say(f"  undo: {part.undo}")
    if dry_run:
        say("Nothing was changed (--dry-run).")
        return True
    confirm("Go ahead?", yes)
    failures = []
    with only_one_at_a_time(data_folder()):
        for part in todo:
            if part.missing():
                try:
                    _make(part)
                except UserError as error:
                    failures.append(error)
                    warn(error)
    if failures:
        count = f"{len(failures)} of {len(todo)} parts" if len(todo) > 1 else "it"
        raise UserError(
            "environment",
            f"could not make {count}",
            "See above; the same command goes on where this one stopped.",
        )
    return True


def _make(part):
    say(f"Making {part.name}")
    start = time.monotonic()
    part.make()
    size = f", {human_size(folder_size(part.folder))}" if part.folder else ""
    say(f"  done: {part.name}, {time.monotonic() - start:.0f} s{size}")
