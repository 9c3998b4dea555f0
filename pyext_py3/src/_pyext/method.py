"""[pym]: calls a method, or an operator, of whatever Python object arrives."""

import operator

from _pyext.boxes import cut_attributes, is_number, take_numbers
from _pyext.console import NotFound
from _pyext.function import CallingController


def reflected(function):
    return lambda first, second: function(second, first)


TWO_SIDED = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow",
    "&": "and_", "|": "or_", "^": "xor", "<<": "lshift", ">>": "rshift",
}  # fmt: skip

OPERATORS = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
    "!": bool, "~": operator.invert,
    "[]": operator.getitem, "[]=": operator.setitem,
    "[:]": lambda value, begin, end: value[begin:end],
    "[:]=": lambda value, begin, end, new: operator.setitem(value, slice(begin, end), new),
    ".abs": abs, ".neg": operator.neg, ".pos": operator.pos, ".divmod": divmod,
    ".int": int, ".long": int, ".float": float, ".complex": complex, ".str": str, ".repr": repr, ".len": len,
    ".in": operator.contains, ".doc": lambda value: value.__doc__,
}  # fmt: skip

for sign, name in TWO_SIDED.items():
    function = getattr(operator, name)
    OPERATORS[sign] = function
    OPERATORS[sign + "="] = getattr(operator, "i" + name.rstrip("_"))
    OPERATORS["!" + sign] = reflected(function)


class MethodController(CallingController):
    """[pym N method arguments...]: inlet 1 takes the object and calls, inlets 2 to N store arguments."""

    USAGE = """\
[pym N method arguments...]  or an operator: + - * / // % ** & | ^ << >> == != < > <= >= ! ~ [] [:] .len .str ...
The second inlet takes the object and calls; those right of it store arguments. Send objects with @py 1."""

    def __init__(self, box, words):
        words, attributes = cut_attributes(words)
        numbers = take_numbers(words, 1)
        super().__init__(box, attributes, max(numbers[0], 1) if numbers else 1)
        if not words or is_number(words[0]):
            raise NotFound("the box needs the name of a method")
        self.method = str(words[0])
        self.values[1:] = (list(words[1:]) + self.values[1:])[: len(self.values) - 1]
        self.apply_attributes()

    @property
    def label(self):
        return f"pym {getattr(self, 'method', '')}".strip()

    def subject(self):
        return getattr(self.values[0], self.method, None)

    def message(self, inlet, selector, values):
        self.store(inlet, selector, values)
        if inlet == 1:
            self.control_bang(())

    def control_bang(self, values):
        target, *arguments = self.values
        if self.method in OPERATORS:
            self.call(self.method, OPERATORS[self.method], [target, *arguments])
            self.take(True)
            return
        method = getattr(target, self.method, None)
        if method is None:
            self.error(f"{type(target).__name__} has no method {self.method}")
        else:
            self.call(self.method, method, arguments)
        self.take(method is not None)

    def control_set(self, values):
        if values:
            self.method = str(values[0])

    def control_reload(self, values):
        self.values[1:] = (list(values) + [None] * len(self.values))[: len(self.values) - 1]

    def control_reload_keep(self, values):
        self.error("there is no module to reload")
