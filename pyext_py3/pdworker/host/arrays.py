"""Long sounds into and out of Pd arrays, piece by piece, so that Pd's sound never waits for them.

Everything here runs on Pd's thread.
"""

import numpy as np
import pyext

from pdworker.host.arguments import Refused

PIECE = 65536  # samples at once


class Copier:
    """Copies one sound after the other. Its methods raise Refused where there is no such array."""

    def __init__(self):
        self._waiting = []

    def read(self, array, done):
        """Call done(float32 [samples]) with the contents of an array."""
        buffer = existing(array)
        samples = np.zeros(len(buffer), np.float32)

        def copy(start, end):
            piece = buffer[start:end]
            if piece is not None:
                samples[start : start + len(piece)] = piece

        self._copy(copy, len(samples), lambda: done(samples))

    def write(self, array, samples, done=None, start=None):
        """Put a sound into an array from `start` on, then call done(). Without a start the array takes its length."""
        buffer = existing(array)
        if start is None and len(buffer) != len(samples):
            buffer.resize(len(samples))
        start = start or 0

        def copy(begin, end):
            end = min(end, len(buffer) - start)
            if begin < end:
                buffer[start + begin : start + end] = samples[begin:end]

        def finish():
            buffer.dirty()
            if done is not None:
                done()

        self._copy(copy, len(samples), finish)

    def _copy(self, copy, size, done):
        self._waiting.append((copy, size, 0, done))
        if len(self._waiting) == 1:
            pyext.call_soon(self._go_on)

    def _go_on(self):
        copy, size, start, done = self._waiting[0]
        copy(start, min(start + PIECE, size))
        if start + PIECE < size:
            self._waiting[0] = (copy, size, start + PIECE, done)
            pyext.call_soon(self._go_on)
            return
        try:
            done()
        finally:
            self._waiting.pop(0)
            if self._waiting:
                pyext.call_soon(self._go_on)


def draw(array, curve):
    """Put a small curve into an array of just that length, where there is one."""
    buffer = pyext.Buffer(array)
    if len(buffer) == len(curve):
        buffer[:] = curve
        buffer.dirty()


def existing(array):
    """The buffer of an array that is there; else Refused."""
    buffer = pyext.Buffer(array)
    if not len(buffer):
        raise Refused(f"there is no array {array}")
    return buffer
