"""What C++ calls first: starting the Python part, and making the controller of a new box. Pd's thread."""

from __future__ import annotations

import os
import sys
from typing import Any

import _pyext
from _pyext import console, scripts
from _pyext.box_py import FunctionController
from _pyext.box_pyext import InstanceController, SignalController
from _pyext.box_pym import MethodController

# Seconds after which a thread that runs Python code must let another have the interpreter lock: Pd's thread waits
# for it.
SWITCH_INTERVAL_S = 0.0001


def start(library_folder: str) -> None:
    """Set up the interpreter for Pd."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    console.redirect_streams()
    scripts.add_path(os.path.realpath(library_folder))


def create(box: _pyext.Box, words: list[Any]) -> bool:
    """Make the controller of a new box. Return False, after an error line, when the box cannot be created."""
    try:
        if box.kind == "py":
            FunctionController(box, words)
            return True
        if box.kind == "pym":
            MethodController(box, words)
            return True
        kind = SignalController if box.kind.endswith("~") else InstanceController
        return kind(box, words).create()
    except BaseException as exception:
        console.report(box, "creation", exception)
    return False
