"""The part of `_pyext` that C++ provides (module.cpp). Any thread unless stated otherwise."""

from collections.abc import Callable
from typing import Any, Protocol

from _pyext.base_class import _class
from _pyext.controller import Controller

class SupportsBuffer(Protocol):
    """A contiguous float32 numpy array, or what else has its memory layout."""

    def __len__(self) -> int: ...

class Box:
    """One object in a patch; stays a valid, inert object once the patch has lost it."""

    controller: Controller | None
    instance: object
    """The instance of the script's class, None for [py] and [pym]: messages at inlets go to it."""
    detach: int
    respond: bool
    @property
    def kind(self) -> str:
        """The name that the box was created by: "py", "pyext~" ..."""

    @property
    def alive(self) -> bool:
        """False once the object has been deleted."""

    @property
    def outlets(self) -> int:
        """The number of message outlets without the attribute outlet."""

    def make_ports(self, inlets: int, outlets: int, signal_inlets: int, signal_outlets: int) -> None:
        """Make inlets and outlets, once. Pd's thread."""

    def folder(self) -> str:
        """Return the folder of the patch or abstraction that holds the box."""

    def folders(self) -> list[str]:
        """Return that folder, and those of the patches around it, the outermost last. Pd's thread."""

    def patch_arguments(self) -> list[Any] | None:
        """Return what the box of the abstraction that holds the box says; None in a patch that was opened by itself."""

    def window(self) -> str:
        """Return the receive name of the window in which the box is. Pd's thread."""

    def find(self, name: bytes, extension: bytes) -> str:
        """Return the folder where Pd's search finds a file, "" if nowhere. Pd's thread."""

    def send(self, outlet: int, *values: object) -> None:
        """Send values out of a message outlet, counted from 1; 0 is the attribute outlet."""

    def to_canvas(self, *values: object) -> None:
        """Send a message to the patch that holds the box; the first value is the selector."""

    def error(self, text: str) -> None:
        """Print an error line that Pd's "Find last error" follows to the box."""

    def renew_signals(self) -> None:
        """Look up the instance's _signal again, after a reload. Pd's thread."""

    def enable(self, on: bool) -> None:
        """Switch signal processing on or off; on also calls a _signal again that has raised. Pd's thread."""

class Timer:
    """A Pd clock."""

    def delay(self, ms: float, callback: Callable[[], object]) -> None:
        """Call `callback` on Pd's thread after `ms` of logical time; replaces an earlier delay."""

    def unset(self) -> None:
        """Cancel the delay."""

class Receiver:
    """A function bound to a receive name. Pd's thread."""

    def __init__(self, name: bytes, function: Callable[..., object], box: Box) -> None: ...
    def close(self) -> None:
        """Unbind the function; it is not called any more."""

class ArrayView:
    """The memory of a Pd array, for numpy (buffer protocol)."""

    def __buffer__(self, flags: int, /) -> memoryview: ...

def add_fast_methods(type: type[_class]) -> None:
    """Replace _outlet, _invec and _outvec of the base class by functions in C++, with the same docstrings."""

def add_buffer_protocol(type: type) -> None:
    """Let memoryview and others read objects of this class through their method `_view`."""

def array_view(name: bytes) -> ArrayView | None:
    """Return a view of the array of this name, None if there is none. Pd's thread."""

def array_length(name: bytes) -> int:
    """Return the number of samples, -1 if there is no such array."""

def array_read(name: bytes, begin: int, step: int, samples: SupportsBuffer) -> int:
    """Copy from the array, from `begin` on in steps, and return how many samples there were to copy."""

def array_write(name: bytes, begin: int, step: int, samples: SupportsBuffer) -> int:
    """Copy into the array, from `begin` on in steps, and return how many samples had room."""

def array_resize(name: bytes, length: int) -> bool:
    """Resize the array; False if there is no such array."""

def array_redraw(name: bytes) -> None:
    """Ask Pd to draw the array."""

def on_pd_thread() -> bool:
    """Whether Pd has called into Python on this thread, other than for audio."""

def call_later(function: Callable[..., object], *arguments: object) -> None:
    """Call a function on Pd's thread from the queue; an exception is reported."""

def call_and_wait(function: Callable[[], object], seconds: float) -> bool:
    """Call a function on Pd's thread and wait; False on timeout, and then the call is never made."""

def print_line(text: str) -> None:
    """Print one console line."""

def print_error(text: str) -> None:
    """Print one error line."""

def logical_time() -> float:
    """Return Pd's logical time in milliseconds. Pd's thread."""

def sample_rate() -> float:
    """Return Pd's sample rate in Hz."""

def block_size() -> int:
    """Return Pd's global block size in samples."""

def has_multichannel() -> bool:
    """Whether Pd has multichannel signals."""

def search_paths() -> list[str]:
    """Return the folders of Pd's search path. Pd's thread."""

def help_paths() -> list[str]:
    """Return the folders of Pd's help path. Pd's thread."""

def get_value(name: bytes) -> float | None:
    """Return the number of a [value], None if there is none of this name. Pd's thread."""

def set_value(name: bytes, number: float) -> bool:
    """Set a [value]; False if there is none of this name. Pd's thread."""

def send(name: bytes, *values: object) -> None:
    """Send values to a receive name."""
