"""How long a training may take: presets by patience, how much of it is over, when a check is due. Runs in a training.

clock = Clock(run, seconds_for(options, preset))
run.begin(count)
progress = clock.progress(count, learned)     # 0 to 1, for the learning rate; ends the run in time
clock.check_due(count)                        # instead of run.check_due
"""

import shutil
import time
from pathlib import Path

MINUTES = {"minutes": 3, "coffee": 30, "night": 480}  # the presets that every model has
NOTHING = "nothing"  # what --from means by random weights
ENDLESS = 10**9  # steps that no training reaches: its time is its end
STAGES = "stages"  # folder of a run: models of its youth, at powers of two of the time
FIRST_STAGE = 15  # seconds
CHECKS = (20, 60, 200)  # seconds between checks: at least, at most; checks in a training
MEASURED = 10  # steps from which the speed is known


def seconds_for(options, minutes):
    """Seconds that a run may last in all: None where --steps ends it, those of --minutes, or `minutes`."""
    return None if options.steps else 60 * (options.minutes or minutes)


class Clock:
    """How much of a training is over, by steps or by time, and when a check is due.

    Parameters
    ----------
    run : Run
        Its goal is in steps (or images); it is estimated where the time is the end.
    seconds : float or None
        Its whole life, or None where the goal is its end.
    """

    def __init__(self, run, seconds):
        self._run, self._seconds = run, seconds
        self._begun = None
        self._checked = self._going_on = (
            None  # when the last check began, and when the first step after it was done
        )
        self._calls = 0

    def progress(self, step):
        """0 to 1; ends the run when its time is over, and tells it how many steps it will be."""
        if self._seconds is None:
            return step / self._run.goal
        spent = self._run.seconds
        if self._begun is None:
            self._begun = spent, step
        if spent >= self._seconds:
            self._run.enough(f"{self._seconds / 60:g} minutes are over")
        self._calls += 1
        if self._calls > MEASURED:
            left = (self._seconds - spent) * (step - self._begun[1]) / (spent - self._begun[0])
            self._run.goal = step + max(1, round(left))
        return min(1.0, spent / self._seconds)

    def check_due(self, step):
        """Whether it is time for a check: at regular intervals, and before a stop.

        Where a check takes long, as on a busy machine, what is between two takes twice as long at least.
        """
        now = time.monotonic()
        if self._going_on is None:
            self._going_on = now
        took = self._going_on - self._checked if self._checked else 0.0
        between = max(2 * took, min(CHECKS[1], max(CHECKS[0], (self._seconds or 0) / CHECKS[2])))
        due = now - self._going_on >= between or not self._run.wants_more(step)
        if due:
            self._checked, self._going_on = now, None
        return due


def keep_stage(run, model):
    """Keep a copy of a run's playable model where its time has passed 15, 30, 60, ... seconds, before its check.

    Parameters
    ----------
    run : Run
    model : sequence of Path
        The files or folders that are the model.
    """
    spent = run.seconds
    stage = FIRST_STAGE
    while 2 * stage <= spent:
        stage *= 2
    folder = run.folder / STAGES / f"{stage:06d}s"
    if spent < stage or folder.exists():
        return
    half = folder.with_name(f".{folder.name}")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    for part in map(Path, model):
        copy = shutil.copytree if part.is_dir() else shutil.copyfile
        copy(part, half / part.name)
    half.rename(folder)
