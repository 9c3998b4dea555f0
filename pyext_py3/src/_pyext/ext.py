"""[pyext] and its kin: one box, one instance of a script's class."""

import re

import _pyext
from _pyext.boxes import Controller, cut_attributes, guarded, is_number, spell_out, take_numbers
from _pyext.console import NotFound
from _pyext.instance import _class
from _pyext.modules import import_script, registry, reload_all
from _pyext.symbol import name_bytes, references


def is_script_class(value):
    return isinstance(value, type) and issubclass(value, _class)


def count_of(box, holder, name):
    """A number of inlets or outlets: an int, or a function that returns one; 0 when absent."""
    worked, value = guarded(box, name, lambda: getattr(holder, name, 0))
    if worked and callable(value) and not isinstance(holder, type):
        worked, value = guarded(box, name, value)
    return max(int(value), 0) if worked and is_number(value) else 0


class InstanceController(Controller):
    """Finds the class, keeps the instance, reloads both."""

    USAGE = """\
[pyext IN OUT script.Class arguments...]  or  [pyext IN OUT script Class arguments...]
[pyext. IN OUT package.script Class arguments...]
[pyext~ IN OUT SIGNAL_IN SIGNAL_OUT script.Class arguments...]
Left inlet: control messages. The others call the methods of the Python object, <selector>_<inlet>."""

    def __init__(self, box, words):
        words, attributes = cut_attributes(words)
        super().__init__(box, attributes)
        self.subject_name = None
        self.instance = None
        self.bindings = []
        numbers = self._take_counts(words)
        self.counts = tuple(numbers[:2])
        self.signal_counts = tuple(numbers[2:]) or (0, 0)
        self.module, self.subject_name, self.arguments = self._find_class(words)

    def _take_counts(self, words):
        most = 4 if self.box.kind.endswith("~") else 2
        pairs = len(take_numbers(list(words), most)) // 2
        return [max(number, 0) for number in take_numbers(words, 2 * pairs)]

    @property
    def label(self):
        return (
            f"{self.box.kind} {self.module.__name__}.{self.subject_name}"
            if self.subject_name
            else self.box.kind
        )

    def subject(self):
        return getattr(self.module, self.subject_name, None)

    # Finding the class

    def _find_class(self, words):
        if not words or not isinstance(words[0], str):
            raise NotFound("the box needs the name of a script and of its class")
        find = self._find_dotted if "." in self.box.kind else self._find_plain
        return find(str(words[0]), words[1:])

    def _find_plain(self, word, rest):
        folder, slash, name = word.rpartition("/")
        if "." in name:
            name, _, subject_name = name.rpartition(".")
        elif rest and isinstance(rest[0], str):
            subject_name, *rest = rest
        else:
            raise NotFound(f"the box names the script {word}, but no class in it")
        module = import_script(self.box, folder + slash + name)
        self._class_in(module, str(subject_name))
        return module, str(subject_name), rest

    def _find_dotted(self, word, rest):
        module = import_script(self.box, word)
        second = str(rest[0]) if rest and isinstance(rest[0], str) else None
        if second is not None and is_script_class(getattr(module, second, None)):
            return module, second, rest[1:]
        last = re.split(r"[./]", word)[-1]
        if not is_script_class(getattr(module, last, None)):
            self._class_in(module, second or last)
        return module, last, rest

    def _class_in(self, module, name):
        found = getattr(module, name, None)
        if found is None:
            raise NotFound(f"{getattr(module, '__file__', module.__name__)} has no class {name}")
        if not is_script_class(found):
            raise NotFound(f"{name} in {module.__file__} is not derived from pyext._class")
        return found

    # The instance

    def create(self):
        """Makes the instance and the box's ports. False when the box cannot live."""
        made = self._new_instance()
        holder = made if made is not None else self.subject()
        counts = self.counts or [count_of(self.box, holder, name) for name in ("_inlets", "_outlets")]
        self.box.make_ports(*counts, *self.signal_counts)
        self._adopt(made)
        self.apply_attributes()
        if hasattr(made, "_init") and not guarded(self.box, "_init", made._init)[0]:
            return False
        registry.add(self.module, self)
        return True

    def _new_instance(self):
        """A new instance after its __init__, or None when that raised."""
        cls = self._class_in(self.module, self.subject_name)
        worked, instance = guarded(self.box, "__new__", cls.__new__, cls, *self.arguments)
        if not worked:
            return None
        instance._this = self.box
        if self.counts:
            instance._inlets, instance._outlets = self.counts
        if not guarded(self.box, "__init__", instance.__init__, *self.arguments)[0]:
            self._orphan(instance)
            return None
        return instance

    def _adopt(self, instance):
        self.instance = self.box.instance = instance

    @staticmethod
    def _orphan(instance):
        vars(instance).pop("_this", None)

    def message(self, inlet, selector, values):
        """C++ comes here only while there is no instance."""
        self.error("its __init__ failed: mend the script, then send the message reload. to the left inlet")

    def removed(self):
        super().removed()
        registry.remove(self)
        instance, self.instance = self.instance, None
        if instance is not None:
            self._delete(instance)
            self._orphan(instance)
        self._close(self.bindings)

    def _delete(self, instance):
        if hasattr(instance, "_del"):
            guarded(self.box, "_del", instance._del)

    # Reloading

    def control_reload(self, values):
        self.arguments = values
        reload_all(self.module, self)

    def control_reload_keep(self, values):
        reload_all(self.module, self)

    def get_args(self):
        return self.arguments

    def set_args(self, values):
        self.control_reload(values)

    def take_new_instance(self):
        """After the module has been reloaded: a new instance takes the old one's place, unless it fails."""
        old, old_bindings = self.instance, self.bindings
        if old is not None:
            self._delete(old)
        self.bindings = []
        made = guarded(self.box, "reload", self._new_instance)[1]
        if made is None:
            self._close(self.bindings)
            self.bindings = old_bindings
            return
        self._close(old_bindings)
        self._adopt(made)
        self.box.renew_signals()
        if old is not None:
            self._orphan(old)
        self._compare_counts(made)

    def _compare_counts(self, made):
        if not self.counts and count_of(self.box, made, "_outlets") != self.box.outlets:
            self.error(
                "the reloaded class asks for other outlets: delete and make the box again to have them"
            )

    # Receive names

    def bind(self, name, function):
        self.bindings.append((str(name), function, _pyext.Receiver(name_bytes(name), function, self.box)))

    def unbind(self, name, function):
        for binding in self.bindings:
            if binding[:2] == (name, function):
                self.bindings.remove(binding)
                binding[2].close()
                return

    @staticmethod
    def _close(bindings):
        for _, _, receiver in bindings:
            receiver.close()

    # Attributes and control messages of its own

    def get_dir_more(self):
        return dir(self.instance if self.instance is not None else self.subject())

    def control_get(self, values):
        for name in values[:1]:
            found = guarded(self.box, f"get {name}", getattr, self.instance, str(name))
            if found[0]:
                self.tell("get", str(name), *self._words(found[1]))

    def _words(self, value):
        if self.by_reference:
            selector, numbers = references.message(value)
            return [selector, *numbers]
        return spell_out(value)

    def control_set(self, values):
        if len(values) < 2 or not isinstance(values[0], str):
            self.error("set takes the name of an attribute and its value")
        elif values[0].startswith("_"):
            self.error(f"set: {values[0]} begins with _ and is not to be set from outside")
        elif hasattr(self.instance, values[0]):
            name, *rest = values
            guarded(
                self.box,
                f"set {name}",
                setattr,
                self.instance,
                str(name),
                rest[0] if len(rest) == 1 else tuple(rest),
            )

    def understood(self, inlet):
        names = dir(self.subject())
        ending = re.compile(rf"(.+)_({inlet})?$")
        return [match[1] for match in map(ending.match, names) if match and not match[1].startswith("__")]

    # Signals

    def block(self, length):
        """The array for one block of a signal inlet or outlet."""
        import numpy

        return numpy.zeros(length, numpy.float32)

    def start_dsp(self):
        """At every DSP start: the function to call for each block, or None."""
        if self.instance is None:
            return None
        if hasattr(self.instance, "_dsp"):
            worked, wanted = guarded(self.box, "_dsp", self.instance._dsp)
            if not (worked and wanted):
                return None
        return getattr(self.instance, "_signal", None)


class SignalController(InstanceController):
    """[pyext~]: also understands `enable`."""

    def __init__(self, box, words):
        super().__init__(box, words)
        self.enabled = True

    def get_enable(self):
        return [int(self.enabled)]

    def set_enable(self, values):
        self.enabled = bool(values[0])
        self.box.enable(self.enabled)
