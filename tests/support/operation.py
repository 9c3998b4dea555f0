"""What the operations that are disturbed have in common: see operations.py."""

import contextlib
import importlib
import os
import shutil
import signal
import sys
import traceback
from pathlib import Path

from support.whole_files import is_temporary

PATIENCE = 900  # seconds after which a run counts as hanging


class Operation:
    """An operation on what is below `place`; `folder` is for what it needs besides."""

    has_parts = False  # whether it starts programs, one of which may be killed alone

    def __init__(self, folder, place):
        self.folder, self.place, self.calm = folder, place, folder / "calm"
        self.before = folder / "before"
        self.before.mkdir()

    def begin(self):
        """Make the place as it was before."""
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.copytree(self.before, self.place, symlinks=True)

    def keep(self):
        """Remember what an undisturbed run has made."""
        shutil.copytree(self.place, self.calm, symlinks=True)

    def left(self):
        """What is wrong after a disturbed run."""
        return []

    def done(self):
        """What is wrong after an undisturbed run that came after a disturbed one."""
        return list(differences(self.calm, self.place))


def files(folder):
    """{name: path} of the files below a folder that have final names."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
    named = {path.relative_to(folder): path for path in paths}
    return {name: path for name, path in named.items() if not any(map(is_temporary, name.parts))}


def differences(wanted, found, ignored=()):
    """Yield how the files of two folders differ."""
    wanted, found = files(wanted), files(found)
    for name in sorted(set(wanted) | set(found)):
        if name.name in ignored:
            continue
        if name not in found or name not in wanted:
            yield f"{name} is {'missing' if name in wanted else 'left over'}"
        elif wanted[name].read_bytes() != found[name].read_bytes():
            yield f"{name} is another"


def fork(work, log):
    """(exit status, words) of work() in a copy of this process."""
    process = os.fork()
    if not process:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        file = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        os.dup2(file, 1)
        os.dup2(file, 2)
        signal.alarm(PATIENCE)
        status = 70
        try:
            status = work() or 0
        except SystemExit as error:
            status = error.code
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    if status == -signal.SIGALRM:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)  # what it has started
    return status, Path(log).read_text(errors="replace")


def fork_first(work, log):
    """The same; and this process imports what the copy has imported, so that later copies need not."""
    names = log.with_name("modules")

    def noted():
        try:
            return work()
        finally:
            names.write_text("\n".join(list(sys.modules)))

    found = fork(noted, log)
    for name in names.read_text().split():
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    return found
