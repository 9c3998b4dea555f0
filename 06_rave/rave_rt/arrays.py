"""Signals of several channels in Pd arrays: NAME for a single one, NAME-1 NAME-2 ... for more."""

import numpy as np
import pyext
from pdworker.host.arguments import Refused
from pdworker.host.arrays import Copier


class Arrays:
    """Reads and writes sets of arrays. What a patch has no arrays for is remembered from the last write.

    A patch may show eight latents of a model that has sixteen: the others come back as they were.
    """

    def __init__(self):
        self._copier = Copier()
        self._written = {}

    def of(self, name, channels):
        """The names of the arrays that are there. Refused when there is none."""
        names = [name] if channels == 1 else [f"{name}-{channel}" for channel in range(1, channels + 1)]
        there = [one for one in names if len(pyext.Buffer(one))]
        if not there:
            raise Refused(f"there is no array {names[0]}" + (f" to {names[-1]}" if channels > 1 else ""))
        return there

    def read(self, name, channels, done):
        """Call done([float32 array, ...]), one for each channel."""
        there = self.of(name, channels)
        signals = []

        def take(samples):
            signals.append(samples)
            if len(signals) < len(there):
                self._copier.read(there[len(signals)], take)
            else:
                done(signals + self._rest(name, len(signals), channels))

        self._copier.read(there[0], take)

    def write(self, name, there, signals, done):
        """Put signals into the arrays `there`, resized to fit, and remember the others; then call done()."""
        self._written[name] = [np.array(signal, np.float32) for signal in signals]
        for array, signal in zip(there[:-1], signals):
            self._copier.write(array, signal)
        self._copier.write(there[-1], signals[len(there) - 1], done)

    def _rest(self, name, known, channels):
        return self._written.get(name, [])[known:channels]
