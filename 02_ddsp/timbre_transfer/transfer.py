"""From a sound to the same melody by a model's instrument, with either engine. Runs in the worker process."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from modelfiles.resample import resample
from numpy.typing import ArrayLike, NDArray

from . import controls, features
from .controls import Controls
from .engine import pitch
from .engine.statistics import Statistics


def ignore(fraction: float) -> None:
    """Show no progress."""


class Instrument(ABC):
    """A model of one instrument.

    Attributes
    ----------
    name : str
    engine : {"small", "upstream"}
    sample_rate : int
        In Hz, of the sound that it makes.
    statistics : Statistics or None
        Of the sounds that it was trained on, by which pitch and loudness are adjusted.
    needs_audio : bool
        Whether it needs the sound itself, as a whole, and not its pitch and loudness alone.
    """

    name: str
    engine: str
    sample_rate: int
    statistics: Statistics | None
    needs_audio: bool

    @abstractmethod
    def generate(
        self,
        f0_hz: ArrayLike,
        loudness_db: ArrayLike,
        *,
        audio: ArrayLike | None = None,
        seed: int | None = None,
        progress: Callable[[float], None] = ignore,
    ) -> NDArray[np.float32]:
        """Make sound of pitch and loudness curves.

        Parameters
        ----------
        f0_hz, loudness_db : array_like, shape (frames,)
            Curves at 250 frames a second; where f0 is 0 the harmonics are silent.
        audio : array_like, shape (64 * frames,), optional
            The sound that the curves come from, at 16 kHz; only models that need audio use it.
        seed : int, optional
            Makes the noise in the sound repeatable.
        progress : callable
            Called with the fraction that is done.

        Returns
        -------
        ndarray of float32, shape (frames * sample_rate / 250,)
        """

    def transfer(
        self,
        audio: ArrayLike,
        rate: float,
        *,
        out_rate: float | None = None,
        estimator: str = pitch.DEFAULT,
        seed: int | None = None,
        **settings: Any,
    ) -> NDArray[np.float32]:
        """Play a sound with this instrument.

        Parameters
        ----------
        audio : array_like, shape (samples,) or (samples, channels)
            A melody, one note at a time; 0.1 seconds to 10 minutes.
        rate : float
            Its sample rate in Hz.
        out_rate : float, optional
            Sample rate of the result in Hz; the model's own if not given.
        estimator : {"swift", "crepe-tiny", "crepe-full"}
            By which the pitch is found.
        seed : int, optional
            Makes the noise in the sound repeatable.
        **settings
            Those of `timbre_transfer.controls.Controls`: octave_shift, threshold, loudness_shift, adjust, quiet,
            autotune.

        Returns
        -------
        ndarray of float32, shape (n,)

        Raises
        ------
        UserError
            Nothing can be made of the sound, or the estimator is not there.
        """
        sound = features.prepare(audio, rate)
        found = features.extract(sound, estimator)
        f0_hz, loudness_db = controls.apply(found, Controls(**settings), self.statistics)
        made = self.generate(f0_hz, loudness_db, audio=sound, seed=seed)
        return made if out_rate is None else resample(made, self.sample_rate, out_rate)
