"""State and status of a run, as data. On the command line."""

from dataclasses import asdict, dataclass

ENDED = ("done", "stopped", "failed", "crashed", "not begun")


@dataclass(frozen=True)
class State:
    """`word`: "starting", "running", "waiting", one of ENDED, or "unknown" where the place does not answer."""

    word: str
    step: int = 0
    goal: "int | None" = None
    unit: str = "step"
    seconds_left: "float | None" = None
    note: str = ""

    def line(self):
        """'running, step 40 of 100, 3 min left'."""
        parts = [self.word]
        if self.goal or self.step:
            parts.append(f"{self.unit} {self.step}" + (f" of {self.goal}" if self.goal else ""))
        if self.word == "running" and self.seconds_left is not None:
            parts.append(f"{minutes(self.seconds_left)} left")
        return ", ".join(parts) + (f": {self.note}" if self.note else "")

    def facts(self):
        """As a dictionary, for --json."""
        return asdict(self)


@dataclass(frozen=True)
class Status:
    """A state, and the output since the offset that was asked for; `offset` is where to go on reading."""

    state: State
    output: str
    offset: int


def minutes(seconds):
    """75 -> '75 s', 600 -> '10 min', 10000 -> '2.8 h'."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
