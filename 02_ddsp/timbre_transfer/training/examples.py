"""A data set's examples: which of them are learned from, which are held out. Runs in trainings and evaluations."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from modelfiles.errors import UserError

OVERLAP = 3  # examples that share sound with an example before them
FEWEST = 8  # examples to train from
JUDGED = 8  # held-out examples that are judged in a check
HELD_OUT, MOST_HELD_OUT = 0.1, 0.25  # shares of the examples
COLUMNS = ("audio", "f0_hz", "f0_confidence", "loudness_db")


@dataclass(frozen=True)
class Examples:
    """learned, held_out: {name: float32 [N, ...]}; fingerprint of the sounds; whole: whether sounds are held out."""

    learned: dict
    held_out: dict
    fingerprint: str
    whole: bool


def load_examples(dataset):
    """The Examples of a data set.

    Whole sounds are held out, about a tenth; where there is only one sound, or each is a large part, it is the last
    tenth of the examples, and what shares sound with it is not learned from. Raises UserError where there is too
    little.
    """
    file = Path(dataset, "examples.npz")
    if not file.is_file():
        raise UserError("file", f"there is no {file}: make it with setup/dlwa dataset ddsp FOLDER")
    examples = dict(np.load(file))
    sounds = examples.pop("sound", None)
    count = len(examples["audio"])
    held_out = _whole_sounds(sounds, count) if sounds is not None else None
    whole = held_out is not None
    if whole:
        learned = np.setdiff1d(np.arange(count), held_out)
    else:
        end = count - max(1, count // 10) - OVERLAP
        learned, held_out = np.arange(max(0, end)), np.arange(max(0, end) + OVERLAP, count)
    if len(learned) < FEWEST:
        least = FEWEST + OVERLAP + 1
        raise UserError(
            "input", f"{file} holds {count} examples, training takes {least}: add sounds to the data set"
        )
    fingerprint = hashlib.sha256(examples["audio"].tobytes()).hexdigest()[:16]
    spread = held_out[np.linspace(0, len(held_out) - 1, min(JUDGED, len(held_out))).round().astype(int)]
    return Examples(_rows(examples, learned), _rows(examples, spread), fingerprint, whole)


def _rows(examples, rows):
    return {name: examples[name][rows] for name in COLUMNS}


def _whole_sounds(sounds, count):
    """The examples of sounds that are held out, or None where there is no part of fair size."""
    chosen = []
    for sound in np.random.default_rng(0).permutation(np.unique(sounds)):
        part = np.flatnonzero(sounds == sound)
        if len(chosen) + len(part) <= MOST_HELD_OUT * count:
            chosen.extend(part)
        if len(chosen) >= HELD_OUT * count:
            return np.sort(chosen)
    return None
