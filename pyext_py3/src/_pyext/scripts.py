"""Finding, importing and reloading the scripts of boxes. Pd's thread."""

from __future__ import annotations

import contextlib
import filecmp
import importlib
import os
import sys
from collections.abc import Iterable
from importlib.machinery import ModuleSpec
from types import FunctionType, ModuleType
from typing import Protocol

import _pyext
from _pyext.console import report


def add_path(folder: str) -> None:
    """Append a folder to Python's search path, behind installed packages."""
    if folder and folder not in sys.path:
        sys.path.append(folder)


def add_search_paths(box: _pyext.Box, word: str) -> None:
    """Make the script `word` importable from the patch's folder and from Pd's own search path."""
    subfolder, _, name = word.rpartition("/")
    add_path(os.path.normpath(os.path.join(box.folder(), subfolder)))
    top = os.path.join(subfolder, name.partition(".")[0])
    for file, suffix, is_package in (
        (top, ".py", False),
        (top + "/__init__", ".py", True),
        (top, ".pyc", False),
    ):
        folder = box.find(os.fsencode(file), os.fsencode(suffix))
        if folder:
            add_path(os.path.dirname(folder) if is_package else folder)
            return


def import_script(box: _pyext.Box, word: str) -> ModuleType:
    """Import the module that a box names; `word` may be dotted, and may begin with a sub-folder."""
    add_search_paths(box, word)
    importlib.invalidate_caches()
    module = importlib.import_module(word.rpartition("/")[2])
    _note_helpers(module)
    folder = os.path.join(box.folder(), word.rpartition("/")[0])
    for used in (module, *_imported(module)):
        _tell_if_another_is_used(box, folder, used)
    return module


def _imported(module: ModuleType) -> list[ModuleType]:
    """Return the modules that a script has imported, or functions and classes of."""
    values = list(vars(module).values())
    names = {str(value.__module__) for value in values if isinstance(value, (type, FunctionType))}
    names |= {value.__name__ for value in values if isinstance(value, ModuleType)}
    return [sys.modules[name] for name in sorted(names - {module.__name__}) if name in sys.modules]


def _tell_if_another_is_used(box: _pyext.Box, folder: str, module: ModuleType) -> None:
    """Say that a file of a folder is not what Python has imported under its name."""
    own, used = os.path.join(folder, module.__name__.replace(".", "/") + ".py"), _file(module)
    if os.path.isfile(own) and not (used and filecmp.cmp(own, used, shallow=False)):
        box.error(
            f"{own} is not used: {used or 'a module of Python'} has the same name and was there first"
            " - rename one of them"
        )


def _file(module: ModuleType) -> str:
    return getattr(module, "__file__", None) or ""


_read_at: dict[str, float] = {}  # by module: the date of its file when it was read


def _helpers(module: ModuleType) -> list[ModuleType]:
    """Return the modules that lie beside a script."""
    folder = os.path.dirname(_file(module))
    modules = [other for other in list(sys.modules.values()) if other is not module]
    return [
        other for other in modules if _file(other).endswith(".py") and os.path.dirname(_file(other)) == folder
    ]


def _note_helpers(module: ModuleType) -> None:
    for helper in _helpers(module):
        _read_at.setdefault(helper.__name__, _date(helper))


def _date(module: ModuleType) -> float:
    try:
        return os.path.getmtime(_file(module))
    except OSError:
        return 0.0


def reload_helpers(module: ModuleType) -> None:
    """Reload what lies beside a script and has changed, unless boxes use it: they have a reload of their own."""
    for helper in _helpers(module):
        if _date(helper) != _read_at.get(helper.__name__, _date(helper)) and not registry.users(helper):
            reload_script(helper, ())
            _read_at[helper.__name__] = _date(helper)


def remove_bytecode(spec: ModuleSpec | None) -> None:
    """Remove Python's cached bytecode of a script, which hides the second of two changes within a second."""
    if spec and spec.cached and spec.cached != spec.origin:
        with contextlib.suppress(OSError):
            os.remove(spec.cached)


def reload_script(module: ModuleType, names: Iterable[str | None]) -> None:
    """Run the module's source again in place, without the old values of `names`.

    When that fails the module is as it was before.
    """
    before = dict(vars(module))
    importlib.invalidate_caches()
    remove_bytecode(module.__spec__)
    for name in names:
        vars(module).pop(name or "", None)
    try:
        importlib.reload(module)
    except BaseException:
        vars(module).clear()
        vars(module).update(before)
        raise


class ScriptUser(Protocol):
    """A controller, as the registry sees it."""

    @property
    def box(self) -> _pyext.Box:
        """The box that is controlled."""

    @property
    def subject_name(self) -> str | None:
        """The name of the class or function that is used."""

    def on_module_reloaded(self) -> None:
        """Use the module's new contents."""


class Registry:
    """Which controllers use which module, so that a reload reaches all of them."""

    def __init__(self) -> None:
        self._users: dict[str, list[ScriptUser]] = {}

    def add(self, module: ModuleType, user: ScriptUser) -> None:
        """Register a user of a module."""
        self._users.setdefault(module.__name__, []).append(user)

    def remove(self, user: ScriptUser) -> None:
        """Remove a user from all modules."""
        for users in self._users.values():
            if user in users:
                users.remove(user)

    def users(self, module: ModuleType) -> list[ScriptUser]:
        """Return the users of a module."""
        return list(self._users.get(module.__name__, ()))


registry = Registry()


def reload_all(module: ModuleType, asking: ScriptUser) -> None:
    """Reload a module and let every box that uses it take the new contents."""
    users = registry.users(module)
    try:
        reload_helpers(module)
        reload_script(module, {user.subject_name for user in users})
    except BaseException as exception:
        report(asking.box, "reload", exception)
        return
    for user in users:
        user.on_module_reloaded()
