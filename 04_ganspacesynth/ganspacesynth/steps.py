"""The steps of a hallucination: a list of edits, one list of numbers a step; on Pd's thread and in the worker."""

import numpy as np
from modelfiles.errors import UserError


class Steps:
    """Always at least one step; `index` is the current one.

    `size` numbers in each, which may change: numbers are cut off or filled up with zeros.
    """

    def __init__(self, size=1):
        self._steps = [np.zeros(size, np.float32)]
        self.index = 0

    def __len__(self):
        return len(self._steps)

    @property
    def current(self):
        return self._steps[self.index]

    @current.setter
    def current(self, edits):
        self._steps[self.index] = np.array(edits, np.float32)

    def resize(self, size):
        """Make all steps hold `size` numbers."""
        self._steps = [np.pad(step[:size], (0, max(0, size - len(step)))) for step in self._steps]

    def move(self, by):
        """Go to another step, in a circle."""
        self.index = (self.index + by) % len(self._steps)

    def add(self, edits=None):
        """Add a step behind the last one, a copy of the current one unless edits are given, and go there."""
        self._steps.append(np.array(self.current if edits is None else edits, np.float32))
        self.index = len(self._steps) - 1

    def remove(self):
        """Remove the current step, unless it is the only one."""
        if len(self._steps) > 1:
            del self._steps[self.index]
            self.index = min(self.index, len(self._steps) - 1)

    def as_array(self):
        """[steps, size], float32."""
        return np.stack(self._steps)

    def replace(self, rows):
        """Have the steps of an array [steps, size] in the place of all there were, and go to the first."""
        self._steps = [np.array(row, np.float32) for row in rows]
        self.index = 0


def write(path, rows):
    """Write steps [n, size] as text: a line a step, without the zeros at its end."""
    lines = [" ".join(f"{edit:.6g}" for edit in np.trim_zeros(row, "b")) or "0" for row in rows]
    with open(path, "w") as file:
        file.write("\n".join(lines) + "\n")


def read(path, size):
    """Steps of `size` numbers from text, [n, size], float32. Raises UserError."""
    try:
        with open(path) as file:
            lines = [line.split() for line in file if line.strip()]
        rows = [np.array(words, np.float32) for words in lines]
    except FileNotFoundError:
        raise UserError("file", f"there is no file {path}") from None
    except ValueError:
        rows = []
    if not rows or not all(np.isfinite(row).all() for row in rows):
        raise UserError("file", f"{path} holds no steps: a line for each, with numbers between spaces")
    longest = max(map(len, rows))
    if longest > size:
        raise UserError("file", f"{path} has steps of {longest} numbers; there are {size} components")
    return np.stack([np.pad(row, (0, size - len(row))) for row in rows])
