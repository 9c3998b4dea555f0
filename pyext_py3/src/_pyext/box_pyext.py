"""[pyext], [pyext~] and their other names: one box holds one instance of a script's class. Pd's thread."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import _pyext
from _pyext.base_class import _class
from _pyext.console import NotFound
from _pyext.controller import (
    Controller,
    call_reported,
    pop_numbers,
    split_attributes,
    to_atoms,
)
from _pyext.references import references
from _pyext.scripts import import_script, registry, reload_all
from _pyext.symbol import Symbol

MOST = 1_000_000_000  # ports that one can ask for; make_ports refuses far fewer


def is_script_class(value: object) -> bool:
    """Return whether a value is a class that a box can hold."""
    return isinstance(value, type) and issubclass(value, _class)


def port_count(box: _pyext.Box, holder: object, name: str) -> int:
    """Return `_inlets` or `_outlets` of an instance or class: an int, or what a method returns; 0 when absent."""
    succeeded, value = call_reported(box, name, lambda: getattr(holder, name, 0))
    if succeeded and callable(value) and not isinstance(holder, type):
        succeeded, value = call_reported(box, name, value)
    return max(int(min(MOST, value)), 0) if succeeded and isinstance(value, (int, float)) else 0


class Binding(NamedTuple):
    """A function that `_bind` has bound to a receive name."""

    name: bytes
    function: Callable[..., object]
    receiver: _pyext.Receiver


class InstanceController(Controller):
    """The rules of [pyext]: finds the class, keeps the instance, reloads both."""

    USAGE = """\
[pyext IN OUT script.Class arguments...]  or  [pyext IN OUT script Class arguments...]
[pyext. IN OUT package.script Class arguments...]
[pyext~ IN OUT SIGNAL_IN SIGNAL_OUT script.Class arguments...]
Left inlet: control messages. The others call the methods of the Python object, <selector>_<inlet>."""

    module: ModuleType

    def __init__(self, box: _pyext.Box, words: list[Any]) -> None:
        words, attributes = split_attributes(words)
        super().__init__(box, attributes)
        self.subject_name: str = ""
        self.instance: _class | None = None
        self.bindings: list[Binding] = []
        numbers = self._pop_counts(words)
        self.counts = tuple(numbers[:2])
        self.signal_counts = tuple(numbers[2:]) or (0, 0)
        self.module, self.subject_name, self.arguments = self._find_class(words)

    def _pop_counts(self, words: list[Any]) -> list[int]:
        limit = 4 if self.box.kind.endswith("~") else 2
        pairs = len(pop_numbers(list(words), limit)) // 2
        return [max(min(MOST, number), 0) for number in pop_numbers(words, 2 * pairs)]

    @property
    def label(self) -> str:
        """The box, its script and its class."""
        if not self.subject_name:
            return self.box.kind
        return f"{self.box.kind} {self.module.__name__}.{self.subject_name}"

    def subject(self) -> Any:
        """Return the class, None when a reload has removed it."""
        return getattr(self.module, self.subject_name, None)

    # Finding the class

    def _find_class(self, words: list[Any]) -> tuple[ModuleType, str, list[Any]]:
        if not words or not isinstance(words[0], str):
            raise NotFound("the box needs the name of a script and of its class")
        find = self._find_dotted if "." in self.box.kind else self._find_plain
        return find(str(words[0]), words[1:])

    def _find_plain(self, word: str, rest: list[Any]) -> tuple[ModuleType, str, list[Any]]:
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

    def _find_dotted(self, word: str, rest: list[Any]) -> tuple[ModuleType, str, list[Any]]:
        module = import_script(self.box, word)
        second = str(rest[0]) if rest and isinstance(rest[0], str) else None
        if second is not None and is_script_class(getattr(module, second, None)):
            return module, second, rest[1:]
        last = re.split(r"[./]", word)[-1]
        if not is_script_class(getattr(module, last, None)):
            self._class_in(module, second or last)
        return module, last, rest

    def _class_in(self, module: ModuleType, name: str) -> Any:
        found = getattr(module, name, None)
        if found is None:
            raise NotFound(f"{getattr(module, '__file__', module.__name__)} has no class {name}")
        if not is_script_class(found):
            raise NotFound(f"{name} in {module.__file__} is not derived from pyext._class")
        return found

    # The instance

    def create(self) -> bool:
        """Make the instance and the box's ports. Return False when the box cannot be created."""
        made = self._new_instance()
        holder = made if made is not None else self.subject()
        counts = self.counts or [port_count(self.box, holder, name) for name in ("_inlets", "_outlets")]
        self.box.make_ports(*counts, *self.signal_counts)
        self._set_instance(made)
        self.apply_attributes()
        if (
            made is not None
            and hasattr(made, "_init")
            and not call_reported(self.box, "_init", made._init)[0]
        ):
            return False
        registry.add(self.module, self)
        return True

    def _new_instance(self) -> Any:
        """Return a new instance after its __init__, None when that raised."""
        cls = self._class_in(self.module, self.subject_name)
        instance = call_reported(self.box, "__new__", cls.__new__, cls, *self.arguments)[1]
        if instance is None:
            return None
        instance._this = self.box
        if self.counts:
            instance._inlets, instance._outlets = self.counts
        if not call_reported(self.box, "__init__", instance.__init__, *self.arguments)[0]:
            self._unlink(instance)
            return None
        return instance

    def _set_instance(self, instance: _class | None) -> None:
        self.instance = self.box.instance = instance

    @staticmethod
    def _unlink(instance: _class) -> None:
        """Take the box from an instance, which may live on in the script's threads."""
        vars(instance).pop("_this", None)

    def on_message(self, inlet: int, selector: Symbol, values: list[Any]) -> None:
        """Explain why there is no instance: with one, C++ calls its methods."""
        self.error("its __init__ failed: fix the script, then send the message reload. to the left inlet")

    def on_deleted(self) -> None:
        """Clean up, before the box is deleted."""
        super().on_deleted()
        registry.remove(self)
        instance, self.instance = self.instance, None
        if instance is not None:
            self._call_del(instance)
            self._unlink(instance)
        self._close(self.bindings)

    def _call_del(self, instance: _class) -> None:
        if hasattr(instance, "_del"):
            call_reported(self.box, "_del", instance._del)

    # Reloading

    def control_reload(self, values: list[Any]) -> None:
        """Reload the script, and replace the arguments of this box."""
        self.arguments = values
        reload_all(self.module, self)

    def control_reload_keep(self, values: list[Any]) -> None:
        """Reload the script."""
        reload_all(self.module, self)

    def get_args(self) -> list[Any]:
        """Return the arguments."""
        return self.arguments

    def set_args(self, values: list[Any]) -> None:
        """Reload the script with other arguments."""
        self.control_reload(values)

    def on_module_reloaded(self) -> None:
        """Replace the instance by one of the new class, unless making it fails."""
        old, old_bindings = self.instance, self.bindings
        if old is not None:
            self._call_del(old)
        self.bindings = []
        made = call_reported(self.box, "reload", self._new_instance)[1]
        if made is None:
            self._close(self.bindings)
            self.bindings = old_bindings
            return
        self._close(old_bindings)
        self._set_instance(made)
        self.box.renew_signals()
        if old is not None:
            self._unlink(old)
        self._compare_counts(made)

    def _compare_counts(self, made: _class) -> None:
        if not self.counts and port_count(self.box, made, "_outlets") != self.box.outlets:
            self.error(
                "the reloaded class asks for other outlets: delete and make the box again to have them"
            )

    # Receive names

    def bind(self, name: bytes, function: Callable[..., object]) -> None:
        """Bind a function to a receive name."""
        self.bindings.append(Binding(name, function, _pyext.Receiver(name, function, self.box)))

    def unbind(self, name: bytes, function: Callable[..., object]) -> None:
        """Undo `bind`."""
        for binding in self.bindings:
            if (binding.name, binding.function) == (name, function):
                self.bindings.remove(binding)
                binding.receiver.close()
                return

    @staticmethod
    def _close(bindings: list[Binding]) -> None:
        for binding in bindings:
            binding.receiver.close()

    # Attributes and control messages

    def get_dir_more(self) -> list[str]:
        """Return the names of the instance."""
        return dir(self.instance if self.instance is not None else self.subject())

    def control_get(self, values: list[Any]) -> None:
        """Send the value of an attribute of the instance."""
        for name in values[:1]:
            succeeded, value = call_reported(self.box, f"get {name}", getattr, self.instance, str(name))
            if succeeded:
                self.output_attribute("get", str(name), *self._atoms(value))

    def _atoms(self, value: object) -> list[object]:
        if self.by_reference:
            selector, numbers = references.message(value)
            return [selector, *numbers]
        return to_atoms(value)

    def control_set(self, values: list[Any]) -> None:
        """Set an attribute of the instance, if it exists."""
        if len(values) < 2 or not isinstance(values[0], str):
            self.error("set takes the name of an attribute and its value")
        elif values[0].startswith("_"):
            self.error(f"set: {values[0]} begins with _ and is not to be set from outside")
        elif hasattr(self.instance, values[0]):
            name, *rest = values
            value = rest[0] if len(rest) == 1 else tuple(rest)
            call_reported(self.box, f"set {name}", setattr, self.instance, str(name), value)

    def selectors_of(self, inlet: int) -> list[str]:
        """Return the selectors that an inlet has methods for."""
        names = dir(self.subject())
        ending = re.compile(rf"(.+)_({inlet})?$")
        return [match[1] for match in map(ending.match, names) if match and not match[1].startswith("__")]

    # Signals

    def on_new_block(self, length: int) -> Any:
        """Return the array for the blocks of one signal inlet or outlet, float32 [length]."""
        import numpy

        return numpy.zeros(length, numpy.float32)

    def on_dsp_start(self) -> Callable[[], object] | None:
        """Call `_dsp` and return the function to call for each block, None for silence."""
        if self.instance is None:
            return None
        if hasattr(self.instance, "_dsp"):
            succeeded, wanted = call_reported(self.box, "_dsp", self.instance._dsp)
            if not (succeeded and wanted):
                return None
        return getattr(self.instance, "_signal", None)


class SignalController(InstanceController):
    """The rules of [pyext~]: also has the attribute `enable`."""

    def __init__(self, box: _pyext.Box, words: list[Any]) -> None:
        super().__init__(box, words)
        self.enabled = True

    def get_enable(self) -> list[object]:
        """Return whether signals are processed."""
        return [int(self.enabled)]

    def set_enable(self, values: list[Any]) -> None:
        """Switch signal processing on or off."""
        self.enabled = bool(values[0])
        self.box.enable(self.enabled)
