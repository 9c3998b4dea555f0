"""Generates with the loops of `kernel` in threads of its own; worker process."""

import numpy as np
from modelfiles.loops.products import COUNTERS_APART

from . import kernel
from .layout import Drawing
from .pack import initial_state


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
        self.states = [[initial_state(tier, size) for tier in self.packed[:2]] for _ in self.groups]

    def compute(self, begin, end):
        """Compute the samples begin <= t < end of `codes`; both are multiples of the block."""

        def one(group, states, counters):
            drawing = Drawing(self.temperature[group], self.top_k, self.top_p, self.random[group])
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
            counters = np.zeros(2 * COUNTERS_APART, np.uint8)
            jobs += [self.pool.submit(one, group, states, counters) for _ in range(self.threads)]
        for job in jobs:
            job.result()
