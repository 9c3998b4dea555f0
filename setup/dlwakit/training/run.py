"""A training run: its folder, its numbers, when to check and to stop. Runs in a training.

run = Run("runs/toy/mine", "toy", DEFAULTS, given(options, DEFAULTS), goal=500, ...)
with run:
    run.begin(step)
    while run.wants_more(step):
        ...
        step += 1
        run.progress(step, loss=loss)
        if run.check_due(step):
            means = run.means()                  # and save into run.checkpoints
            run.preview(step, samples, rate)
            run.check(step, **means, held_out=...)  # comes last: one that was interrupted before is made again
sys.exit(run.exit_status)
"""

import contextlib
import io
import math
import os
import platform
import shlex
import sys
import time
import traceback
import wave
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from modelfiles.errors import UserError

from dlwakit.base.files import explained, is_disk_full, read_json, write_json
from dlwakit.runs import folder as files
from dlwakit.runs.records import record
from dlwakit.runs.state import minutes
from dlwakit.training import sources
from dlwakit.training.history import History
from dlwakit.training.patience import ENDLESS
from dlwakit.training.stopping import StopSignal
from dlwakit.training.versions import device, versions

REPORT_EVERY = 60  # seconds between two reports while it trains
STATE_EVERY = 1  # seconds between two states
ESTIMATE = 20  # steps after which the first line says how long it will take
OLD_NAMES = {"config": "preset", "batch": "batch_size", "rate": "learning_rate"}  # of settings
FINGERPRINTS = "sounds", "examples"  # what older runs call that of their data
RECORDED = "DLWA_RECORDED"  # set where whoever started the training knows where it is


@dataclass(frozen=True)
class Plot:
    """One picture of the report: which numbers it shows and under which names, and lines to compare with."""

    title: str
    columns: dict  # {name in the history: what the legend says}
    lines: dict = field(default_factory=dict)  # {what the legend says: value}


class Run:
    """A training run in `folder`. Making one looks whether it can go on; `with` starts it.

    model: its name in day.json. defaults: all settings that decide what comes out, "seed" among them; chosen:
    those that the user gave. A run that goes on keeps the settings it began with, but for those that may_change,
    such as where the data are. goal: the `unit`s (steps, images) in the life of the run; minutes: an end before that;
    check_every: how many units lie between two checks. watch: the number in the history that says how good the model
    is, lower is better, or ""; learned: the same on what it learns from. `healthy` may be set to the history.csv of a
    good run, to compare with. Raises UserError when `chosen` is not what the run began with.
    """

    def __init__(
        self,
        folder,
        model,
        defaults,
        chosen,
        *,
        goal,
        check_every,
        plots,
        watch,
        learned="",
        unit="step",
        may_change=(),
        minutes=None,
    ):
        self.folder = Path(folder).absolute()
        self.model, self.goal, self.check_every, self.unit = model, goal, check_every, unit
        self.checkpoints = self.folder / files.CHECKPOINTS
        self.stop = StopSignal()
        self.healthy = None
        begun = files.read_run(self.folder)
        if begun and begun["model"] != model:
            raise UserError(
                "state", f"{folder} holds a run of '{begun['model']}', not of '{model}': give another --run"
            )
        before = _renamed(begun.get("settings", {}), defaults)
        self.settings = {**defaults, **before, **chosen}
        self._refuse_others({name: before[name] for name in before if name not in may_change}, self.settings)
        self._facts = {
            "model": model,
            "settings": self.settings,
            "fixed": begun.get("fixed", {}),
            "data": begun.get("data", {}),
            "sources": begun.get("sources", []),
            "unit": unit,
            "watch": watch,
            "learned": learned,
            "plots": [asdict(plot) for plot in plots],
            "starts": begun.get("starts", []),
            "fingerprint": begun.get("fingerprint", ""),
            "since": begun.get("since", 0),
        }
        self.history = History(self.folder / files.HISTORY, self._facts["since"])
        self._fingerprint = self._facts["fingerprint"]
        self._sums, self._enough, self._minutes = {}, "", minutes
        self._last_state = self._last_report = -math.inf
        self._spent, self._started, self._begun_at = self.history.seconds, time.monotonic(), 0
        self._step = self._steps = 0

    def _refuse_others(self, before, now):
        others = ", ".join(
            f"{name} {before[name]}, not {now[name]}"
            for name in before
            if name in now and _plain(before[name]) != _plain(now[name])
        )
        if others:
            raise UserError(
                "state", f"the run in {self.folder} began with {others}; give another --run to begin anew"
            )

    def fix(self, **facts):
        """Facts that must stay the same for the whole run, such as the data's fingerprint. Raises UserError."""
        self._refuse_others(self._facts["fixed"], facts)
        self._facts["fixed"].update(facts)

    def use_data(self, fingerprint):
        """Which data it learns from. They may be others than before; then what is best counts from there on."""
        for name in FINGERPRINTS:
            old = self._facts["fixed"].pop(name, "")
            self._facts["fingerprint"] = self._facts["fingerprint"] or str(old)
        self._fingerprint = fingerprint

    @property
    def since(self):
        """The step from which the data of now are in use."""
        return self._facts["since"]

    def _note_other_data(self, step):
        before, self._facts["fingerprint"] = self._facts["fingerprint"], self._fingerprint
        if before and before != self._fingerprint and step:
            self._facts["since"] = self.history.since = step
            self._facts["starts"][-1]["other_data"] = True
            self.log("the data are others than before: what is best counts from here on")

    def describe(self, facts, folder=None):
        """What the report says of the data: {"melodies": 1407, "held out": 141, ...}; folder: the data set."""
        self._facts["data"] = facts
        if folder:
            self._facts["sources"] = sources.summary(sources.read(folder)) or self._facts["sources"]

    def compare(self, title, lines):
        """Lines {name: value} to compare with in the plot of this title."""
        for plot in self._facts["plots"]:
            if plot["title"] == title:
                plot["lines"].update(lines)

    def __enter__(self):
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = files.lock(self.folder)
            if self._lock is None:
                other = files.read_state(self.folder).get("pid", "?")
                raise UserError(
                    "state",
                    f"another training (process {other}) is at work in {self.folder}: wait for it, stop it with "
                    f"setup/dlwa runs stop {shlex.quote(self.folder.name)}, or give another --run",
                )
            self.checkpoints.mkdir(exist_ok=True)
            self._facts["starts"].append(
                {
                    "when": time.strftime("%Y-%m-%d %H:%M:%S"),
                    "machine": platform.node(),
                    "device": device(),
                    "versions": versions(),
                    "arguments": sys.argv[1:],
                }
            )
            files.write_run(self.folder, self._facts)
            if self.healthy and Path(self.healthy).exists():
                files.write_whole(self.folder / files.HEALTHY, Path(self.healthy).read_bytes())
            if RECORDED not in os.environ:
                record(self.folder, self.model)
        except OSError as error:
            raise self._in_one_line(error) from error
        self.stop.__enter__()
        self._events = None
        return self

    def begin(self, step):
        """Say that the run begins, or goes on from the checkpoint of this step."""
        from dlwakit.training.events import Events

        self.history.forget_after(step)
        self._spent, self._started, self._begun_at = self.history.seconds, time.monotonic(), step
        self._facts["starts"][-1]["step"] = step
        self._note_other_data(step)
        files.write_run(self.folder, self._facts)
        self._events = Events(self.folder / files.EVENTS, step)
        self._end_in_time()
        where = f"goes on from {self.unit} {step}" if step else "begins"
        self.log(f"{self.model} {where} in {self.folder}; Ctrl-C stops, the same command goes on")
        self._state(step, "running")
        self.report()

    def __exit__(self, kind, error, trace):
        self.stop.__exit__()
        try:
            if error is None:
                self._end()
            else:
                self._fail(kind, error, trace)
        except OSError:
            if error is None:
                raise
        finally:
            if self._events:
                with contextlib.suppress(OSError):
                    self._events.close()
            self._lock.close()
        if error is not None and is_disk_full(error):
            raise self._in_one_line(error) from error

    def _end(self):
        step = files.read_state(self.folder).get("step", 0)
        if step >= self.goal or self._enough:
            self.log(f"done: {self._enough or f'{step} {self.unit}s'}")
            self._state(step, "done", self._enough)
        else:
            self.log(f"stopped at {self.unit} {step}; the same command goes on")
            self._state(step, "stopped", self.stop.asked)
        self.report()

    def _fail(self, kind, error, trace):
        stopped = issubclass(kind, KeyboardInterrupt)
        message = "interrupted" if stopped else str(self._in_one_line(error))
        before = files.read_state(self.folder)
        self._write_state({**before, "state": "stopped" if stopped else "failed", "message": message})
        with (self.folder / files.LOG).open("a", encoding="utf-8") as log:
            log.write("".join(traceback.format_exception(kind, error, trace)))
        if self.history.rows:
            self.report()

    def _in_one_line(self, error):
        if is_disk_full(error):
            return UserError(
                "file",
                f"no room left on the disk of {self.folder}: what was saved before is whole; free some space, "
                "then the same command goes on",
            )
        return explained(error) if isinstance(error, OSError) else error

    @property
    def exit_status(self):
        """0 done, 130 stopped before the goal."""
        return 0 if files.read_state(self.folder).get("state") == "done" else 130

    def wants_more(self, step):
        """Whether to take another step: not at the goal, nobody asked to stop, nothing was enough."""
        return step < self.goal and not self.stop.asked and not self._enough

    def enough(self, why):
        """End before the goal, because more would not help."""
        self._enough = why

    def progress(self, step, **numbers):
        """Count a step and gather its numbers; shows how far it is. Raises UserError when one is no number."""
        self._step = step
        self._steps += 1
        if self._steps == ESTIMATE and not self.history.rows:
            self.log(self._line(step, numbers))
        for name, value in numbers.items():
            if not math.isfinite(value):
                raise UserError(
                    "state",
                    f"{name} is no number any more at {self.unit} {step}: begin anew with another --run and a "
                    "smaller learning rate",
                )
            total, count = self._sums.get(name, (0.0, 0))
            self._sums[name] = total + value, count + 1
        if time.monotonic() - self._last_state >= STATE_EVERY:
            self._state(step, "running", numbers=numbers)
            if sys.stdout.isatty():
                print(f"\r{self._line(step, numbers)}\x1b[K\r", end="", flush=True)

    def means(self):
        """The means of what progress() has gathered, by name; those of a check that was interrupted are kept for it."""
        kept = self.checkpoints / files.MEANS
        if not self._sums:
            return read_json(kept, {}).get(str(self._begun_at), {})
        means = {name: total / count for name, (total, count) in self._sums.items()}
        self._sums = {}
        write_json(kept, {str(self._step): means})
        return means

    def check_due(self, step):
        """Whether this step wants a check and a checkpoint: every so many, at the goal, before a stop."""
        self._end_in_time()
        return step % self.check_every == 0 or not self.wants_more(step)

    def lacks_check(self, step, is_warm=False):
        """Whether to judge before the first step: weights of a model, or those of a training that was killed."""
        judged = self.history.rows[-1]["step"] if self.history.rows else -1
        return judged < step and (is_warm or step > 0)

    def _end_in_time(self):
        if self._minutes and self.seconds >= 60 * self._minutes:
            self.enough(f"{self._minutes:g} minutes of training")

    @property
    def seconds(self):
        """Time spent training in the life of the run."""
        return self._spent + time.monotonic() - self._started

    def check(self, step, **numbers):
        """Keep the numbers of a check: history, event file, a line of progress, now and then the report."""
        numbers = {name: float(value) for name, value in numbers.items()}
        self.history.add({"step": step, "seconds": round(self.seconds, 1), **numbers})
        self._events.numbers(step, numbers)
        self.log(self._line(step, numbers))
        self._state(step, "running", numbers=numbers)
        if time.monotonic() - self._last_report >= REPORT_EVERY:
            self.report()

    def preview(self, step, samples, rate, name="preview"):
        """Keep a sound, samples (n,) from -1 to 1, that the model makes at this step."""
        samples = np.clip(np.asarray(samples, float), -1, 1)
        path = self.folder / files.PREVIEWS / f"{step:09d}_{name}.wav"
        path.parent.mkdir(exist_ok=True)
        content = io.BytesIO()
        with wave.open(content, "wb") as file:
            file.setparams((1, 2, rate, 0, "NONE", ""))
            file.writeframes((samples * 32767).astype("<i2").tobytes())
        files.write_whole(path, content.getvalue())
        self._events.audio(step, name, samples, rate)

    def report(self):
        """Write the report page."""
        from dlwakit.training.report import write

        self._last_report = time.monotonic()
        write(self.folder)

    def log(self, text):
        """Print a line, and keep it in the log."""
        print(text, flush=True)
        with (self.folder / files.LOG).open("a", encoding="utf-8") as log:
            log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {text}\n")

    def _line(self, step, numbers):
        said = "  ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in numbers.items())
        left, of = self._left(step), f"/{goal}" if (goal := self._known_goal()) else ""
        return f"{self.unit} {step}{of}  {said}" + ("" if left is None else f"  {minutes(left)} left")

    def _known_goal(self):
        return self.goal if self.goal < ENDLESS else None

    def _left(self, step):
        done = step - self._begun_at
        if done <= 0 or not self._known_goal():
            return None
        return (time.monotonic() - self._started) / done * (self.goal - step)

    def _state(self, step, state, message="", numbers=None):
        self._last_state = time.monotonic()
        self._write_state(
            {
                "state": state,
                "step": step,
                "goal": self._known_goal(),
                "unit": self.unit,
                "seconds_left": self._left(step),
                "numbers": numbers or files.read_state(self.folder).get("numbers", {}),
                "message": message,
            }
        )

    def _write_state(self, state):
        about = {"model": self.model, "pid": os.getpid(), "machine": platform.node(), "time": time.time()}
        files.write_state(self.folder, {**state, **about})


def _renamed(settings, defaults):
    """The settings of a run by their names of today; a run folder may be older than these."""
    return {OLD_NAMES.get(name, name) if name not in defaults else name: settings[name] for name in settings}


def _plain(value):
    return list(value) if isinstance(value, tuple) else value
