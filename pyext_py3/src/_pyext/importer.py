"""Importer of the Python sources that are embedded in the external. Pd's thread, once, when Pd loads it."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType


class EmbeddedImporter:
    """A finder and loader of modules whose source is known as text.

    Parameters
    ----------
    sources : dict of str to str
        Python source by full module name.
    """

    def __init__(self, sources: dict[str, str]) -> None:
        self._sources = sources

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Return the spec of an embedded module, None for any other."""
        return ModuleSpec(name, self) if name in self._sources else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to Python to create the module."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the source in its module."""
        code = compile(
            self._sources[module.__name__], f"<pyext/{module.__name__}>", "exec", dont_inherit=True
        )
        exec(code, vars(module))


def install(sources: dict[str, str]) -> None:
    """Make the sources importable, before any file of the same name."""
    sys.meta_path.insert(0, EmbeddedImporter(sources))
