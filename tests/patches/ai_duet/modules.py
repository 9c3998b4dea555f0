"""A Pd object that tells which modules Pd's Python has imported."""

import sys

import pyext


class modules(pyext._class):
    _inlets = _outlets = 1

    def bang_1(self):
        self._outlet(1, sorted({name.partition(".")[0] for name in sys.modules}))
