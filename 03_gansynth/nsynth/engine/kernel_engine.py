"""Decodes with the loops of `kernel` in threads of its own; worker process."""

import time

import numpy as np
from modelfiles.loops.products import COUNTERS_APART

from . import kernel
from .config import BEFORE, LEVELS
from .layout import Drawing

LARGE = 2**22  # weights that every sample reads: fewer fit every processor's cache
TOGETHER = 2  # sounds that share the reading of small weights
RETRY = 20  # after so many goes the slower number of threads is tried again


class KernelEngine:
    """Sounds that the loops decode. `codes` [sounds, BEFORE + n] int32 grows; `logits` keeps those of the first ones.

    Large weights are read once for all sounds, and the threads share the rows; where other programs keep the processors
    busy, one thread is quicker than several that wait for each other, so that is tried. Small weights fit every
    processor: there every few sounds have a thread to themselves, and none has to wait for another.

    Parameters
    ----------
    packed : Packed
    encodings : numpy.ndarray of float32, [sounds, hops, latent]
    temperature : numpy.ndarray of float32, [sounds, samples]
    seeds : numpy.ndarray of uint64, [sounds]
    threads : int
    pool : ThreadPoolExecutor
        Of as many threads.
    given : numpy.ndarray of int32, [sounds, m], optional
        The codes of the first samples, whose logits are kept.
    """

    def __init__(self, packed, encodings, temperature, seeds, threads, pool, given=None):
        self._packed, self._encodings, self._pool = packed, encodings, pool
        sounds, samples = temperature.shape
        self.known = 0 if given is None else given.shape[1]
        self.codes = np.zeros((sounds, BEFORE + samples), np.int32)
        if given is not None:
            self.codes[:, BEFORE : BEFORE + self.known] = given
        self.logits = np.zeros((sounds, self.known, LEVELS), np.float32)
        self._temperature, self._random = temperature, seeds
        large = packed.bytes > LARGE
        size = sounds if large else min(TOGETHER, -(-sounds // threads))
        self._speeds = dict.fromkeys(
            (threads, 1) if large else (1,), float("inf")
        )  # samples a second, by threads
        self._goes = 0
        self._groups = [slice(first, first + size) for first in range(0, sounds, size)]
        self._states = [packed.state(len(self.codes[group])) for group in self._groups]

    def compute(self, begin, end):
        """Compute the samples begin <= t < end."""
        hop = self._packed.config.hop
        while begin < end:
            last = min(end, (begin // hop + 1) * hop)
            self._compute_hop(begin, last, self._encodings[:, begin // hop])
            begin = last

    def _threads(self):
        """The number of threads that was quickest, or one that is to be tried."""
        self._goes += 1
        return (min if self._goes % RETRY == 0 else max)(self._speeds, key=self._speeds.get)

    def _compute_hop(self, begin, end, encodings):
        jobs, threads, began = [], self._threads(), time.monotonic()
        for group, state in zip(self._groups, self._states):
            arguments = (
                self._packed.decoder,
                state,
                self._packed.conditions(encodings[group]),
                self.codes[group],
                begin,
                end,
                self.known,
                Drawing(self._temperature[group], self._random[group]),
                self.logits[group],
            )
            counters = np.zeros(2 * COUNTERS_APART, np.uint8)
            address = counters.ctypes.data
            jobs += [
                (self._pool.submit(kernel.generate, *arguments, address, threads), counters)
                for _ in range(threads)
            ]
        for job, _ in jobs:
            job.result()
        self._speeds[threads] = (end - begin) / max(time.monotonic() - began, 1e-9)
