"""A worker process as the worker's thread in Pd sees it: how it is started, what it logs, and how it is ended."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path

from pdworker.environments import data_folder, state_folder
from pdworker.host.exchange import Exchange
from pdworker.host.sandbox import confined, folders_of
from pdworker.rights import Rights

EXIT_DEADLINE_S = 1.0  # for a worker to end when its input is closed, and again after SIGTERM

_LOGS_KEPT = 20
_LOG_TAIL_BYTES = 4096
_LOG_TAIL_LINES = 5
_EXIT_CHECK_S = 0.01  # between two checks whether it has ended
_THREAD_COUNTS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)

_PACKAGE = Path(__file__).resolve().parents[2]
# What a worker gets of Pd's environment variables; no addresses of sessions and agents, no keys.
_VARIABLES = re.compile(
    "PATH|HOME|USER|LOGNAME|SHELL|TERM|TZ|LANG|LANGUAGE|LC_.*|LD_LIBRARY_PATH|PYTHON(?!HOME|PATH|STARTUP).*|XDG_.*_HOME|DLWA_.*"
    "|(OMP|MKL|OPENBLAS|NUMBA|NUMEXPR|GOMP|KMP|TF|TORCH|PYTORCH|CUDA|NVIDIA|MALLOC|[AL]SAN)_.*"
)

_serial = itertools.count(1)


@dataclass(frozen=True)
class WorkerSpec:
    """What to start as a worker; see `pdworker.host.worker.Worker`."""

    module: str
    environment: str
    paths: tuple[str | Path, ...]
    name: str
    niceness: int
    rights: Rights


class WorkerProcess:
    """A running `python -m pdworker MODULE NICENESS FILES RIGHTS PATHS`, with non-blocking pipes `stdin` and `stdout`.

    Its `exchange` is the folder in which the two hand each other files.

    It leads a process group of its own, so that `end` also reaches what it has started. The thread that makes
    it must outlive it: the worker ends with that thread (Linux's parent death signal).
    """

    def __init__(self, python: Path, spec: WorkerSpec, sandbox: bool) -> None:
        """Start it, in a sandbox if there should be one. Raises OSError or NoSandbox if that is impossible."""
        self.log = _new_log(spec.name)
        self._files, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        with contextlib.ExitStack() as closing, theirs, open(self.log, "ab") as log:
            closing.enter_context(self._files)
            shows_models = spec.rights.is_bounded and not spec.rights.program
            self.exchange = closing.enter_context(contextlib.closing(Exchange(shows_models)))
            rights = replace(spec.rights, scratch=str(self.exchange.folder))
            if self.exchange.models is not None:
                readable = (*(rights.readable or ()), str(self.exchange.models.folder))
                rights = replace(rights, readable=readable)
            if rights.cache:
                Path(rights.cache).mkdir(parents=True, exist_ok=True)
            command = [str(python), "-m", "pdworker", spec.module, str(spec.niceness), str(theirs.fileno())]
            command += [rights.to_text(), os.pathsep.join(map(str, spec.paths))]
            if sandbox:
                shown = [*folders_of(python), *spec.paths, _PACKAGE, *(rights.readable or ())]
                command = confined(command, shown, filter(None, (rights.scratch, rights.cache)))
            self._popen = subprocess.Popen(
                command,
                bufsize=0,
                start_new_session=True,
                env=_variables(rights),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                pass_fds=[theirs.fileno()],
                cwd=_PACKAGE,  # which Python searches first
            )
            closing.pop_all()  # it has started: `end` closes it
        stdin, stdout = self._popen.stdin, self._popen.stdout
        assert isinstance(stdin, FileIO) and isinstance(stdout, FileIO)  # they have no buffers
        self.stdin, self.stdout = stdin, stdout
        os.set_blocking(self.stdin.fileno(), False)
        os.set_blocking(self.stdout.fileno(), False)

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._popen.pid

    def send_files(self, files: Sequence[FileIO]) -> None:
        """Give the worker descriptors of open files, for the next call that is sent."""
        if files:
            with contextlib.suppress(OSError):  # it has ended, which the pipes tell
                socket.send_fds(self._files, [b"files"], [file.fileno() for file in files])

    def exited(self) -> bool:
        """Whether the process has ended; it is not collected yet, so its number is still its own."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def end(self) -> str:
        """Ask, terminate, kill; collect it and close the pipes. Return how it ended, in words."""
        self.stdin.close()
        self._files.close()
        if not self._exits_in_time():
            self._signal_group(signal.SIGTERM)
            self._exits_in_time()
        self._signal_group(signal.SIGKILL)  # and whatever it has started
        self.stdout.close()
        status = self._popen.wait()
        self.exchange.close()
        return f"exit status {status}" if status >= 0 else f"killed by {_signal_name(-status)}"

    def last_lines(self) -> list[str]:
        """Return the last lines of the log, or the first ones about a crash if there was one."""
        with contextlib.suppress(OSError), open(self.log, "rb") as log:
            log.seek(max(0, os.fstat(log.fileno()).st_size - _LOG_TAIL_BYTES))
            lines = [line for line in log.read().decode("utf-8", "replace").splitlines() if line.strip()]
            crashes = [i for i, line in enumerate(lines) if line.startswith("Fatal Python error")]
            return lines[crashes[-1] :][:_LOG_TAIL_LINES] if crashes else lines[-_LOG_TAIL_LINES:]
        return []

    def _exits_in_time(self) -> bool:
        deadline = time.monotonic() + EXIT_DEADLINE_S
        while not self.exited():
            if time.monotonic() > deadline:
                return False
            time.sleep(_EXIT_CHECK_S)
        return True

    def _signal_group(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)


def _variables(rights: Rights) -> dict[str, str]:
    """Return the environment variables of a worker: its own folders only, one core left to Pd."""
    variables = {name: value for name, value in os.environ.items() if _VARIABLES.fullmatch(name)}
    variables["PYTHONPATH"] = str(_PACKAGE)
    variables["TMPDIR"] = rights.scratch
    variables["JOBLIB_MULTIPROCESSING"] = "0"  # it would make semaphores in /dev/shm
    if rights.writable is not None:
        variables["NUMBA_CACHE_LOCATOR_CLASSES"] = "pdworker.serving.compiled.BesideOrOwn"
        variables["XDG_CACHE_HOME"] = rights.cache or rights.scratch
    if rights.readable is not None:
        variables["XDG_DATA_HOME"] = str(data_folder().parent)
        variables["XDG_STATE_HOME"] = str(state_folder().parent)
        variables["HOME"] = rights.scratch
    variables["PYTHONNOUSERSITE"] = "1"
    variables["PYTHONUTF8"] = "1"
    threads = max(1, len(os.sched_getaffinity(0)) - 1)
    variables.update(dict.fromkeys(_THREAD_COUNTS, str(threads)))
    return variables


def _new_log(name: str) -> Path:
    """Make the log file of a new worker, and remove the oldest ones."""
    folder = state_folder() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    logs = sorted(folder.glob("*.log"), key=_changed)
    for old in logs[: max(0, len(logs) + 1 - _LOGS_KEPT)]:
        old.unlink(missing_ok=True)
    path = folder / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}-{next(_serial)}.log"
    path.touch()
    return path


def _changed(path: Path) -> float:
    with contextlib.suppress(FileNotFoundError):  # another Pd may be removing it too
        return path.stat().st_mtime
    return 0.0


def _signal_name(number: int) -> str:
    with contextlib.suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"
