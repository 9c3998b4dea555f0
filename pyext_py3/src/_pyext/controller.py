"""Controller: the rules that all boxes share (attributes, control inlet, detached calls). Pd's thread."""

from __future__ import annotations

import inspect
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, TypeVar, Union

import _pyext
from _pyext.console import error, post, report
from _pyext.detached_calls import DetachedCalls
from _pyext.references import references
from _pyext.symbol import Symbol

# A word of a box or an atom of a message: whole numbers are int, words are Symbol.
Word = Union[int, float, Symbol, None]
Result = TypeVar("Result")

# Selectors that only name the type of the values; all others are part of the message.
TYPE_SELECTORS = {"float", "int", "symbol", "list", "pointer"}


def is_number(word: object) -> bool:
    """Return whether a word is a number."""
    return isinstance(word, (int, float))


def split_attributes(words: Sequence[Any]) -> tuple[list[Any], dict[str, list[Any]]]:
    """Split box words at each `@name` into (words before, {name: its words})."""
    plain: list[Any] = []
    attributes: dict[str, list[Any]] = {}
    current = plain
    for word in words:
        if not is_number(word) and word.startswith("@"):
            current = attributes[str(word[1:])] = []
        else:
            current.append(word)
    return plain, attributes


def pop_numbers(words: list[Any], limit: int) -> list[int]:
    """Remove up to `limit` leading numbers from the words and return them as ints."""
    numbers: list[int] = []
    while words and is_number(words[0]) and len(numbers) < limit:
        numbers.append(int(words.pop(0)))
    return numbers


def call_reported(
    box: _pyext.Box, action: str, function: Callable[..., Result], *arguments: Any
) -> tuple[bool, Result | None]:
    """Call a script's function and report an exception. Return (whether it succeeded, its result)."""
    try:
        return True, function(*arguments)
    except BaseException as exception:
        report(box, action, exception)
        return False, None


def to_atoms(value: object) -> list[object]:
    """Return a value as atoms of a message; what is neither number nor text by its str()."""
    items = value if isinstance(value, (list, tuple)) else [value]
    return [item if is_number(item) or isinstance(item, str) else str(item) for item in items]


class Controller:
    """The rules of one box. C++ calls the methods that begin with `on_`, and `send_response`.

    A kind of box adds its own control messages as methods `control_NAME(values)`, with `_more` for a `+` and
    `_keep` for a `.` at the end of the name, and its own attributes as `get_NAME()` and `set_NAME(values)`.
    """

    USAGE = ""

    def __init__(self, box: _pyext.Box, attributes: dict[str, list[Any]]) -> None:
        self.box = box
        self.calls = DetachedCalls(box)
        self.module: ModuleType | None = None
        self.by_reference = False
        self._attributes = attributes
        box.controller = self

    @property
    def label(self) -> str:
        """The name of the box in error lines."""
        return self.box.kind

    def subject(self) -> Any:
        """Return the class or function that `doc+` describes, None when there is none."""
        return None

    def error(self, text: str) -> None:
        """Print an error line of the box."""
        error(self.box, f"{self.label}: {text}")

    def output_attribute(self, selector: str, *values: object) -> None:
        """Send a message out of the attribute outlet."""
        self.box.send(0, str(selector), list(values))

    def send_response(self, found: bool) -> None:
        """Send, for the attribute `respond`, whether a message had a method."""
        self.output_attribute("response", int(found))

    def on_reference(self, *parts: Word) -> object:
        """Return the object that a message of four integers stands for."""
        return references.resolve(parts)

    def on_detached_call(self, function: Callable[..., object], arguments: Sequence[object]) -> None:
        """Make a call as the attribute `detach` says."""
        self.calls.start(self.box.detach, function, arguments)

    def on_message(self, inlet: int, selector: Symbol, values: list[Any]) -> None:
        """Handle a message at an inlet."""
        raise NotImplementedError

    def on_deleted(self) -> None:
        """Clean up, before the box is deleted."""
        self.calls.cancel()

    # Attributes

    def apply_attributes(self) -> None:
        """Set the attributes that the box's words name."""
        for name, values in self._attributes.items():
            self._set_attribute(name, values)

    def _set_attribute(self, name: str, values: list[Any]) -> None:
        method = getattr(self, f"set_{name}", None)
        if method is None:
            known = hasattr(self, "get_" + name.replace("+", "_more"))
            self.error(f"attribute {name} can only be read" if known else f"there is no attribute {name}")
        elif name != "args" and (len(values) != 1 or not is_number(values[0])):
            self.error(f"attribute {name} takes one number")
        else:
            method(values)

    def get_detach(self) -> list[object]:
        """Return the mode of detached calls."""
        return [self.box.detach]

    def set_detach(self, values: list[Any]) -> None:
        """Set the mode of detached calls."""
        self.box.detach = int(values[0])

    def get_respond(self) -> list[object]:
        """Return whether each message is answered by `response`."""
        return [int(self.box.respond)]

    def set_respond(self, values: list[Any]) -> None:
        """Set whether each message is answered by `response`."""
        self.box.respond = bool(values[0])

    def get_py(self) -> list[object]:
        """Return whether results are sent as references."""
        return [int(self.by_reference)]

    def set_py(self, values: list[Any]) -> None:
        """Set whether results are sent as references."""
        self.by_reference = bool(values[0])

    def _names(self, prefix: str) -> list[str]:
        names = [name[len(prefix) :] for name in dir(self) if name.startswith(prefix)]
        return [name.replace("_more", "+").replace("_keep", ".") for name in names]

    # The control inlet

    def on_control_message(self, selector: Symbol, values: list[Any]) -> None:
        """Handle a message at the control inlet."""
        name = str(selector)
        method_name = name.replace("+", "_more").replace(".", "_keep")
        if name in self._names("control_"):
            getattr(self, f"control_{method_name}")(values)
        elif name in self._names("set_"):
            self._set_attribute(name, values)
        elif name.startswith("get") and name[3:] in self._names("get_"):
            self.output_attribute(name[3:], *getattr(self, method_name.replace("get", "get_", 1))())
        else:
            self.error(f'no control message "{name}"')

    def control_help(self, values: list[Any]) -> None:
        """Print the usage."""
        post(f"{self.label}\n{self.USAGE}\ncontrol messages: {' '.join(self._names('control_'))}")

    def control_doc(self, values: list[Any]) -> None:
        """Print the documentation of the script."""
        post(self._description_of(self.module))

    def control_doc_more(self, values: list[Any]) -> None:
        """Print the documentation of the class or function."""
        post(self._description_of(self.subject()))

    def _description_of(self, thing: Any) -> str:
        if thing is None:
            return f"{self.label}: there is nothing to explain"
        own = vars(thing).get("__doc__") if isinstance(thing, type) else getattr(thing, "__doc__", None)
        if own:
            return inspect.cleandoc(str(own))
        title = f"{getattr(thing, '__name__', thing)} has no documentation. What it has:"
        return "\n".join([title, *outline(thing)])

    def control_dir(self, values: list[Any]) -> None:
        """Send the names in the script."""
        self.output_attribute("dir", *(dir(self.module) if self.module else ()))

    def control_dir_more(self, values: list[Any]) -> None:
        """Send the names of the instance or function."""
        self.output_attribute("dir+", *self.get_dir_more())

    def get_dir_more(self) -> list[str]:
        """Return the names of the instance or function."""
        return dir(self.subject())

    def control_stop(self, values: list[Any]) -> None:
        """Ask running detached calls to end."""
        self.calls.stop(*values[:1])

    def control_getattributes(self, values: list[Any]) -> None:
        """Send the names of the attributes."""
        self.output_attribute("attributes", *self._names("get_"))

    def control_getmethods(self, values: list[Any]) -> None:
        """Send the selectors that an inlet has methods for."""
        inlet = int(values[0]) if values and is_number(values[0]) else 0
        names = self.selectors_of(inlet) if inlet else self._names("control_")
        self.output_attribute("methods", *names)

    def selectors_of(self, inlet: int) -> list[str]:
        """Return the selectors that an inlet has methods for."""
        return ["_anything"]

    def control_edit(self, values: list[Any]) -> None:
        """Open the script in an editor."""
        file = getattr(self.module, "__file__", None)
        if file is None:
            self.error("there is no script to edit")
            return
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
        command = shlex.split(editor) if editor else [sys.executable, "-m", "idlelib"]
        try:
            subprocess.Popen([*command, file], start_new_session=True)
        except OSError as exception:
            self.error(f"edit: {exception}")


def outline(thing: Any) -> list[str]:
    """Return the public names of a module, class or function, with their arguments."""
    lines = []
    members = {"": thing} if inspect.isroutine(thing) else vars(thing)
    for name, value in members.items():
        if name.startswith("__") or not (callable(value) or isinstance(value, type)):
            continue
        try:
            lines.append(f"  {name or thing.__name__}{inspect.signature(value)}")
        except (TypeError, ValueError):
            lines.append(f"  {name}")
    return lines
