"""NSynth, ready to encode and to decode; runs in the worker process, in a trainer and in notebooks.

    model = load("starter_notes")
    codes = [model.encode(sound, rate) for sound in (flute, violin)]      # [hops, 16] each
    between = model.decode([interpolate(codes, [0.5, 0.5])])              # [1, samples], float32

Reads what magenta's trainer writes, without TensorFlow. `stream` gives the sound piece by piece instead, while it is
being computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from modelfiles.loops.pace import processors
from modelfiles.resample import resample
from numpy.typing import ArrayLike, NDArray

from .engine import mulaw, network
from .engine.generation import Engine, SoundStream
from .engine.kernel_engine import LARGE, KernelEngine
from .engine.network import Autoencoder
from .engine.pack import Packed
from .engine.torch_engine import TorchEngine
from .limits import check_rate, check_temperature, checked, checked_encodings

MOST_BITS_LOST = 0.01
MEASURED = 128  # samples on which that is measured, at most


def load(path: str | Path) -> NSynth:
    """Load a checkpoint by its path; `nsynth.load` finds it by its name.

    Parameters
    ----------
    path : str or Path
        A folder with a checkpoint, or the prefix of a checkpoint's files.

    Returns
    -------
    NSynth

    Raises
    ------
    UserError
        There is no checkpoint, it is damaged, or not of NSynth.
    """
    return NSynth(network.load(Path(path)))


class NSynth:
    """A WaveNet autoencoder.

    It decodes with weights of few bits. How few is measured: four in a large model, which waits for its weights more
    than for arithmetic, as long as it loses less than MOST_BITS_LOST per sample against float32; else eight; should
    these lose more, the torch model decodes.

    Parameters
    ----------
    model : Autoencoder
    threads : int, optional
        Processor threads to decode with; as many as are useful if not given.

    Attributes
    ----------
    config : nsynth.engine.config.Config
        Its `sample_rate` is that of the model in Hz, `hop` its samples for each vector of `latent` numbers.
    engine : str
        What decodes: "int4", "int8" or "float32".
    bits_lost : float
        Bits per sample that few bits lose against float32, as measured.
    megabytes : float
        What the decoder's weights take in memory.
    """

    def __init__(self, model: Autoencoder, threads: int | None = None) -> None:
        self.config, self._model = model.config, model.eval()
        self._threads = threads or processors()
        self._pool = ThreadPoolExecutor(self._threads)
        self.engine, self.bits_lost = "float32", 0.0
        large = sum(value.numel() for value in model.parameters()) > LARGE
        for bits in (4, 8) if large else (8,):
            self._packed = Packed(model, bits)
            self.bits_lost = self.measure()
            if self.bits_lost < MOST_BITS_LOST:
                self.engine = f"int{bits}"
                break
        self.megabytes = self._packed.bytes / 1e6

    def encode(self, sound: ArrayLike, rate: float | None = None) -> NDArray[np.float32]:
        """Encode a sound.

        Parameters
        ----------
        sound : array_like, shape (samples,)
            Within -1 to 1. Filled up with silence to a whole hop.
        rate : float, optional
            Its sample rate in Hz; the model's if not given.

        Returns
        -------
        ndarray of float32, shape (hops, latent)

        Raises
        ------
        UserError
            There is no sound, it is too long, or its rate is none.
        """
        own = self.config.sample_rate
        audio = checked(sound, own if rate is None else rate)
        audio = resample(audio, own if rate is None else rate, own)
        audio = np.pad(audio, (0, -len(audio) % self.config.hop))
        codes = torch.from_numpy(mulaw.encode(audio).astype(np.float32) / mulaw.HALF)
        with torch.inference_mode():
            found: NDArray[np.float32] = self._model.encode(codes[None])[0].T.contiguous().numpy()
        return found

    def logits(self, sound: ArrayLike, encoding: ArrayLike) -> NDArray[np.float32]:
        """Predict each sample of a sound from those before it.

        Parameters
        ----------
        sound : array_like, shape (samples,)
            At the model's sample rate; whole hops.
        encoding : array_like, shape (hops, latent)

        Returns
        -------
        ndarray of float32, shape (samples, 256)
            Logits of each sample's mu-law code + 128.
        """
        codes = torch.from_numpy(mulaw.encode(sound).astype(np.float32) / mulaw.HALF)
        steps = torch.from_numpy(np.array(encoding, np.float32).T[None].copy())
        with torch.inference_mode():
            found: NDArray[np.float32] = self._model.decode(codes[None], steps)[0].T.contiguous().numpy()
        return found

    def decode(
        self,
        encodings: Sequence[ArrayLike],
        temperature: float = 1.0,
        *,
        rate: int | None = None,
        seed: int = 0,
    ) -> NDArray[np.float32]:
        """Decode encodings of one length, all at once.

        Parameters
        ----------
        encodings, temperature, rate, seed
            See `stream`.

        Returns
        -------
        ndarray of float32, shape (sounds, samples)
            From -1 to 1.

        Raises
        ------
        UserError
            As `stream` does.
        """
        return self.stream(encodings, temperature, rate=rate, seed=seed).rest()

    def stream(
        self,
        encodings: Sequence[ArrayLike],
        temperature: float = 1.0,
        *,
        rate: int | None = None,
        seed: int = 0,
    ) -> SoundStream:
        """Begin to decode encodings of one length, to be had piece by piece.

        Parameters
        ----------
        encodings : sequence of array_like, shape (hops, latent)
        temperature : float
            0 chooses the likeliest sample, 1 as the model has learned, more strays further.
        rate : int, optional
            Sample rate of the result in Hz; the model's if not given.
        seed : int
            The same number gives the same sound again; each sound of several has the draws of its own place.

        Returns
        -------
        SoundStream

        Raises
        ------
        UserError
            There is nothing to decode, it is too much, or a value is out of its range.
        """
        own = self.config.sample_rate
        steps = checked_encodings(encodings, self.config.latent, own / self.config.hop)
        check_temperature(temperature)
        check_rate(rate or own)
        curve = np.full((len(steps), steps.shape[1] * self.config.hop), temperature, np.float32)
        return SoundStream(self._engine(steps, curve, seed), own, rate or own)

    def measure(self) -> float:
        """Measure what few bits lose, on noise with a random encoding.

        Returns
        -------
        float
            Mean Kullback-Leibler divergence of the loops from the float32 model, in bits per sample.
        """
        random, hop = np.random.default_rng(0), self.config.hop
        given = np.rint(random.normal(0, 20, (1, hop))).clip(-128, 127).astype(np.int32)
        encoding = random.standard_normal((1, 1, self.config.latent), np.float32)
        exact, rounded = (
            torch.log_softmax(torch.from_numpy(logits).double(), -1)
            for logits in (
                self.logits(mulaw.decode(given[0]), encoding[0])[:MEASURED],
                self.logits_of_loops(given[:, :MEASURED], encoding)[0],
            )
        )
        return float((exact.exp() * (exact - rounded)).sum(-1).mean() / np.log(2))

    def logits_of_loops(
        self, codes: NDArray[np.int32], encodings: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Predict each sample from those before it, as the loops with weights of few bits do.

        Parameters
        ----------
        codes : ndarray of int32, shape (sounds, samples)
            Mu-law codes, -128 to 127.
        encodings : ndarray of float32, shape (sounds, hops, latent)

        Returns
        -------
        ndarray of float32, shape (sounds, samples, 256)
        """
        ones, seeds = np.ones(codes.shape, np.float32), np.zeros(len(codes), np.uint64)
        loops = KernelEngine(self._packed, encodings, ones, seeds, self._threads, self._pool, codes)
        loops.compute(0, codes.shape[1])
        return loops.logits

    def _engine(self, steps: NDArray[np.float32], curve: NDArray[np.float32], seed: int) -> Engine:
        if self.engine == "float32":
            return TorchEngine(self._model, steps, curve, seed)
        seeds = np.random.SeedSequence(seed).generate_state(len(steps), np.uint64)
        return KernelEngine(self._packed, steps, curve, seeds, self._threads, self._pool)
