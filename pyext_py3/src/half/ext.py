"""[pyext] and its kin: one box, one instance of a script's class."""

import _pyext
from _pyext.boxes import Controller, cut_attributes, guarded, take_numbers
from _pyext.console import report
from _pyext.instance import _class
from _pyext.modules import NotFound, import_script, registry, reload_script


def is_script_class(value):
    return isinstance(value, type) and issubclass(value, _class)


def count_of(box, holder, name):
    """A number of inlets or outlets: an int, or a function that returns one; 0 when absent."""
    worked, value = guarded(box, name, lambda: getattr(holder, name, 0))
    if worked and callable(value):
        worked, value = guarded(box, name, value)
    return max(int(value), 0) if worked and isinstance(value, int) else 0


class InstanceController(Controller):
    """Finds the class, keeps the instance, reloads both."""

    def __init__(self, box, words):
        words, attributes = cut_attributes(words)
        super().__init__(box, attributes)
        self.bindings = []
        self.instance = None
        numbers = take_numbers(words, self._leading_numbers(words))
        self.counts = tuple(numbers[:2]) or None
        self.signal_counts = tuple(numbers[2:]) or (0, 0)
        self.module, self.class_name, self.arguments = self._find_class(words)

    def _leading_numbers(self, words):
        leading = len(take_numbers(list(words), 4 if self.box.kind.endswith("~") else 2))
        return leading // 2 * 2

    @property
    def label(self):
        name = getattr(self, "class_name", None)
        return f"{self.box.kind} {self.module.__name__}.{name}" if name else self.box.kind

    def _find_class(self, words):
        if not words or not isinstance(words[0], str):
            raise NotFound("the box needs the name of a script and of its class")
        if "." in self.box.kind:
            return self._find_dotted(words)
        word, rest = words[0], words[1:]
        folder, slash, name = word.rpartition("/")
        if "." in name:
            name, _, class_name = name.rpartition(".")
        elif rest and isinstance(rest[0], str):
            class_name, *rest = rest
        else:
            raise NotFound(f"the box names the script {word}, but no class in it")
        module = import_script(self.box, folder + slash + name)
        self._class_in(module, class_name)
        return module, str(class_name), rest

    def _find_dotted(self, words):
        word, rest = words[0], words[1:]
        module = import_script(self.box, word)
        second = str(rest[0]) if rest and isinstance(rest[0], str) else None
        if second is not None and is_script_class(getattr(module, second, None)):
            return module, second, rest[1:]
        last = word.rpartition("/")[2].rpartition(".")[2]
        if is_script_class(getattr(module, last, None)):
            return module, last, rest
        self._class_in(module, second or last)

    def _class_in(self, module, name):
        found = getattr(module, name, None)
        if found is None:
            raise NotFound(f"{module.__file__} has no class {name}")
        if not is_script_class(found):
            raise NotFound(f"{name} in {module.__file__} is not derived from pyext._class")
        return found

    def create(self):
        """Makes the instance and the box's ports. False when the box cannot live."""
        made = self._new_instance()
        inlets, outlets = self.counts or [
            count_of(self.box, made or self._class_in(self.module, self.class_name), name)
            for name in ("_inlets", "_outlets")
        ]
        self.box.make_ports(max(inlets, 0), max(outlets, 0), *self.signal_counts)
        self.apply_attributes()
        self._adopt(made)
        registry.add(self.module, self)
        if hasattr(made, "_init") and not guarded(self.box, "_init", made._init)[0]:
            self.removed()
            return False
        return True

    def _new_instance(self):
        """A new instance after its __init__, or None when that raised."""
        cls = self._class_in(self.module, self.class_name)
        worked, instance = guarded(self.box, "__new__", cls.__new__, cls, *self.arguments)
        if not worked:
            return None
        instance._this = self.box
        if self.counts:
            instance._inlets, instance._outlets = self.counts
        worked, _ = guarded(self.box, "__init__", instance.__init__, *self.arguments)
        if not worked:
            self._orphan(instance)
            return None
        return instance

    def _adopt(self, instance):
        self.instance = self.box.instance = instance

    def message(self, inlet, selector, values):
        """C++ comes here only while there is no instance."""
        self.error("its __init__ failed: mend the script, then send it the message reload")

    def control(self, selector, values):
        if selector == "reload":
            self.arguments = values
            reload_all(self.module, self)
        elif selector == "reload.":
            reload_all(self.module, self)
        else:
            self.error(f'no control message "{selector}"')

    def take_new_instance(self):
        """After the module has been reloaded: replaces the instance, unless the new one fails."""
        old, bindings = self.instance, self.bindings
        self.bindings = []
        if old is not None and hasattr(old, "_del"):
            guarded(self.box, "_del", old._del)
        try:
            made = self._new_instance()
        except NotFound as exception:
            self.error(exception)
            made = None
        if made is None:
            self.bindings += bindings
            return
        self._close(bindings)
        self._adopt(made)
        if old is not None:
            self._orphan(old)

    def _orphan(self, instance):
        vars(instance).pop("_this", None)

    def bind(self, name, function):
        receiver = _pyext.Receiver(name.encode("utf-8", "surrogateescape"), function, self.box)
        self.bindings.append((str(name), function, receiver))

    def unbind(self, name, function):
        for binding in self.bindings:
            if binding[:2] == (name, function):
                self.bindings.remove(binding)
                binding[2].close()
                return

    def _close(self, bindings):
        for _, _, receiver in bindings:
            receiver.close()

    def removed(self):
        super().removed()
        registry.remove(self)
        instance, self.instance = self.instance, None
        self.box.instance = None
        if instance is None:
            return
        if hasattr(instance, "_del"):
            guarded(self.box, "_del", instance._del)
        self._close(self.bindings)
        self._orphan(instance)


def reload_all(module, asking):
    """Reloads a module and gives every box that uses it a new instance."""
    try:
        reload_script(module)
    except BaseException as exception:
        report(asking.box, "reload", exception)
        return
    for controller in registry.users(module):
        controller.take_new_instance()
