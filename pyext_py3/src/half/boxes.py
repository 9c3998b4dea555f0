"""What the controllers of all objects share: attributes, the control inlet, detached calls."""

import _pyext
from _pyext.console import error, report
from _pyext.symbol import references
from _pyext.threads import Calls


def is_number(word):
    return isinstance(word, (int, float))


def cut_attributes(words):
    """Splits box words at each `@name`: (words before, {name: its words})."""
    plain, attributes, current = [], {}, None
    for word in words:
        if not is_number(word) and word.startswith("@") and len(word) > 1:
            current = attributes.setdefault(str(word[1:]), [])
            del current[:]
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


class Controller:
    """The rules of one box. C++ calls `control`, `message`, `detached`, `answer`, `resolve` and `removed`."""

    def __init__(self, box, attributes):
        self.box = box
        self.calls = Calls(box)
        self.attributes = attributes
        self.by_reference = False
        box.controller = self

    @property
    def label(self):
        return self.box.kind

    def error(self, text):
        error(self.box, f"{self.label}: {text}")

    def apply_attributes(self):
        for name, values in self.attributes.items():
            self.set_attribute(name, values)

    def set_attribute(self, name, values):
        setter = getattr(self, f"set_{name}", None)
        if setter is None:
            self.error(f"there is no attribute {name}")
        elif name != "args" and (len(values) != 1 or not is_number(values[0])):
            self.error(f"attribute {name} takes one number")
        else:
            setter(values)

    def set_detach(self, values):
        self.box.detach = int(values[0])

    def set_respond(self, values):
        self.box.respond = bool(values[0])

    def set_py(self, values):
        self.by_reference = bool(values[0])

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


def guarded(box, act, function, *arguments):
    """Calls a script's function; an exception is reported. Returns (whether it worked, its result)."""
    try:
        return True, function(*arguments)
    except BaseException as exception:
        report(box, act, exception)
        return False, None


__all__ = ["Controller", "_pyext", "cut_attributes", "guarded", "take_numbers"]
