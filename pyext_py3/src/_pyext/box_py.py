"""[py]: calls a function of a script, or any callable. Pd's thread."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import _pyext
from _pyext.call_controller import CallController
from _pyext.console import NotFound
from _pyext.controller import TYPE_SELECTORS, call_reported, is_number, pop_numbers, split_attributes
from _pyext.references import references
from _pyext.scripts import import_script, registry, reload_all
from _pyext.symbol import Symbol


class FunctionController(CallController):
    """The rules of [py N module.function]."""

    USAGE = """\
[py N module.function]  or  [py N module function]  or  [py module]
Without N the right inlet takes all arguments at once; with N there is an inlet for each, and the first calls.
The left inlet takes control messages, and bang, which calls."""

    def __init__(self, box: _pyext.Box, words: list[Any]) -> None:
        words, attributes = split_attributes(words)
        numbers = pop_numbers(words, 1)
        self.by_inlet = bool(numbers)
        super().__init__(box, attributes, max(numbers[0], 0) if numbers else 1)
        self.subject_name: str | None = None
        self.module_name = ""
        if words:
            call_reported(box, "import", self._name_function, words)
        self.apply_attributes()

    @property
    def label(self) -> str:
        """The box and its function."""
        name = ".".join(filter(None, (self.module_name, self.subject_name)))
        return f"py {name}".strip()

    def _name_function(self, words: list[Any]) -> None:
        if is_number(words[0]):
            raise NotFound(f"{words[0]:g} is not the name of a module")
        folder, slash, name = str(words[0]).rpartition("/")
        module_name, dot, function = name.rpartition(".")
        if not dot:
            module_name = name
            function = str(words[1]) if len(words) > 1 and isinstance(words[1], str) else ""
        if module_name:
            self._use_module(folder + slash + module_name)
        self._use_function(function)

    def _use_module(self, name: str) -> None:
        self.module_name = name
        registry.remove(self)
        self.module = import_script(self.box, name)
        registry.add(self.module, self)

    def _use_function(self, name: str) -> None:
        self.subject_name = name or None
        if name and self.subject() is None:
            raise NotFound(f"there is no function {name} in {self.module_name or 'pyext or builtins'}")

    def subject(self) -> Any:
        """Return the function, None when there is none."""
        return self._find(self.subject_name) if self.subject_name else None

    def _find(self, name: str) -> Any:
        if self.module is not None:
            return getattr(self.module, name, None)
        import pyext

        return None if self.module_name else getattr(pyext, name, getattr(builtins, name, None))

    def on_message(self, inlet: int, selector: Symbol, values: list[Any]) -> None:
        """Call, or store an argument."""
        if self.by_inlet:
            self.store(inlet, selector, values)
            if inlet == 1:
                self._call(self.values)
        else:
            self._call_with(selector, values)

    def _call_with(self, selector: Symbol, values: list[Any]) -> None:
        if references.is_reference(selector, values):
            self._call([references.resolve(values)])
        elif self.subject_name is None:
            self._call_by_selector(str(selector), values)
        else:
            self._call(values if str(selector) in TYPE_SELECTORS else [selector, *values])

    def _call_by_selector(self, name: str, values: list[Any]) -> None:
        function = self._find(name)
        if function is None:
            self.error(f"no function {name}")
        else:
            self.call(name, function, values)
        self.respond(function is not None)

    def _call(self, arguments: Sequence[object]) -> None:
        function = self.subject()
        if function is None:
            self.error("there is no function to call")
        else:
            self.call(self.subject_name or "", function, arguments)
        self.respond(function is not None)

    def control_bang(self, values: list[Any]) -> None:
        """Call with the stored arguments, or with none."""
        self._call(self.values if self.by_inlet else [])

    def control_set(self, values: list[Any]) -> None:
        """Choose another function, or module and function."""
        if values:
            call_reported(self.box, "set", self._choose, [str(value) for value in values[:2]])

    def _choose(self, names: list[str]) -> None:
        if len(names) > 1:
            self._use_module(names[0])
        self._use_function(names[-1])

    def control_reload(self, values: list[Any]) -> None:
        """Reload the module."""
        if self.module is None:
            self.error("there is no module to reload")
            return
        reload_all(self.module, self)

    control_reload_keep = control_reload

    def on_module_reloaded(self) -> None:
        """Do nothing: functions are looked up at each call."""

    def on_deleted(self) -> None:
        """Clean up, before the box is deleted."""
        super().on_deleted()
        registry.remove(self)
