"""SampleRNN, ready to generate; runs in the worker process, in a trainer and in notebooks.

    model = load("starter_beat")
    sounds = model.generate(4.0, temperature=0.9)      # [1, samples], float32

`stream` gives the sound piece by piece instead, while it is being computed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Union, cast

import numpy as np
import torch
from modelfiles.bending import Bending
from modelfiles.errors import UserError
from modelfiles.finding import find
from modelfiles.loops.pace import processors
from modelfiles.places import checkpoint_folders
from modelfiles.resample import resample
from numpy.typing import ArrayLike, NDArray

from .engine import envelope, quantise, store
from .engine.generation import Generation, SoundStream
from .engine.kernel_engine import KernelEngine
from .engine.network import SampleRNN
from .engine.pack import pack
from .engine.torch_engine import TorchEngine
from .engine.voices import Packed

Temperature = Union[float, str, ArrayLike]  # a number, text of the form `Env(...)`, or the points of a curve

MOST_BITS_LOST = 0.01
MEASURED_BLOCKS = 16
LARGE = 2**22  # weights that every step reads: fewer fit every processor's cache
LOWEST_RATE, HIGHEST_RATE = 1000, 384000  # Hz, of what is generated


def load(
    name_or_path: str | Path = "starter_beat",
    engine: str = "small",
    *,
    folders: Iterable[str | Path] | None = None,
    q_type: str | None = None,
    sample_rate: int | None = None,
    threads: int | None = None,
    device: str | None = None,
) -> Generator:
    """Load a SampleRNN.

    Parameters
    ----------
    name_or_path : str or Path
        A model's name, such as "starter_beat", or the path of `NAME.safetensors` (with `NAME.config.json`
        beside it), or a checkpoint of PRiSM SampleRNN: the training's folder, or the prefix of a checkpoint's files.
    engine : str
        "small"; there is no other.
    folders : iterable of path, optional
        Where names are looked for: the current folder, the day's `checkpoints` and the store if not given.
    q_type : {"linear", "mu-law"}, optional
        Quantisation, where the configuration of a PRiSM checkpoint does not say it.
    sample_rate : int, optional
        In Hz, where the configuration of a PRiSM checkpoint does not say it.
    threads : int, optional
        Processor threads to generate with; as many as are useful if not given.
    device : str, optional
        Of torch: "cpu", "cuda"; a graphics card is used where there is one if not given.

    Returns
    -------
    Generator

    Raises
    ------
    UserError
        There is no such model, or its files are damaged or do not fit together.
    """
    if engine != "small":
        raise UserError("input", "SampleRNN has one engine", "leave --engine out")
    where = checkpoint_folders(__file__) if folders is None else folders
    path = find(str(name_or_path), where, suffixes=(".safetensors", ".index", ""))
    missing = {"q_type": q_type, "sample_rate": sample_rate}
    settings = {key: value for key, value in missing.items() if value is not None}
    return Generator(store.read(path, settings, str(name_or_path)), threads, device)


class Generator:
    """A SampleRNN, ready to generate.

    On a graphics card the torch model computes, else the loops with weights of few bits. How few is measured: four in
    the tiers of a large model, which waits for its weights more than for arithmetic, as long as it loses less than
    MOST_BITS_LOST per sample against float32; else eight; should these lose more, the torch model does it here as well.

    Parameters
    ----------
    model : SampleRNN
    threads : int, optional
        Processor threads to compute with; as many as are useful if not given.
    device : str, optional
        Of torch: "cpu", "cuda"; a graphics card is used where there is one if not given.

    Attributes
    ----------
    config : samplernn.engine.config.Config
        Its `sample_rate` is that of the model, in Hz.
    engine : str
        What computes: "int4", "int8" or "float32".
    bending : modelfiles.bending.Bending or None
        Of its weights; `bend` uses it. None on a graphics card.
    bits_lost : float
        Bits per sample that few bits lose against float32, as measured.
    """

    def __init__(self, model: SampleRNN, threads: int | None = None, device: str | None = None) -> None:
        self.config = model.config
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self.model = model.to(self.device).eval()
        self.threads = threads or processors()
        self.pool = ThreadPoolExecutor(self.threads)
        self.large = sum(value.numel() for value in model.parameters()) > LARGE
        self.engine, self.bits_lost = "float32", 0.0
        self.bending: Bending | None = None
        if self.device == "cpu":
            self._pack()
            self.bending = Bending(_own_weights(self.model))

    def generate(self, seconds: float, temperature: Any = 1.0, **options: Any) -> NDArray[np.float32]:
        """Generate sound.

        Parameters
        ----------
        seconds, temperature, **options
            See `stream`.

        Returns
        -------
        ndarray of float32, shape (sounds, samples)
            Within -1 to 1.

        Raises
        ------
        UserError
            See `stream`.
        """
        stream = self.stream(seconds, temperature, **options)
        pieces = []
        while not stream.finished:
            pieces.append(stream.more(60.0))
        return np.concatenate(pieces, axis=1)

    def stream(
        self,
        seconds: float,
        temperature: Temperature | Sequence[Temperature] = 1.0,
        *,
        rate: int | None = None,
        primer: ArrayLike = (),
        primer_rate: int | None = None,
        top_k: int = 0,
        top_p: float = 1.0,
        seed: int | None = 0,
    ) -> SoundStream:
        """Begin to generate sound, to be had piece by piece.

        Parameters
        ----------
        seconds : float
        temperature : float or str, or a sequence with one item for each sound
            0 chooses the likeliest sample, 1 as the model has learned, more strays further. A number, an envelope
            `Env([levels],[times],[curves])`, or, in a sequence, the points of a curve over the whole time.
        rate : int, optional
            Sample rate of the result in Hz; the model's if not given.
        primer : array_like, shape (n,), optional
            A sound within -1 to 1 that all sounds go on from. The result begins after it.
        primer_rate : int, optional
            As `rate`, for the primer.
        top_k : int
            Choose from so many of the likeliest values only; 0 for all.
        top_p : float
            Choose from the likeliest values that make up this probability together; 1 for all.
        seed : int or None
            The same number gives the same sound again; None, another one each time.

        Returns
        -------
        SoundStream

        Raises
        ------
        UserError
            There is nothing to generate, or a value is out of its range.
        """
        _check_request(seconds, top_k, top_p)
        own_rate = self.config.sample_rate
        rate, primer_rate = _check_rate(rate or own_rate), _check_rate(primer_rate or own_rate)
        samples = max(1, round(seconds * own_rate))
        curves = _temperature_curves(temperature, samples, seconds)
        known = resample(np.nan_to_num(np.asarray(primer, np.float32)), primer_rate, own_rate)
        started = self.start(samples, curves, primer=known, top_k=top_k, top_p=top_p, seed=seed)
        return SoundStream(started, rate, max(1, round(seconds * rate)))

    def start(
        self,
        samples: int,
        temperature: NDArray[np.float32],
        *,
        primer: ArrayLike = (),
        top_k: int = 0,
        top_p: float = 1.0,
        seed: int | None = 0,
    ) -> Generation:
        """Begin to generate at the model's own sample rate.

        Parameters
        ----------
        samples : int
            How many to generate.
        temperature : ndarray of float32, shape (sounds, samples)
        primer : array_like, shape (n,), optional
            A sound at the model's sample rate that all sounds go on from.
        top_k, top_p, seed
            See `stream`.

        Returns
        -------
        Generation
        """
        given = quantise.encode(primer, self.config.q_type, self.config.q_levels)
        sounds, known = len(temperature), len(given)
        block = self.config.big_frame_size
        length = -(-(known + samples) // block) * block
        codes = self._silence(sounds, length)
        codes[:, block : block + known] = given
        curves = np.ones((sounds, length), np.float32)
        curves[:, known : known + samples] = temperature
        seed = secrets.randbits(31) if seed is None else seed
        if self.engine != "float32":
            engine: KernelEngine | TorchEngine = KernelEngine(self, codes, known, curves, top_k, top_p, seed)
        else:
            engine = TorchEngine(self.model, codes, known, curves, top_k, top_p, seed)
        return Generation(self.config, engine, known, samples)

    def measure(self, codes: NDArray[np.int32] | None = None) -> float:
        """Measure what few bits lose.

        Parameters
        ----------
        codes : ndarray of int32, shape (sounds, n), optional
            Sample values to measure on, n a multiple of the block; if not given, what the loops generate themselves.

        Returns
        -------
        float
            Mean Kullback-Leibler divergence of the loops from the float32 model, in bits per sample.
        """
        block = self.config.big_frame_size
        length = codes.shape[1] if codes is not None else MEASURED_BLOCKS * block
        known = length if codes is not None else 0
        whole = self._silence(1 if codes is None else len(codes), length)
        if codes is not None:
            whole[:, block:] = codes
        ones = np.ones((len(whole), length), np.float32)
        loops = KernelEngine(self, whole, known, ones, 0, 1, 0, length)
        loops.compute(0, length)
        with torch.no_grad():
            exact, _ = self.model(torch.from_numpy(whole.astype(np.int64)).to(self.device))
        exact = torch.log_softmax(exact.cpu().double(), -1)
        rounded = torch.log_softmax(torch.from_numpy(loops.logits).double(), -1)
        return float((exact.exp() * (exact - rounded)).sum(-1).mean() / np.log(2))

    def loops(self) -> Packed:
        """Return the weights of the loops that play live, which compute on the processor alone.

        Returns
        -------
        tuple
            See `engine.voices.Voices`.
        """
        if not hasattr(self, "packed"):
            self.packed = pack(self.model, 8)
            self.measure()  # compiles them
        return self.packed

    def bend(self, bends: Iterable[Any]) -> Packed:
        """Bend the network in just these ways.

        Parameters
        ----------
        bends : iterable
            See `modelfiles.bending.Bending.put`.

        Returns
        -------
        tuple
            The weights of the loops, as `loops` gives them.

        Raises
        ------
        UserError
            See `modelfiles.bending.Bending.put`; or a graphics card computes.
        """
        if self.bending is None:
            raise UserError("state", "a network on a graphics card is not bent")
        self.bending.put(bends)
        if hasattr(self, "packed"):
            self.packed = pack(self.model, 4 if self.engine == "int4" else 8)
        return self.loops()

    def _pack(self) -> None:
        """Find the fewest bits that hold the model's distribution."""
        for bits in (4, 8) if self.large else (8,):
            self.packed = pack(self.model, bits)
            self.bits_lost = self.measure()
            if self.bits_lost < MOST_BITS_LOST:
                self.engine = f"int{bits}"
                return

    def _silence(self, sounds: int, length: int) -> NDArray[np.int32]:
        return np.full((sounds, self.config.big_frame_size + length), self.config.q_levels // 2, np.int32)


def _own_weights(model: SampleRNN) -> dict[str, NDArray]:
    """The weights of a network by name, in memory that can be written to."""
    for weights in model.parameters():
        weights.data = weights.data.clone()
    return {name: weights.detach().numpy() for name, weights in model.named_parameters()}


def _check_rate(rate: float) -> int:
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise UserError("input", f"{rate:g} Hz is no sample rate for sound", "such as 16000, 44100 or 48000")
    return int(rate)


def _check_request(seconds: float, top_k: int, top_p: float) -> None:
    if not 0 < seconds < float("inf"):
        raise UserError("input", f"{seconds:g} s cannot be generated", "it must be more than 0")
    if not (top_k >= 0 and 0 < top_p <= 1):
        raise UserError(
            "input", f"top_k {top_k} and top_p {top_p} do not fit", "top_k from 0, top_p above 0 to 1"
        )


def _temperature_curves(
    temperature: Temperature | Sequence[Temperature], samples: int, seconds: float
) -> NDArray[np.float32]:
    """The temperature of each sample of each sound, [sounds, samples]."""
    single = isinstance(temperature, (int, float, str))
    each: list[Any] = [temperature] if single else list(cast(Sequence[Any], temperature))
    if not each:
        raise UserError("input", "there is no temperature, so there is nothing to generate")
    return np.stack([envelope.temperatures(value, samples, seconds) for value in each])
