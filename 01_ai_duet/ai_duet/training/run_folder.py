"""The folder of a training run: the settings it began with, its numbers so far."""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ai_duet.training.melodies import Dataset

RUNS = Path("runs/melody")
DEFAULT_DATA = str(RUNS / "data")


@dataclass(frozen=True)
class Settings:
    """What makes a run this run; a run that goes on keeps them. Stored in `run.json`."""

    config: str = "attention_rnn"
    data: str = DEFAULT_DATA
    melodies: str = ""  # fingerprint of the data's content
    layers: tuple[int, ...] = (128, 128)  # units of each LSTM layer
    batch_size: int = 64  # melodies in one step
    window: int = 128  # sixteenth steps of each melody in one training step
    learning_rate: float = 0.005
    transpose: int = 6  # semitones up and down in which mono_rnn, which knows no key, hears each melody
    keep: float = 0.8  # share of each layer's outputs that dropout keeps
    seed: int = 0


class RunError(ValueError):
    """A run that cannot start or go on; the message says why and what to do."""


def begun_settings(folder: Path) -> Settings | None:
    """Settings that the run in `folder` began with; None if it has not begun."""
    path = folder / "run.json"
    if not path.exists():
        return None
    stored = json.loads(path.read_text(encoding="utf-8"))
    return Settings(**{**stored, "layers": tuple(stored["layers"])})


def open_run(folder: Path, chosen: dict) -> tuple[Settings, Dataset]:
    """Begin the run in `folder` with the `chosen` settings, or go on with those that it began with.

    Raises RunError when `chosen` or the melodies are not what the run began with, FileNotFoundError or
    ValueError for data that are missing or of another kind.
    """
    begun = begun_settings(folder)
    settings = replace(begun or Settings(), **chosen)
    dataset = Dataset.load(Path(settings.data))
    content = json.dumps(asdict(dataset)).encode()
    settings = replace(settings, melodies=hashlib.sha256(content).hexdigest()[:12])
    if begun is None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "run.json").write_text(json.dumps(asdict(settings), indent=1) + "\n", encoding="utf-8")
    elif settings != begun:
        now, then = asdict(settings), asdict(begun)
        differences = ", ".join(
            f"{name} {then[name]}, not {now[name]}" for name in now if now[name] != then[name]
        )
        raise RunError(f"the run in {folder} began with {differences}; give another --run to begin anew")
    return settings, dataset


class History:
    """The run's numbers, one row per check, kept in `history.csv` so that a run can go on."""

    COLUMNS = ("step", "seconds", "training_perplexity", "perplexity", "note_perplexity", "note_accuracy")

    def __init__(self, path: Path):
        self.path = path
        self.rows: list[dict[str, float]] = []
        if path.exists():
            with path.open(newline="", encoding="utf-8") as file:
                self.rows = [
                    {key: float(value) for key, value in row.items()} for row in csv.DictReader(file)
                ]

    @property
    def seconds(self) -> float:
        """Time spent training up to the last check."""
        return self.rows[-1]["seconds"] if self.rows else 0.0

    @property
    def best(self) -> dict[str, float] | None:
        """The row with the lowest held-out perplexity."""
        return min(self.rows, key=lambda row: row["perplexity"], default=None)

    def forget_after(self, step: int) -> None:
        """Drop rows later than the checkpoint that the run goes on from."""
        self.rows = [row for row in self.rows if row["step"] <= step]

    def add(self, **row: float) -> None:
        """Append a row and write the file."""
        self.rows.append(row)
        half_written = self.path.with_suffix(".part")
        with half_written.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self.COLUMNS)
            writer.writeheader()
            writer.writerows(self.rows)
        half_written.replace(self.path)
