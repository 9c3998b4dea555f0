"""What scripts import as `pyext`: the base class, Pd's arrays, clocks and sends."""

import os
import sys
import threading

import _pyext
from _pyext import arrays, console, modules
from _pyext.arrays import Buffer
from _pyext.ext import InstanceController, SignalController
from _pyext.function import FunctionController
from _pyext.instance import Bundle, _class
from _pyext.method import MethodController
from _pyext.symbol import Symbol, name_bytes
from _pyext.threads import Clock, call_and_wait, call_soon, logical_time

__all__ = ["Buffer", "Bundle", "Clock", "Symbol", "_class", "call_and_wait", "call_soon", "logical_time"]

_s_ = Symbol("")
_s_bang = Symbol("bang")
_s_list = Symbol("list")
_s_symbol = Symbol("symbol")
_s_float = Symbol("float")
_s_int = Symbol("int")


def _send(name, *values):
    """Sends to a receive name; no values are a bang. Any thread."""
    _pyext.send(name_bytes(name), *values)


def _priority(change):
    """Raises (or lowers, below 0) the scheduling priority of the current thread, where the system allows it."""
    thread = threading.get_native_id()
    os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) - int(change))


def _arraysupport():
    """Whether numpy is there."""
    return arrays.numpy is not None


def _samplerate():
    """Pd's sample rate in Hz."""
    return _pyext.sample_rate()


def _blocksize():
    """Pd's block size in samples, whatever a [block~] in a patch says."""
    return _pyext.block_size()


def _searchpaths():
    """The folders that Pd searches for patches and externals."""
    return call_and_wait(_pyext.search_paths)


def _helppaths():
    """The folders that Pd searches for help patches."""
    return call_and_wait(_pyext.help_paths)


def _getvalue(name):
    """The number of a [value]; None, with a console line, when there is none of that name."""
    value = call_and_wait(_pyext.get_value, name_bytes(name))
    if value is None:
        console.error(None, f"_getvalue: there is no value {name}")
    return value


def _setvalue(name, number):
    """Sets a [value]; a console line when there is none of that name."""
    if not call_and_wait(_pyext.set_value, name_bytes(name), float(number)):
        console.error(None, f"_setvalue: there is no value {name}")


def _list(*values):
    """Its arguments as a list."""
    return list(values)


def _tuple(*values):
    """Its arguments as a tuple."""
    return values


# Old scripts find all this on their instances, too.
for _member in (_send, _priority, _arraysupport, _samplerate, _blocksize, _searchpaths, _helppaths, _getvalue,
                _setvalue, _list, _tuple):  # fmt: skip
    setattr(_class, _member.__name__, staticmethod(_member))
for _type in (Symbol, Buffer, Bundle):
    setattr(_class, _type.__name__, _type)

_report = console.report

# Pd's thread asks for Python's lock; after so many seconds a busy script thread must give it up.
_SWITCH_INTERVAL = 0.0001


def _create(box, words):
    """Makes the controller of a new box. False, after a console line, when there can be none."""
    try:
        if box.kind == "py":
            FunctionController(box, words)
            return True
        if box.kind == "pym":
            MethodController(box, words)
            return True
        return (SignalController if box.kind.endswith("~") else InstanceController)(box, words).create()
    except BaseException as exception:
        console.report(box, "creation", exception)
    return False


def _start(library_folder):
    sys.setswitchinterval(_SWITCH_INTERVAL)
    console.take_streams()
    modules.add_path(os.path.realpath(library_folder))
