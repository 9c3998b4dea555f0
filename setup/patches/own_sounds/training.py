"""A data set and a training as processes of their own, and what their run folder says. Runs in the worker process."""

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from dlwakit.course.days import find_program
from dlwakit.runs import folder as files
from dlwakit.runs import local
from dlwakit.runs.state import minutes
from dlwakit.training.history import read as read_history
from modelfiles.errors import UserError

DATASET_OPTIONS = {"gansynth": ["--seconds", 2, "--cut", "onsets", "--pitch", 60]}
LOOK_S = 0.5  # between two looks at a run folder
NICENESS = 19
_PR_SET_PDEATHSIG = 1


def start(model: str, task: str, arguments: list, log: Path) -> subprocess.Popen:
    """Start a model's program for a task at the lowest priority; what it prints goes to `log`.

    Raises
    ------
    UserError
        There is no such model, or its environment is missing.
    """
    program = find_program(model, task)
    variables = {**os.environ, **program.variables, "OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 2) - 1))}
    with log.open("ab") as output:
        return subprocess.Popen(
            program.command(arguments),
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=_give_way,
            start_new_session=True,
        )


def _give_way() -> None:
    """Take the lowest priority, and be asked to save and end when the worker process ends."""
    os.nice(NICENESS)
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def wait(process: subprocess.Popen, check: Callable[[], None]) -> int:
    """The exit status of a process; `check` is called while it works, and an exception of it ends the process."""
    try:
        while True:
            try:
                return process.wait(0.1)
            except subprocess.TimeoutExpired:
                check()
    except BaseException:
        process.terminate()
        process.wait()
        raise


def last_line(log: Path) -> str:
    """The last line of a log that is not empty."""
    lines = local.read(log, 0)[0].replace("\r", "\n").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "it ended without a word")


def playable(run: Path) -> Path | None:
    """The model of a run folder that patches can load, or None."""
    found = [path for path in run.glob(f"{run.name}*") if path.suffix not in (".part", ".json")]
    return min(found, key=lambda path: len(path.name), default=None)


class Training:
    """A training at work, and a thread that looks at its run folder.

    Parameters
    ----------
    model : str
    arguments : list
        Of its training program.
    run : Path
        Its run folder.
    send : callable
        send(event, values, arrays): called with what is new, from the thread: `training`, `check`, `preview`, `model`,
        and `ended` as the last.
    """

    def __init__(self, model: str, arguments: list, run: Path, send: Callable[..., None]) -> None:
        run.mkdir(parents=True, exist_ok=True)
        self._run, self._send, self._log = run, send, run / files.OUTPUT
        self._log.write_bytes(b"")
        self._checks, self._shown, self._seen = 0, "", _newest_preview(run)
        self._model = _changed(run)
        self._process = start(model, "train", ["--run", run, *arguments], self._log)
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether it is at work."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Ask it to save and end, and wait for that."""
        if self._process.poll() is None:
            self._process.terminate()
        self._thread.join(local.PATIENCE)

    def _follow(self) -> None:
        while self._process.poll() is None:
            self._look()
            time.sleep(LOOK_S)
        self._look()
        status, state = self._process.returncode, files.read_state(self._run)
        was_over = state.get("pid") == self._process.pid and state.get("state") in ("done", "stopped")
        if status in (0, 130) or was_over:  # a stop may come when it has just ended by itself
            self._send("ended", {"word": state.get("state", "stopped"), "why": state.get("message", "")})
        else:
            self._send("ended", {"word": "failed", "why": last_line(self._log)})

    def _look(self) -> None:
        for event, values, arrays in (
            *self._state(),
            *self._new_checks(),
            *self._new_preview(),
            *self._new_model(),
        ):
            self._send(event, values, arrays)

    def _state(self) -> Iterator[tuple]:
        state = files.read_state(self._run)
        left = state.get("seconds_left")
        share = min(1.0, state["step"] / state["goal"]) if state.get("goal") else 0.0
        line = f"training, {minutes(left)} left" if left is not None else "training begins"
        if state.get("pid") == self._process.pid and line != self._shown:
            self._shown = line
            yield "training", {"share": share, "line": line}, ()

    def _new_checks(self) -> Iterator[tuple]:
        watch = files.read_run(self._run).get("watch", "")
        rows = read_history(self._run / files.HISTORY)
        values = [row[watch] for row in rows if watch in row]
        if len(values) != self._checks:
            self._checks = len(values)
            yield "check", {"value": values[-1]}, [np.asarray(values, np.float32)]

    def _new_preview(self) -> Iterator[tuple]:
        newest = _newest_preview(self._run)
        if newest and newest != self._seen:
            self._seen = newest
            samples, rate = _read_preview(self._run / files.PREVIEWS / newest)
            yield "preview", {"rate": rate}, [samples]

    def _new_model(self) -> Iterator[tuple]:
        now = _changed(self._run)
        if now and now != self._model:
            self._model = now
            yield "model", {"path": str(playable(self._run))}, ()


def _newest_preview(run: Path) -> str:
    return max((path.name for path in (run / files.PREVIEWS).glob("*.wav")), default="")


def _changed(run: Path) -> float:
    """When a run's model was written; 0 where there is none."""
    model = playable(run)
    if model is None:
        return 0.0
    parts = model.iterdir() if model.is_dir() else [model]
    return max((part.stat().st_mtime for part in parts), default=0.0)


def _read_preview(path: Path) -> tuple[np.ndarray, int]:
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return (samples / 32768).astype(np.float32), file.getframerate()


def make_data_set(model: str, source: Path, folder: Path, check: Callable[[], None]) -> None:
    """Make a model's data set of a folder of sounds. Raises UserError with the program's last line if it fails."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder.with_suffix(".txt")
    log.write_bytes(b"")
    process = start(model, "dataset", [source, "--data", folder, *DATASET_OPTIONS.get(model, [])], log)
    if wait(process, check):
        line = last_line(log).removeprefix(f"setup/dlwa dataset {model}: ")
        raise UserError("input", line, "", str(log))
