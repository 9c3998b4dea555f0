"""Finding, importing and reloading the scripts of boxes."""

import contextlib
import importlib
import os
import sys

from _pyext.console import report


def add_path(folder):
    """Appends a folder to Python's search path, so that installed packages keep their precedence."""
    if folder and folder not in sys.path:
        sys.path.append(folder)


def add_search_paths(box, word):
    """Makes the script `word` importable from the patch's folder and from Pd's own search path."""
    subfolder, _, name = word.rpartition("/")
    add_path(os.path.normpath(os.path.join(box.folder(), subfolder)))
    top = os.path.join(subfolder, name.partition(".")[0])
    for file, suffix, up in ((top, ".py", False), (top + "/__init__", ".py", True), (top, ".pyc", False)):
        folder = box.find(os.fsencode(file), os.fsencode(suffix))
        if folder:
            add_path(os.path.dirname(folder) if up else folder)
            return


def import_script(box, word):
    """The module that a box names; `word` may be dotted, and may begin with a sub-folder."""
    add_search_paths(box, word)
    importlib.invalidate_caches()
    return importlib.import_module(word.rpartition("/")[2])


def forget_bytecode(spec):
    """Removes what Python has kept of a script: it takes two changes within a second for one."""
    if spec.cached and spec.cached != spec.origin:
        with contextlib.suppress(OSError):
            os.remove(spec.cached)


def reload_script(module, names):
    """Runs the module's source again in place; what it no longer defines of `names` is gone then.

    When that fails the module is as it was before.
    """
    before = dict(vars(module))
    importlib.invalidate_caches()
    forget_bytecode(module.__spec__)
    for name in names:
        vars(module).pop(name, None)
    try:
        return importlib.reload(module)
    except BaseException:
        vars(module).clear()
        vars(module).update(before)
        raise


class Registry:
    """Which controllers use which module, so that a reload reaches all of them."""

    def __init__(self):
        self._users = {}

    def add(self, module, controller):
        self._users.setdefault(module.__name__, []).append(controller)

    def remove(self, controller):
        for users in self._users.values():
            if controller in users:
                users.remove(controller)

    def users(self, module):
        return list(self._users.get(module.__name__, ()))


registry = Registry()


def reload_all(module, asking):
    """Reloads a module and gives every box that uses it a new instance."""
    users = registry.users(module)
    try:
        reload_script(module, {user.subject_name for user in users})
    except BaseException as exception:
        report(asking.box, "reload", exception)
        return
    for user in users:
        user.take_new_instance()
