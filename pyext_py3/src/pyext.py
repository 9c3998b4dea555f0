"""The module `pyext`: what scripts of [pyext] and [py] import. Runs inside Pd.

Embedded into the external; Pd's Python finds it without any file. Functions may be called on any thread.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import _pyext
from _pyext import console
from _pyext.base_class import _class
from _pyext.buffer import Buffer, has_numpy
from _pyext.bundle import Bundle
from _pyext.clock import Clock
from _pyext.scheduling import call_and_wait, call_soon, logical_time
from _pyext.symbol import Symbol, name_bytes

__all__ = ["Buffer", "Bundle", "Clock", "Symbol", "_class", "call_and_wait", "call_soon", "logical_time"]

_s_ = Symbol("")
_s_bang = Symbol("bang")
_s_list = Symbol("list")
_s_symbol = Symbol("symbol")
_s_float = Symbol("float")
_s_int = Symbol("int")


def _send(name: str, *values: object) -> None:
    """Send a message to a receive name; without a receiver nothing happens.

    Parameters
    ----------
    name : str or Symbol
        The receive name.
    *values : object
        As for `_class._outlet`; none are a bang.

    Raises
    ------
    ValueError
        If `name` is no text.
    """
    _pyext.send(name_bytes(name), *values)


def _priority(change: int) -> None:
    """Change the scheduling priority of the current thread, where the system allows it.

    Parameters
    ----------
    change : int
        By how much to raise it; below 0 to lower it.

    Raises
    ------
    PermissionError
        If the system does not let this user raise the priority.
    ValueError
        If `change` is not a whole number.
    """
    thread = threading.get_native_id()
    os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) - int(change))


def _arraysupport() -> bool:
    """Return whether numpy is installed, which slices of a `Buffer` need.

    Returns
    -------
    bool
        True if it is.
    """
    return has_numpy()


def _samplerate() -> float:
    """Return Pd's sample rate.

    Returns
    -------
    float
        The rate in Hz.
    """
    return _pyext.sample_rate()


def _blocksize() -> int:
    """Return Pd's global block size, whatever a [block~] in a patch says.

    Returns
    -------
    int
        The size in samples.
    """
    return _pyext.block_size()


def _multichannel() -> bool:
    """Return whether Pd has multichannel signals, as 0.54 and later do.

    Returns
    -------
    bool
        True if it has.
    """
    return _pyext.has_multichannel()


def _searchpaths() -> list[str]:
    """Return the folders that Pd searches for patches and externals.

    Returns
    -------
    list of str
        Folders, in the order of the search.
    """
    return call_and_wait(_pyext.search_paths)


def _helppaths() -> list[str]:
    """Return the folders that Pd searches for help patches.

    Returns
    -------
    list of str
        Folders, in the order of the search.
    """
    return call_and_wait(_pyext.help_paths)


def _getvalue(name: str) -> float | None:
    """Return the number of a [value].

    Parameters
    ----------
    name : str or Symbol
        The name of the value.

    Returns
    -------
    float or None
        The number; None, after an error line, if there is no [value] of that name.
    """
    value = call_and_wait(_pyext.get_value, name_bytes(name))
    if value is None:
        console.error(None, f"_getvalue: there is no value {name}")
    return value


def _setvalue(name: str, number: float) -> None:
    """Set the number of a [value]; an error line if there is no [value] of that name.

    Parameters
    ----------
    name : str or Symbol
        The name of the value.
    number : float
        Its new number.
    """
    if not call_and_wait(_pyext.set_value, name_bytes(name), float(number)):
        console.error(None, f"_setvalue: there is no value {name}")


def _list(*values: Any) -> list[Any]:
    """Return the arguments as a list, for use with [py].

    Parameters
    ----------
    *values : object
        The arguments.

    Returns
    -------
    list
        The same values.
    """
    return list(values)


def _tuple(*values: Any) -> tuple[Any, ...]:
    """Return the arguments as a tuple, for use with [py].

    Parameters
    ----------
    *values : object
        The arguments.

    Returns
    -------
    tuple
        The same values.
    """
    return values


# Scripts for the original find these on their instances, too.
for _function in (_send, _priority, _arraysupport, _samplerate, _blocksize, _multichannel, _searchpaths, _helppaths,
                  _getvalue, _setvalue, _list, _tuple):  # fmt: skip
    setattr(_class, _function.__name__, staticmethod(_function))
for _type in (Symbol, Buffer, Bundle):
    setattr(_class, _type.__name__, _type)
