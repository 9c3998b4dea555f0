"""SampleRNN, ready to generate; runs in the worker process, in a trainer and in notebooks.

    model = load("tabla")
    audio = model.generate(4.0, temperature=[0.9])      # [1, samples], float32

`start` gives a Generation instead, whose `more` hands out the sound while it is being computed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from modelfiles.errors import UserError
from modelfiles.finding import find
from modelfiles.places import checkpoint_folders

from .engine import envelope, kernel, quantise, store
from .engine.pack import pack, silent_state
from .engine.plain import TorchEngine

MOST_THREADS = 4
MOST_BITS_LOST = 0.01
MEASURED_BLOCKS = 16
LARGE = 2**22  # weights that every step reads: fewer fit every processor's cache


def load(
    name_or_path: str | Path = "tabla",
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
        A model's name, such as "tabla", or the path of `NAME.safetensors` (with `NAME.config.json` beside it), or
        a checkpoint of PRiSM SampleRNN: the training's folder, or the prefix of a checkpoint's files.
    engine : str
        "small"; there is no other.
    folders : iterable of path, optional
        Where names are looked for: the current folder, the day's `checkpoints` and the store if not given.
    q_type : {"linear", "mu-law"}, optional
        Quantisation, where the configuration of a PRiSM checkpoint does not tell it.
    sample_rate : int, optional
        In Hz, where the configuration of a PRiSM checkpoint does not tell it.
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
    told = {"q_type": q_type, "sample_rate": sample_rate}
    where = checkpoint_folders(__file__) if folders is None else folders
    path = find(str(name_or_path), where, suffixes=(".safetensors", ".index", ""))
    told = {key: value for key, value in told.items() if value is not None}
    return Generator(store.read(path, told, str(name_or_path)), threads, device)


def processors() -> int:
    """How many threads to compute with: the processors that this process may use, at most MOST_THREADS."""
    return min(MOST_THREADS, len(os.sched_getaffinity(0)))


class KernelEngine:
    """As TorchEngine, computed by the loops in `kernel`; `logits` [B, wanted, Q] keeps those of the first samples.

    Large weights are read once for all sequences, and the threads share the rows. Small ones fit every processor:
    there every sequence has a thread to itself, and none has to wait for another.
    """

    def __init__(self, generator, codes, known, temperature, top_k, top_p, seed, wanted=0):
        self.packed, self.pool = generator.packed, generator.pool
        self.codes, self.known = codes, known
        self.logits = np.zeros((len(codes), wanted, generator.config.q_levels), np.float32)
        self.random = np.random.SeedSequence(seed).generate_state(len(codes), np.uint64)
        self.temperature, self.top_k, self.top_p = temperature, top_k, float(top_p)
        size, self.threads = (len(codes), generator.threads) if generator.large else (1, 1)
        self.groups = [slice(first, first + size) for first in range(0, len(codes), size)]
        self.states = [[silent_state(tier, size) for tier in self.packed[:2]] for _ in self.groups]

    def compute(self, begin, end):
        """Compute the samples begin <= t < end of `codes`; both are multiples of the block."""

        def one(group, states, counters):
            drawing = kernel.Drawing(self.temperature[group], self.top_k, self.top_p, self.random[group])
            kernel.generate(
                *self.packed,
                *states,
                self.codes[group],
                begin,
                end,
                self.known,
                drawing,
                self.logits[group],
                counters.ctypes.data,
                self.threads,
            )

        jobs = []
        for group, states in zip(self.groups, self.states):
            counters = np.zeros(2 * kernel.COUNTERS_APART, np.uint8)
            jobs += [self.pool.submit(one, group, states, counters) for _ in range(self.threads)]
        for job in jobs:
            job.result()


class Generator:
    """A SampleRNN, ready to generate.

    On a graphics card the torch model computes, else the loops with weights of few bits. How few is measured: four in
    the tiers of a large model, which waits for its weights more than for arithmetic, as long as it loses less than
    MOST_BITS_LOST per sample against float32; else eight; should these lose more, the torch model does it here as well.
    `engine` tells which: "int4", "int8" or "float32"; `bits_lost` what was measured.
    """

    def __init__(self, model, threads=None, device=None):
        self.config = model.config
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self.model = model.to(self.device).eval()
        self.threads = threads or processors()
        self.pool = ThreadPoolExecutor(self.threads)
        self.large = sum(value.numel() for value in model.parameters()) > LARGE
        self.engine, self.bits_lost = "float32", 0.0
        if self.device == "cpu":
            self._pack()

    def _pack(self):
        """Find the fewest bits that hold the model's distribution."""
        for bits in (4, 8) if self.large else (8,):
            self.packed = pack(self.model, bits)
            self.bits_lost = self.measure()
            if self.bits_lost < MOST_BITS_LOST:
                self.engine = f"int{bits}"
                return

    def measure(self, codes=None):
        """Mean Kullback-Leibler divergence, in bits per sample, of the loops from the float32 model.

        codes [B, n] to measure on, n a multiple of the block; without them, on what the loops make up themselves.
        """
        block = self.config.big_frame_size
        length = codes.shape[1] if codes is not None else MEASURED_BLOCKS * block
        known = length if codes is not None else 0
        whole = self._silence(1 if codes is None else len(codes), length)
        if codes is not None:
            whole[:, block:] = codes
        take = KernelEngine(self, whole, known, np.ones((len(whole), length), np.float32), 0, 1, 0, length)
        take.compute(0, length)
        with torch.no_grad():
            exact, _ = self.model(torch.from_numpy(whole.astype(np.int64)).to(self.device))
        exact = torch.log_softmax(exact.cpu().double(), -1)
        rounded = torch.log_softmax(torch.from_numpy(take.logits).double(), -1)
        return float((exact.exp() * (exact - rounded)).sum(-1).mean() / np.log(2))

    def _silence(self, sequences, length):
        return np.full((sequences, self.config.big_frame_size + length), self.config.q_levels // 2, np.int32)

    def start(self, samples, temperature, *, primer=None, top_k=0, top_p=1.0, seed=0):
        """Begin a Generation of `samples` samples; one sequence per row of `temperature` [B, samples].

        primer: sound in [-1, 1] at the model's rate, [n], that all sequences go on from; the answer begins after it.
        The same `seed` gives the same take again.
        """
        primer = quantise.encode(
            primer if primer is not None else [], self.config.q_type, self.config.q_levels
        )
        sequences, known = len(temperature), len(primer)
        block = self.config.big_frame_size
        length = -(-(known + samples) // block) * block
        codes = self._silence(sequences, length)
        codes[:, block : block + known] = primer
        warmth = np.ones((sequences, length), np.float32)
        warmth[:, known : known + samples] = temperature
        if self.engine != "float32":
            engine = KernelEngine(self, codes, known, warmth, top_k, top_p, seed)
        else:
            engine = TorchEngine(self.model, codes, known, warmth, top_k, top_p, seed)
        return Generation(self.config, engine, known, samples)

    def generate(self, seconds, temperature=(1.0,), **options):
        """Sound [B, seconds*rate] float32 at once; a number, Env text or curve per sequence; options as in `start`."""
        samples = round(seconds * self.config.sample_rate)
        curves = np.stack([envelope.temperatures(what, samples, seconds) for what in temperature])
        take = self.start(samples, curves, **options)
        parts = [take.more(60.0)]
        while not take.finished:
            parts.append(take.more(60.0))
        return np.concatenate(parts, axis=1)


class Generation:
    """Sequences on their way. length: samples in all; done: how many have been handed out."""

    def __init__(self, config, engine, known, samples):
        self.config, self.engine, self.known, self.length = config, engine, known, samples
        self.done, self.computed, self.stride = 0, 0, config.big_frame_size

    @property
    def finished(self):
        return self.done >= self.length

    def more(self, seconds, check=lambda: None):
        """Compute for about `seconds` and hand out the new sound, [B, n] float32; none while it hears the primer.

        check: called several times a second; what it raises ends the computing, and the take can go on later.
        """
        block, deadline = self.config.big_frame_size, time.monotonic() + seconds
        total = self.engine.codes.shape[1] - block
        while self.computed < total:
            check()
            began = time.monotonic()
            end = min(self.computed + self.stride, total)
            self.engine.compute(self.computed, end)
            self.computed = end
            now = time.monotonic()
            self._choose_stride(now - began)
            if now >= deadline:
                break
        first, last = self.known + self.done, min(self.computed, self.known + self.length)
        if last <= first:
            return np.zeros((len(self.engine.codes), 0), np.float32)
        self.done = last - self.known
        codes = self.engine.codes[:, block + first : block + last]
        return quantise.decode(codes, self.config.q_type, self.config.q_levels)

    def _choose_stride(self, took):
        """Compute as many blocks at a time as take some 50 ms: few enough to stop soon, many enough to be quick."""
        if took < 0.025:
            self.stride *= 2
        elif took > 0.1 and self.stride > self.config.big_frame_size:
            self.stride //= 2
        self.stride = max(self.stride // self.config.big_frame_size, 1) * self.config.big_frame_size
