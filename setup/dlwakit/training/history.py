"""History of a run: one row of numbers for each check, in history.csv. Runs in a training."""

import csv
import io

from dlwakit.runs.folder import write_whole


class History:
    """Rows of numbers by name; each has "step" and "seconds". since: the step from which the data are those of now."""

    def __init__(self, path, since=0):
        self.path, self.since = path, since
        self.rows = read(path)

    @property
    def seconds(self):
        """Time spent training up to the last check."""
        return self.rows[-1]["seconds"] if self.rows else 0.0

    @property
    def comparable(self):
        """The rows of checks on the data of now."""
        return of_now(self.rows, self.since)

    def best(self, name):
        """The row with the lowest `name` on the data of now, or None before the first check."""
        return min((row for row in self.comparable if name in row), key=lambda row: row[name], default=None)

    def forget_after(self, step):
        """Drop rows later than the checkpoint that the run goes on from."""
        self.rows = [row for row in self.rows if row["step"] <= step]

    def add(self, row):
        """Append a row and write the file."""
        self.rows.append(row)
        text = io.StringIO()
        writer = csv.DictWriter(text, list(dict.fromkeys(name for row in self.rows for name in row)))
        writer.writeheader()
        writer.writerows(self.rows)
        write_whole(self.path, text.getvalue())


def of_now(rows, since):
    """The rows of checks after the step `since`, from which the data are those of now."""
    return [row for row in rows if not since or row["step"] > since]


def read(path):
    """The rows of a history.csv as {name: float}, without cells that are empty; [] if there is no such file."""
    try:
        with open(path, newline="", encoding="utf-8") as file:
            return [{name: float(cell) for name, cell in row.items() if cell} for row in csv.DictReader(file)]
    except FileNotFoundError:
        return []
