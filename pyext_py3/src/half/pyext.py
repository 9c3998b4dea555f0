"""What scripts import as `pyext`: the base class, Pd's arrays, clocks and sends."""

import os
import sys

import _pyext
from _pyext import console, modules
from _pyext.arrays import Buffer
from _pyext.ext import InstanceController
from _pyext.instance import Bundle, _class
from _pyext.symbol import Symbol, name_bytes
from _pyext.threads import Clock, call_and_wait, call_soon, logical_time

__all__ = ["Buffer", "Bundle", "Clock", "Symbol", "_class", "call_and_wait", "call_soon", "logical_time"]

# Pd's thread asks for Python's lock this many seconds before a script's busy thread must give it up.
SWITCH_INTERVAL = 0.0005

_report = console.report


def _send(name, *values):
    """Sends to a receive name; no values are a bang. Any thread."""
    _pyext.send(name_bytes(name), *values)


def _create(box, words):
    """Makes the controller of a new box. False, after a console line, when there can be none."""
    try:
        return InstanceController(box, words).create()
    except modules.NotFound as exception:
        console.error(box, f"{box.kind}: {exception}")
    except BaseException as exception:
        console.report(box, "import", exception)
    return False


def _start(library_folder):
    sys.setswitchinterval(SWITCH_INTERVAL)
    console.take_streams()
    modules.add_path(os.path.realpath(library_folder))
