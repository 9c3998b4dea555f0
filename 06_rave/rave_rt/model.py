"""RAVE and other models for nn~ on whole sounds. Runs in forks of the worker process and in notebooks.

model = load("starter_drums")
latents = model.encode(audio, rate=44100)              # float32 [latents, n / ratio]
again = model.decode(latents, rate=44100)              # float32 [channels, n]
made_up = model.generate(4, temperature=0.9, start=audio, rate=44100)
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from modelfiles.errors import UserError
from modelfiles.finding import find
from modelfiles.places import checkpoint_folders
from modelfiles.resample import resample
from numpy.typing import ArrayLike, NDArray

from .engine.opening import open_model
from .engine.prior import Prior, read_prior
from .engine.torchscript import Method, Model
from .engine.weights import bending_of
from .prior_files import find_prior

NO_PRIOR = "train one: setup/dlwa train prior MODEL --data FOLDER"
PIECE_SAMPLES = 1 << 16  # at once: long enough to be quick, short enough to say how far it is


def load(
    name_or_path: str | Path = "starter_drums",
    engine: str = "small",
    *,
    folders: Iterable[str | Path] | None = None,
    prior: str | Path | None = None,
    program: bool = True,
) -> AudioModel:
    """Load a model.

    A RAVE that acids-rave 2.3 exported or that was trained here is read as numbers. Any other TorchScript file is a
    program that is run: load only those that you trust. (In Pd they run in a confined process.)

    Parameters
    ----------
    name_or_path : str or Path
        A model's name, such as "starter_drums", or the path of a `.ts` file.
    engine : str
        "small"; there is no other.
    folders : iterable of path, optional
        Where names are looked for: the current folder, the day's `checkpoints` and the store if not given.
    prior : str or Path, optional
        Name or path of a NAME.prior.safetensors for `generate`, or "none"; that of the model's name if not given.
    program : bool
        Whether a file that is a program may be run.

    Returns
    -------
    AudioModel

    Raises
    ------
    UserError
        There is no such file, or it is no TorchScript model that follows nn~'s convention, or a program that may not
        be run.
    """
    if engine != "small":
        raise UserError("input", "RAVE has one engine", "leave --engine out")
    where = checkpoint_folders(__file__) if folders is None else list(folders)
    path = find(str(name_or_path), where, suffixes=(".ts",))
    beside = find_prior(path, None if prior is None else str(prior), where)
    module, reason = open_model(path, program=program)
    return AudioModel(module, read_prior(beside) if beside else None, reason)


class AudioModel:
    """A loaded model for whole sounds; each call begins with the model as it is in the file.

    Attributes
    ----------
    rate : int
        The model's own sample rate in Hz; 0 when it does not tell.
    methods : dict of str to Method
        What it can do, with the channels and ratios of each.
    attributes : dict of str to tuple of str
        The types of the values that can be set.
    prior : Prior or None
        What `generate` makes up latents with.
    program : str
        Why the program in the file plays; "" where this package's own layers do.
    """

    def __init__(self, module: torch.nn.Module, prior: Prior | None = None, program: str = "") -> None:
        self._module, self.program = module, program
        self._bending = bending_of(module)
        self._settings: dict[str, list] = {}
        model = Model(module)
        self.prior = None if prior is None else fitting(prior, model)
        self.rate: int = model.rate
        self.methods: dict[str, Method] = model.methods
        self.attributes: dict[str, tuple] = model.attributes

    def set(self, name: str, *values: Any) -> None:
        """Set an attribute for all calls that follow.

        Parameters
        ----------
        name : str
            One of `attributes`.
        *values
            One for each of its types; for a tensor or a buffer a pair (float32 array [n], rate in Hz).

        Raises
        ------
        UserError
            There is no such attribute, or the model refuses the values.
        """
        settings = {**self._settings, name: list(values)}
        Model(self._copy()).set_all(settings)
        self._settings = settings

    def bend(self, *bends: tuple) -> None:
        """Change the network's weights in just these ways for all calls that follow; none gives it its own back.

        Parameters
        ----------
        *bends
            (layer, kind, amount) or (layer, kind, amount, seed), see `modelfiles.bending.Bend`.

        Raises
        ------
        UserError
            There is no such layer or kind, or an amount is out of range.
        """
        self._bending.put(bends)

    @property
    def layers(self) -> list[list]:
        """The network's layers: name, and size of each axis of its weights."""
        return self._bending.describe()

    def forward(
        self, audio: ArrayLike, rate: int | None = None, seed: int | None = None
    ) -> NDArray[np.float32]:
        """Send a sound through the model.

        Parameters
        ----------
        audio : array_like, shape (n,) or (channels, n)
        rate : int, optional
            Sample rate in Hz of `audio`, and of the answer; the model's own if not given.
        seed : int, optional
            Makes what the model draws at random repeatable.

        Returns
        -------
        ndarray of float32, shape (outputs, n)

        Raises
        ------
        UserError
            The model has no such method, or fails.
        """
        return self._run("forward", audio, rate, seed)

    def encode(
        self, audio: ArrayLike, rate: int | None = None, seed: int | None = None
    ) -> NDArray[np.float32]:
        """Compute the latents of a sound.

        Parameters
        ----------
        audio : array_like, shape (n,) or (channels, n)
        rate, seed
            See `forward`.

        Returns
        -------
        ndarray of float32, shape (latents, m)
            One value for `methods["encode"].out_ratio` samples at the model's rate.

        Raises
        ------
        UserError
            The model has no such method, or fails.
        """
        return self._run("encode", audio, rate, seed)

    def decode(
        self, latents: ArrayLike, rate: int | None = None, seed: int | None = None
    ) -> NDArray[np.float32]:
        """Make sound of latents.

        Parameters
        ----------
        latents : array_like, shape (latents, m)
            As `encode` gives them; those that are missing are zeros.
        rate : int, optional
            Sample rate in Hz of the answer; the model's own if not given.
        seed : int, optional
            See `forward`.

        Returns
        -------
        ndarray of float32, shape (outputs, n)

        Raises
        ------
        UserError
            The model has no such method, or fails.
        """
        return self._run("decode", latents, rate, seed)

    def generate(
        self,
        seconds: float = 4.0,
        temperature: float = 1.0,
        seed: int | None = None,
        start: ArrayLike | None = None,
        rate: int | None = None,
    ) -> NDArray[np.float32]:
        """Make up a sound: the prior goes on with latents, `decode` makes sound of them.

        Parameters
        ----------
        seconds : float
            Length of the sound.
        temperature : float
            1 draws as the prior was trained, less keeps to what is likely, 0 takes the likeliest.
        seed : int, optional
            Makes what is drawn at random repeatable.
        start : array_like, shape (n,) or (channels, n), optional
            A sound to go on from; it is not in the answer.
        rate : int, optional
            Sample rate in Hz of `start` and of the answer; the model's own if not given.

        Returns
        -------
        ndarray of float32, shape (outputs, n)

        Raises
        ------
        UserError
            There is no prior, or the length or the temperature cannot be.
        """
        from . import generation

        if self.prior is None:
            raise UserError("state", "this model has no prior", NO_PRIOR)
        if seed is not None:
            torch.manual_seed(seed)
        model = self._fresh()
        begun = None if start is None else np.atleast_2d(np.asarray(start, np.float32))
        before = generation.begin(model, self.prior, begun, rate or 0)
        made = generation.latents(self.prior, before, seconds, temperature)
        return generation.sound(model, before, made, seconds, rate or 0)[0]

    def _run(self, name: str, values: ArrayLike, rate: int | None, seed: int | None) -> NDArray[np.float32]:
        if seed is not None:
            torch.manual_seed(seed)
        return transform(self._fresh(), name, np.atleast_2d(np.asarray(values, np.float32)), rate or 0)[0]

    def _fresh(self) -> Model:
        """The model as it is in the file, with what was set."""
        model = Model(self._copy())
        model.set_all(self._settings)
        return model

    def _copy(self) -> torch.nn.Module:
        """The module as it is in the file, whatever others have played."""
        return copy.deepcopy(self._module)


def fitting(prior: Prior, model: Model) -> Prior:
    """Return a prior that fits a model.

    Parameters
    ----------
    prior : Prior
    model : Model

    Returns
    -------
    Prior

    Raises
    ------
    UserError
        The model's `decode` does not take what the prior makes up, or there is none.
    """
    if "encode" not in model.methods or "decode" not in model.methods:
        raise UserError("checkpoint", "a prior needs a model with the methods encode and decode")
    decode = model.methods["decode"]
    return prior.check(decode.inputs, decode.in_ratio, model.rate)


def transform(
    model: Model,
    name: str,
    values: NDArray[np.float32],
    rate: int = 0,
    progress: Callable[[float], None] = lambda fraction: None,
) -> tuple[NDArray[np.float32], int]:
    """A method's answer to a whole signal, and its rate.

    Parameters
    ----------
    model : Model
        As it is in the file: what it remembers of other sounds would be heard.
    name : str
        Of the method.
    values : ndarray of float32, shape (channels, n)
        Where the method takes sound, at `rate` Hz; latents are at the model's rate of latents.
    rate : int
        In Hz; 0 for the model's own. Sound that the method gives comes at this rate, too.
    progress : callable
        Called with the fraction that is done.

    Returns
    -------
    answer : ndarray of float32, shape (outputs, m)
    rate : int
        Of the answer in Hz, where that is sound; else the model's own.
    """
    method = model.methods.get(name)
    if method is None:
        raise UserError("input", f"the model has no method {name}, only {', '.join(model.methods)}")
    own = model.rate or rate
    rate = rate or own
    samples = values.shape[1] * method.in_ratio
    if method.in_ratio == 1:
        values = resample(values, rate, own)
    answer = whole(model, method, values, progress)
    if method.out_ratio > 1:
        return answer, own
    length = samples if method.in_ratio == 1 else round(samples * rate / own) if own else samples
    return _fitted(resample(answer, own, rate), length), rate


def whole(
    model: Model,
    method: Method,
    values: NDArray[np.float32],
    progress: Callable[[float], None] = lambda fraction: None,
) -> NDArray[np.float32]:
    """A method's answer to a whole signal at the model's rate.

    The model gets it in pieces that follow each other, the last one filled up with zeros.

    Parameters
    ----------
    model : Model
    method : Method
    values : ndarray of float32, shape (channels, n)
        Channels that are missing are zeros.
    progress : callable
        Called with the fraction that is done.

    Returns
    -------
    ndarray of float32, shape (outputs, m)
        m is the length that belongs to the input.

    Raises
    ------
    UserError
        The model fails, or answers something that is not a number.
    """
    count = values.shape[1]
    smallest = model.largest_ratio // method.in_ratio
    piece = max(PIECE_SAMPLES // method.in_ratio // smallest, 1) * smallest
    padded = np.zeros((method.inputs, -(-count // smallest) * smallest), np.float32)
    values = values[: method.inputs]
    padded[: len(values), :count] = values
    answers = [np.zeros((method.outputs, 0), np.float32)]
    for start in range(0, padded.shape[1], piece):
        progress(start / padded.shape[1])
        answers.append(model.run(method.name, padded[:, start : start + piece]))
        if not np.isfinite(answers[-1]).all():
            raise UserError("checkpoint", f"{method.name} answered something that is not a number")
    length = -(-count * method.in_ratio // method.out_ratio)
    return np.concatenate(answers, 1)[:, :length]


def _fitted(signals: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Exactly `length` values of each channel: cut, or filled up with zeros."""
    return np.pad(signals[:, :length], ((0, 0), (0, max(0, length - signals.shape[1]))))
