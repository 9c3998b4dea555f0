"""DDSP timbre transfer: loads an instrument, and plays sounds with it. Runs in the worker process and in notebooks.

violin = load("starter_violin")
audio = violin.transfer(voice, 44100, octave_shift=1)     # float32 [samples], at violin.sample_rate
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from modelfiles.engines import upstream_module
from modelfiles.errors import UserError
from modelfiles.finding import find
from modelfiles.places import checkpoint_folders
from modelfiles.resample import resample
from numpy.typing import ArrayLike, NDArray

from . import controls, features
from .controls import Controls
from .engine import breath, pitch
from .engine.dynamics import Dynamics
from .engine.statistics import Statistics
from .features import Features


def ignore(fraction: float) -> None:
    """Show no progress.

    Parameters
    ----------
    fraction : float
    """


def load(
    name_or_path: str | Path = "starter_violin",
    engine: str = "small",
    *,
    folders: Iterable[str | Path] | None = None,
) -> Instrument:
    """Load a model of an instrument.

    Parameters
    ----------
    name_or_path : str or Path
        The name or path of a model's folder, with `operative_config-*.gin` and `ckpt-*` files, or of a file in it.
        The newest checkpoint counts.
    engine : {"small", "upstream"}
        "small" runs in torch and numpy, "upstream" is the ddsp package (in the environment tensorflow).
    folders : iterable of path, optional
        Where names are looked for: the current folder, the day's `checkpoints` and the store if not given.

    Returns
    -------
    Instrument

    Raises
    ------
    UserError
        There is no such model, a file is damaged, or the model is of a kind that the engine does not play.
    """
    upstream = upstream_module(__package__, engine)
    path = find(str(name_or_path), checkpoint_folders(__file__) if folders is None else folders)
    folder = path.parent if path.is_file() else path
    if upstream is not None:
        instrument: Instrument = upstream.read_folder(folder)
        return instrument
    from .engine import timbre_model  # needs torch, which the environment of the other engine does not have

    return timbre_model.read_folder(folder)


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

    @property
    def noise_bands(self) -> int:
        """How many bands its noise has; 0 where it cannot be given breath."""
        return 0

    @abstractmethod
    def generate(
        self,
        f0_hz: ArrayLike,
        loudness_db: ArrayLike,
        *,
        audio: ArrayLike | None = None,
        seed: int | None = None,
        progress: Callable[[float], None] = ignore,
        breath: tuple[NDArray, NDArray] | None = None,
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
        breath : tuple of ndarray, optional
            What the noise is to be, (frames, bands), and how much of it, from 0 to 1, (frames, 1).

        Returns
        -------
        ndarray of float32, shape (frames * sample_rate / 250,)
        """

    def play(
        self,
        found: Features,
        settings: Controls,
        audio: NDArray[np.float32],
        *,
        seed: int | None = None,
        progress: Callable[[float], None] = ignore,
    ) -> tuple[NDArray[np.float32], NDArray, NDArray]:
        """Play what was found in a sound.

        Parameters
        ----------
        found : Features
        settings : Controls
        audio : ndarray of float32, shape (64 * frames,)
            The sound that they come from, at 16 kHz.
        seed, progress
            See `generate`.

        Returns
        -------
        sound : ndarray of float32, shape (frames * sample_rate / 250,)
        f0_hz, loudness_db : ndarray, shape (frames,)
            The curves that were asked for.

        Raises
        ------
        UserError
            There is to be breath, and the engine has none.
        """
        f0_hz, loudness_db = controls.apply(found, settings, self.statistics)
        breathed, raised = None, controls.raised_db(found, loudness_db)
        if settings.breath:
            if not self.noise_bands:
                raise UserError("input", f"the engine {self.engine} has no breath", "set breath to 0")
            noise = 10 ** (raised / 20) * audio
            breathed = breath.of_sound(noise, f0_hz, self.noise_bands, self.sample_rate, settings.breath)
        sound = self.generate(f0_hz, loudness_db, audio=audio, seed=seed, progress=progress, breath=breathed)
        if settings.dynamics:
            dynamics = Dynamics(self.sample_rate, len(sound) // len(f0_hz))
            sound = dynamics(sound, found.loudness_db + raised, settings.dynamics)
        return sound, f0_hz, loudness_db

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
            autotune, breath, dynamics.

        Returns
        -------
        ndarray of float32, shape (n,)

        Raises
        ------
        UserError
            Nothing can be made of the sound, or the estimator is not there.
        """
        sound = features.prepare(audio, rate)
        features.require_audible(sound)
        made, *_ = self.play(features.extract(sound, estimator), Controls(**settings), sound, seed=seed)
        return made if out_rate is None else resample(made, self.sample_rate, out_rate)
