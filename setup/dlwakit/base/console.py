"""Console output: lines, errors, one question, commands and their logs, a progress line. On the command line."""

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import threading
import time

from modelfiles.errors import UserError

from dlwakit.base.paths import state_folder


def say(text=""):
    """Print a line at once."""
    print(text, flush=True)


def warn(error, program="setup/dlwa"):
    """Print a UserError to stderr: the line, after the program's name, and its hint below it."""
    print(f"{program}: {error.message}", file=sys.stderr, flush=True)
    for line in error.hint.splitlines():
        print(f"    {line}", file=sys.stderr, flush=True)


def confirm(question, yes):
    """Ask a yes-or-no question; `yes` answers it. UserError on no, or when nobody can answer."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UserError(
            "usage",
            "nobody is here to answer, so nothing was changed",
            "The same command with --yes goes ahead.",
        )
    if input(f"{question} [Y/n] ").strip().lower() not in ("", "y", "yes"):
        raise UserError("cancelled", "stopped, nothing was changed")


def human_size(count):
    """A number of bytes as people read it.

    >>> human_size(12), human_size(3_400_000)
    ('12 B', '3.4 MB')
    """
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= limit:
            return f"{count / limit:.1f} {unit}"
    return f"{count} B"


class Activity:
    """A line that is redrawn every second with the time gone by; nothing where there is no terminal."""

    def __init__(self, title):
        self.title = title
        self.text = ""
        self._shown = sys.stdout.isatty()
        self._ended = threading.Event()
        self._start = time.monotonic()

    def __enter__(self):
        if self._shown:
            threading.Thread(target=self._redraw, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        if self._shown:
            print("\r\033[K", end="", flush=True)

    def _redraw(self):
        while not self._ended.wait(1):
            seconds = time.monotonic() - self._start
            line = f"  {self.title}, {seconds:.0f} s  {self.text}"
            print(f"\r\033[K{line[: shutil.get_terminal_size().columns - 1]}", end="", flush=True)


def run(command, title, log, env=None):
    """Print a command and run it; what it says goes to a log file and shows as a moving line.

    log: the log file's name; env: variables to add. Raises UserError with the last lines and the log's path
    if the command fails.
    """
    command = [str(word) for word in command]
    say(f"  $ {shlex.join(command)}")
    path = state_folder() / log
    path.parent.mkdir(parents=True, exist_ok=True)
    tail = []
    with Activity(title) as activity, path.open("a", encoding="utf-8", errors="replace") as file:
        file.write(f"\n$ {shlex.join(command)}\n")
        try:
            process = subprocess.Popen(
                command,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                pass_fds=_held_locks,
            )
        except OSError as error:
            raise UserError("file", f"{title}: cannot start {command[0]}: {error.strerror}") from None
        with process, _ended_with_us(process):
            for line in process.stdout:
                file.write(line)
                if line.strip():
                    activity.text = line.strip()
                    tail = [*tail, line.rstrip()][-6:]
            status = process.wait()
    if status:
        raise UserError(
            "environment",
            f"{title}: failed ({os.path.basename(command[0])} ended with {status})",
            "\n".join([*tail, f"Everything it said: {path}"]),
        )


@contextlib.contextmanager
def _ended_with_us(process):
    try:
        yield
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


_held_locks: list[int] = []


@contextlib.contextmanager
def only_one_at_a_time(folder):
    """Hold the lock file of `folder`; a second dlwa waits.

    Commands run meanwhile hold it too, so that one which outlives a killed dlwa still keeps the next dlwa
    from working in the same place.
    """
    import fcntl

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another dlwa is at work in this place; waiting for it to end.")
            fcntl.flock(file, fcntl.LOCK_EX)
        _held_locks.append(file.fileno())
        try:
            yield
        finally:
            _held_locks.remove(file.fileno())
