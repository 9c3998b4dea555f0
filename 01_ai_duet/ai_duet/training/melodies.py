"""The data set of melodies, a file that `dataset` writes and `train` and `evaluate` read; training programs.

A melody is a list of events, one for each sixteenth note, numbered as magenta's `Melody` numbers them:
-2 nothing new happens, -1 the note stops, 0 to 127 a note of that MIDI pitch starts.
A piece is one file or one tune of a tune book, and may hold several melodies.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

from modelfiles.errors import UserError

FILE_NAME = "melodies.json"

SHINGLE = 6  # intervals in one fingerprint: seven notes in a row
SAME_TUNE = 0.3  # share of the shorter melody's fingerprints from which two melodies count as one tune


@dataclass(frozen=True)
class Melody:
    """One monophonic line: `events` on a sixteenth-note grid, and the `piece` that it came from."""

    piece: str
    steps_per_bar: int
    events: tuple[int, ...]

    @property
    def pitches(self) -> list[int]:
        """MIDI pitches of the notes in the order in which they start."""
        return [event for event in self.events if event >= 0]

    @property
    def bars(self) -> float:
        return len(self.events) / self.steps_per_bar


@dataclass(frozen=True)
class Dataset:
    """Melodies for learning and melodies held out to judge what was learned; no tune is in both."""

    source: str
    training: list[Melody]
    eval: list[Melody]

    def save(self, folder: Path) -> Path:
        """Write `melodies.json` into `folder` and return its path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / FILE_NAME
        half_written = path.with_suffix(".part")
        half_written.write_text(json.dumps(asdict(self), separators=(",", ":")), encoding="utf-8")
        half_written.replace(path)
        return path

    @classmethod
    def load(cls, folder: Path) -> Dataset:
        """Read what `save` wrote. Raises FileNotFoundError, or UserError for a file of another kind."""
        path = folder / FILE_NAME
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))
            halves = {
                half: [Melody(m["piece"], m["steps_per_bar"], tuple(m["events"])) for m in fields[half]]
                for half in ("training", "eval")
            }
            return cls(fields["source"], **halves)
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise UserError("file", f"{path} is not a melody data set ({error!r})") from error


def near_duplicate_groups(melodies: list[Melody]) -> list[list[Melody]]:
    """Melodies that belong together: those of one piece, and those of the same tune under other names.

    Tune books print the same tune in several keys, under several titles. Two melodies count as one tune when
    they share enough runs of `SHINGLE` intervals, which do not change when a tune is transposed.
    """
    fingerprints = [_interval_runs(melody) for melody in melodies]
    owners = defaultdict(list)
    for index, runs in enumerate(fingerprints):
        for run in runs:
            owners[run].append(index)
    first_of_piece: dict[str, int] = {}

    parent = list(range(len(melodies)))

    def root(index):
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for index, melody in enumerate(melodies):
        parent[root(index)] = root(first_of_piece.setdefault(melody.piece, index))
        shared = defaultdict(int)
        for run in fingerprints[index]:
            for other in owners[run]:
                if other < index:
                    shared[other] += 1
        for other, count in shared.items():
            if count >= SAME_TUNE * min(len(fingerprints[index]), len(fingerprints[other])):
                parent[root(index)] = root(other)

    groups = defaultdict(list)
    for index, melody in enumerate(melodies):
        groups[root(index)].append(melody)
    return list(groups.values())


def _interval_runs(melody: Melody) -> set[tuple[int, ...]]:
    pitches = melody.pitches
    intervals = [after - before for before, after in zip(pitches, pitches[1:])]
    return {tuple(intervals[i : i + SHINGLE]) for i in range(len(intervals) - SHINGLE + 1)}


def split(
    melodies: list[Melody],
    source: str,
    eval_ratio: float = 0.1,
    seed: int = 0,
    pieces: Collection[str] = (),
) -> Dataset:
    """Hold out about `eval_ratio` of the melodies, whole tunes at a time; the same seed gives the same split.

    Where `pieces` are named, these are held out with all that is the same tune, and nothing else. Raises UserError when
    there are not two different tunes to put on the two sides.
    """
    groups = near_duplicate_groups(melodies)
    if len(groups) < 2:
        raise UserError(
            "input",
            f"training needs at least two different tunes, one of them to check against; found {len(groups)}",
        )
    random.Random(seed).shuffle(groups)
    held_out = []
    if pieces:
        named = [group for group in groups if any(melody.piece in pieces for melody in group)]
        groups = [group for group in groups if not any(melody.piece in pieces for melody in group)]
        held_out = [melody for group in named for melody in group]
    groups.sort(key=len, reverse=True)  # big families of variants are for learning
    most = 0 if held_out else max(1, round(eval_ratio * len(melodies)))
    while groups and len(held_out) + len(groups[-1]) <= most:
        held_out += groups.pop()
    if not held_out:
        held_out = groups.pop()
    return Dataset(source, [melody for group in groups for melody in group], held_out)
