"""The scripts of pyext's help patches, as examples. Pd's thread, unless stated otherwise."""

import os
import random
import subprocess
import sys
import threading

import numpy
import pyext


class Arpeggio(pyext._class):
    """Plays the notes of a chord one after the other, on Pd's own clock."""

    _inlets = 1
    _outlets = 1

    def __init__(self, step_ms=150):
        self.step_ms = step_ms
        self.notes = []
        self.position = 0
        self.clock = pyext.Clock(self._next)

    def list_1(self, *notes):
        """Play a chord, given as MIDI pitches."""
        self.notes = notes
        self.clock.delay(0)

    def speed_1(self, ms):
        """Set the time from note to note."""
        self.step_ms = max(ms, 20)

    def bang_1(self):
        """Stop."""
        self.clock.unset()

    def _next(self):
        self.position = (self.position + 1) % len(self.notes)
        self._outlet(1, self.notes[self.position])
        self.clock.delay(self.step_ms)


class Painter(pyext._class):
    """Fills an array: at once on Pd's thread, or in a thread of the box with `@detach 1`."""

    _inlets = 1
    _outlets = 1

    def waves_1(self, name, *amplitudes):
        """Draw a wave, given by the amplitudes of its partials."""
        wave = pyext.Buffer(name)
        phase = numpy.linspace(0, 2 * numpy.pi, len(wave), endpoint=False)
        wave[:] = sum(amplitude * numpy.sin(phase * (n + 1)) for n, amplitude in enumerate(amplitudes))
        self._outlet(1, "painted", [len(wave)])

    def walk_1(self, name):
        """Draw a random walk of a million steps, shrunk to the length of the array."""
        walk = numpy.cumsum(numpy.random.standard_normal(1_000_000))
        array = pyext.Buffer(name)
        array[:] = walk[:: len(walk) // len(array)] / numpy.abs(walk).max()
        main = threading.current_thread() is threading.main_thread()
        self._outlet(1, "walked", ["on Pd's thread" if main else "in a thread"])


PLAY_BACKWARDS = """
import os, sys
from pdworker.serving.audio_stream import Stream

stream, pd = Stream(sys.argv[1]), os.getppid()
while os.getppid() == pd:
    audio = stream.read(8192)
    if audio is not None:
        stream.write(audio[:, ::-1])
"""


class Backwards(pyext._class):
    """Starts a worker process for a [pystream~]: it plays the sound backwards, piece by piece."""

    _inlets = 1
    process = None

    def _anything_1(self, path):
        """Start the worker for the memory at this path, in place of an earlier one."""
        self._del()
        folder = os.path.dirname(os.path.abspath(__file__))
        self.process = subprocess.Popen(
            [sys.executable, "-c", PLAY_BACKWARDS, str(path)], env={**os.environ, "PYTHONPATH": folder}
        )

    def _del(self):
        if self.process:
            self.process.kill()
            self.process.wait()


class Crush(pyext._class):
    """Rounds a signal to a few levels."""

    _inlets = 1
    levels = 8

    def float_1(self, levels):
        """Set the number of levels."""
        self.levels = max(levels, 1)

    def _signal(self):
        self._outvec(0)[:] = numpy.round(self._invec(0) * self.levels) / self.levels


def mtof(pitch, tuning=440):
    """Return the frequency in Hz of a MIDI pitch."""
    return tuning * 2 ** ((pitch - 69) / 12)


def scale(root, *steps):
    """Return the pitches of a scale, from its root and the steps between its notes."""
    return [root, *(root + sum(steps[: n + 1]) for n in range(len(steps)))]


def choose(*values):
    """Return one of the values."""
    return random.choice(values)
