"""Components that `setup/dlwa install` makes: what each lacks, what making it costs, how. On the command line.

`install` makes the components that lack something; `doctor` reports them; `demo`, `test` and the others make what
they need before they start.
"""

import time

from modelfiles.errors import UserError

from dlwakit.base.console import confirm, human_size, only_one_at_a_time, say, warn
from dlwakit.base.files import folder_size
from dlwakit.base.paths import data_folder


class Component:
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


def ensure(components, yes=False, dry_run=False):
    """Make every component that lacks something, after one question. Returns whether there was anything to make.

    A component that fails does not keep the others from being made; then the first failure is raised at the end.
    """
    todo = [component for component in components if component.missing()]
    if not todo:
        return False
    for component in todo:
        say(f"{component.name}: {component.cost}")
        for line in component.missing():
            say(f"  - {line}")
        if dry_run:
            for line in component.commands():
                say(f"  $ {line}")
        say(f"  undo: {component.undo}")
    if dry_run:
        say("Nothing was changed (--dry-run).")
        return True
    confirm("Go ahead?", yes)
    failures = []
    with only_one_at_a_time(data_folder()):
        for component in todo:
            if component.missing():
                try:
                    _make(component)
                except UserError as error:
                    failures.append(error)
                    warn(error)
    if failures:
        count = f"{len(failures)} of {len(todo)} components" if len(todo) > 1 else "it"
        raise UserError(
            "environment",
            f"could not make {count}",
            "See above; the same command goes on where this one stopped.",
        )
    return True


def _make(component):
    say(f"Making {component.name}")
    start = time.monotonic()
    component.make()
    size = f", {human_size(folder_size(component.folder))}" if component.folder else ""
    say(f"  done: {component.name}, {time.monotonic() - start:.0f} s{size}")
