"""A tone, ready to generate; runs in the worker process and in notebooks.

`load("starter_a").generate(1.0)` is a second of sound.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from modelfiles.errors import UserError
from modelfiles.finding import find
from modelfiles.places import checkpoint_folders
from numpy.typing import NDArray

RATE = 44100  # Hz


def load(
    name_or_path: str | Path = "starter_a",
    engine: str = "small",
    *,
    folders: Iterable[str | Path] | None = None,
) -> Tone:
    """Load a tone.

    Parameters
    ----------
    name_or_path : str or Path
        A model's name, such as "starter_a", or the path of a file {"frequency": HZ}.
    engine : str
        "small"; there is no other.
    folders : iterable of path, optional
        Where names are looked for: the current folder, the day's `checkpoints` and the store if not given.

    Returns
    -------
    Tone

    Raises
    ------
    UserError
        There is no such model, or its file holds no frequency.
    """
    if engine != "small":
        raise UserError("input", "a tone has one engine", "leave --engine out")
    path = find(name_or_path, checkpoint_folders(__file__) if folders is None else folders, (".json",))
    try:
        return Tone(float(json.loads(path.read_text())["frequency"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError("checkpoint", f"{path} holds no frequency") from None


class Tone:
    """A tone, ready to generate.

    Parameters
    ----------
    frequency : float
        In Hz.
    """

    def __init__(self, frequency: float) -> None:
        self.frequency = frequency

    def generate(self, seconds: float) -> NDArray[np.float32]:
        """Generate a tone.

        Parameters
        ----------
        seconds : float
            How long.

        Returns
        -------
        ndarray of float32
            [samples] at RATE, -1 to 1.
        """
        times = np.arange(round(seconds * RATE)) / RATE
        return np.sin(2 * np.pi * self.frequency * times).astype(np.float32)
