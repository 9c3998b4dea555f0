"""[py]: calls a function of a script, or any callable."""

import builtins

from _pyext.boxes import PLAIN, Controller, cut_attributes, guarded, is_number, take_numbers
from _pyext.console import NotFound
from _pyext.modules import import_script, registry, reload_all
from _pyext.symbol import references


def one_value(selector, values):
    """What an inlet stores: the value alone, several as a tuple, a selector of its own in front."""
    if str(selector) not in PLAIN:
        return (selector, *values)
    return values[0] if len(values) == 1 else tuple(values)


class CallingController(Controller):
    """What [py] and [pym] share: stored arguments, the call, and the result's way out."""

    def __init__(self, box, attributes, inlets):
        super().__init__(box, attributes)
        self.values = [None] * inlets
        box.make_ports(inlets, 1, 0, 0)

    def store(self, inlet, selector, values):
        """Keeps what came to an inlet. A bang at the first only calls."""
        if inlet == 1 and selector == "bang":
            return
        if references.is_reference(selector, values):
            self.values[inlet - 1] = references.resolve(values)
        else:
            self.values[inlet - 1] = one_value(selector, values)

    def call(self, name, function, arguments):
        """Calls now, or as `detach` says; the result leaves by outlet 1."""
        if self.box.detach:
            self.detached(Job(self, name, function), arguments)
        else:
            self.run(name, function, arguments)

    def run(self, name, function, arguments):
        worked, result = guarded(self.box, name, function, *arguments)
        if worked:
            self.box.send(1, *(references.message(result) if self.by_reference else (result,)))

    def take(self, done):
        if self.box.respond:
            self.answer(done)


class Job:
    """A detached call and what becomes of its result."""

    def __init__(self, controller, name, function):
        self._controller = controller
        self._name = name
        self._function = function

    def __call__(self, *arguments):
        self._controller.run(self._name, self._function, arguments)


class FunctionController(CallingController):
    """[py N module.function arguments...]"""

    USAGE = """\
[py N module.function]  or  [py N module function]  or  [py module]
Without N the right inlet takes all arguments at once; with N there is an inlet for each, and the first calls.
The left inlet takes control messages, and bang, which calls."""

    def __init__(self, box, words):
        words, attributes = cut_attributes(words)
        numbers = take_numbers(words, 1)
        self.by_inlet = bool(numbers)
        super().__init__(box, attributes, max(numbers[0], 0) if numbers else 1)
        self.subject_name = None
        self.module_name = ""
        if words:
            guarded(box, "import", self._name_function, words)
        self.apply_attributes()

    @property
    def label(self):
        name = ".".join(filter(None, (self.module_name, self.subject_name)))
        return f"py {name}".strip()

    def _name_function(self, words):
        if is_number(words[0]):
            raise NotFound(f"{words[0]:g} is not the name of a module")
        folder, slash, name = str(words[0]).rpartition("/")
        module_name, dot, function = name.rpartition(".")
        if not dot:
            module_name, function = (
                name,
                str(words[1]) if len(words) > 1 and isinstance(words[1], str) else None,
            )
        if module_name:
            self._use_module(folder + slash + module_name)
        self._use_function(function)

    def _use_module(self, name):
        self.module_name = name
        registry.remove(self)
        self.module = import_script(self.box, name)
        registry.add(self.module, self)

    def _use_function(self, name):
        self.subject_name = name
        if name and self.subject() is None:
            raise NotFound(f"there is no function {name} in {self.module_name or 'pyext or builtins'}")

    def subject(self):
        return self._find(self.subject_name) if self.subject_name else None

    def _find(self, name):
        if self.module is not None:
            return getattr(self.module, name, None)
        import pyext

        return None if self.module_name else getattr(pyext, name, getattr(builtins, name, None))

    def message(self, inlet, selector, values):
        if self.by_inlet:
            self.store(inlet, selector, values)
            if inlet == 1:
                self._call(self.values)
        else:
            self._call_with(selector, values)

    def _call_with(self, selector, values):
        if references.is_reference(selector, values):
            self._call([references.resolve(values)])
        elif self.subject_name is None:
            self._call_by_selector(str(selector), values)
        else:
            self._call(values if str(selector) in PLAIN else [selector, *values])

    def _call_by_selector(self, name, values):
        function = self._find(name)
        if function is None:
            self.error(f"no function {name}")
        else:
            self.call(name, function, values)
        self.take(function is not None)

    def _call(self, arguments):
        function = self.subject()
        if function is None:
            self.error("there is no function to call")
        else:
            self.call(self.subject_name, function, arguments)
        self.take(function is not None)

    def control_bang(self, values):
        self._call(self.values if self.by_inlet else [])

    def control_set(self, values):
        def choose():
            *module, function = [str(value) for value in values[:2]]
            if module:
                self._use_module(module[0])
            self._use_function(function)

        if values:
            guarded(self.box, "set", choose)

    def control_reload(self, values):
        if self.module is None:
            self.error("there is no module to reload")
            return
        reload_all(self.module, self)

    control_reload_keep = control_reload

    def take_new_instance(self):
        """Functions are looked up at each call: after a reload there is nothing to do."""

    def removed(self):
        super().removed()
        registry.remove(self)
