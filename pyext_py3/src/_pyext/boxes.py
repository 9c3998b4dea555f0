"""What the controllers of all objects share: attributes, the control inlet, detached calls."""

import inspect
import os
import shlex
import subprocess
import sys

from _pyext.console import error, post, report
from _pyext.symbol import references
from _pyext.threads import Calls

# Messages whose selector is part of the values and not a word of its own.
PLAIN = {"float", "int", "symbol", "list", "pointer"}


def is_number(word):
    return isinstance(word, (int, float))


def cut_attributes(words):
    """Splits box words at each `@name`: (words before, {name: its words})."""
    plain, attributes, current = [], {}, None
    for word in words:
        if not is_number(word) and word.startswith("@"):
            current = attributes[str(word[1:])] = []
        elif current is None:
            plain.append(word)
        else:
            current.append(word)
    return plain, attributes


def take_numbers(words, most):
    """Takes up to `most` leading numbers off the words, as ints."""
    numbers = []
    while words and is_number(words[0]) and len(numbers) < most:
        numbers.append(int(words.pop(0)))
    return numbers


def guarded(box, act, function, *arguments):
    """Calls a script's function; an exception is reported. Returns (whether it worked, its result)."""
    try:
        return True, function(*arguments)
    except BaseException as exception:
        report(box, act, exception)
        return False, None


def spell_out(value):
    """A value as the words of a message."""
    if isinstance(value, (list, tuple)):
        return [word if is_number(word) or isinstance(word, str) else str(word) for word in value]
    return [value if is_number(value) or isinstance(value, str) else str(value)]


class Controller:
    """The rules of one box. C++ calls `control`, `message`, `detached`, `answer`, `resolve` and `removed`.

    A kind of box adds its own control messages as methods `control_NAME(values)`, with `_more` for a `+` and
    `_keep` for a `.` at the end of the name, and its own attributes as `get_NAME()` and `set_NAME(values)`.
    """

    USAGE = ""

    def __init__(self, box, attributes):
        self.box = box
        self.calls = Calls(box)
        self.module = None
        self.by_reference = False
        self._attributes = attributes
        box.controller = self

    @property
    def label(self):
        """The box as error lines name it."""
        return self.box.kind

    def subject(self):
        """The class or function that `doc+` explains; None when there is none."""
        return None

    def error(self, text):
        error(self.box, f"{self.label}: {text}")

    def tell(self, selector, *values):
        """Sends a message out of the attribute outlet."""
        self.box.send(0, str(selector), list(values))

    def answer(self, found):
        self.tell("response", int(found))

    def resolve(self, *parts):
        return references.resolve(parts)

    def detached(self, function, arguments):
        self.calls.start(self.box.detach, function, arguments)

    def removed(self):
        self.calls.abandon()

    # Attributes

    def apply_attributes(self):
        """Sets what the box's own words ask for."""
        for name, values in self._attributes.items():
            self._set_attribute(name, values)

    def _set_attribute(self, name, values):
        method = getattr(self, f"set_{name}", None)
        if method is None:
            known = hasattr(self, "get_" + name.replace("+", "_more"))
            self.error(f"attribute {name} can only be read" if known else f"there is no attribute {name}")
        elif name != "args" and (len(values) != 1 or not is_number(values[0])):
            self.error(f"attribute {name} takes one number")
        else:
            method(values)

    def get_detach(self):
        return [self.box.detach]

    def set_detach(self, values):
        self.box.detach = int(values[0])

    def get_respond(self):
        return [int(self.box.respond)]

    def set_respond(self, values):
        self.box.respond = bool(values[0])

    def get_py(self):
        return [int(self.by_reference)]

    def set_py(self, values):
        self.by_reference = bool(values[0])

    def _names(self, prefix):
        names = [name[len(prefix) :] for name in dir(self) if name.startswith(prefix)]
        return [name.replace("_more", "+").replace("_keep", ".") for name in names]

    # The control inlet

    def control(self, selector, values):
        """A message at the control inlet."""
        name = str(selector)
        method_name = name.replace("+", "_more").replace(".", "_keep")
        if name in self._names("control_"):
            getattr(self, f"control_{method_name}")(values)
        elif name in self._names("set_"):
            self._set_attribute(name, values)
        elif name.startswith("get") and name[3:] in self._names("get_"):
            self.tell(name[3:], *getattr(self, method_name.replace("get", "get_", 1))())
        else:
            self.error(f'no control message "{name}"')

    def control_help(self, values):
        post(f"{self.label}\n{self.USAGE}\ncontrol messages: {' '.join(self._names('control_'))}")

    def control_doc(self, values):
        post(self._description_of(self.module))

    def control_doc_more(self, values):
        post(self._description_of(self.subject()))

    def _description_of(self, thing):
        if thing is None:
            return f"{self.label}: there is nothing to explain"
        own = vars(thing).get("__doc__") if isinstance(thing, type) else getattr(thing, "__doc__", None)
        if own:
            return inspect.cleandoc(str(own))
        return "\n".join(
            [f"{getattr(thing, '__name__', thing)} has no documentation. What it has:", *outline(thing)]
        )

    def control_dir(self, values):
        self.tell("dir", *(dir(self.module) if self.module else ()))

    def control_dir_more(self, values):
        self.tell("dir+", *self.get_dir_more())

    def get_dir_more(self):
        return dir(self.subject())

    def control_stop(self, values):
        self.calls.stop(*values[:1])

    def control_getattributes(self, values):
        self.tell("attributes", *self._names("get_"))

    def control_getmethods(self, values):
        inlet = int(values[0]) if values and is_number(values[0]) else 0
        self.tell("methods", *(self.understood(inlet) if inlet else self._names("control_")))

    def understood(self, inlet):
        """The selectors that inlet `inlet` has methods for."""
        return ["_anything"]

    def control_edit(self, values):
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


def outline(thing):
    """The public names of a module, class or function that has no documentation, with their arguments."""
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
