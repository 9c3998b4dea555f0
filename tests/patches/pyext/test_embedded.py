"""The Python package that is embedded in the external, and the stub that types what C++ adds to it."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3] / "pyext_py3/src"
PACKAGE = SOURCE / "_pyext"
STUB = ast.parse((PACKAGE / "__init__.pyi").read_text())


def names_of(body):
    """The names without underscores that a module or class defines."""
    named = [node.name for node in body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    annotated = [node.target.id for node in body if isinstance(node, ast.AnnAssign)]
    return sorted(name for name in {*named, *annotated} if not name.startswith("_"))


def is_protocol(node):
    return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases)


CLASSES = {node.name: node for node in STUB.body if isinstance(node, ast.ClassDef) and not is_protocol(node)}


def test_every_file_of_the_package_is_embedded(rig):
    names = [f"_pyext.{path.stem}" for path in sorted(PACKAGE.glob("*.py"))]
    box = rig.run(
        f"import importlib; self.output([importlib.import_module(name).__name__ for name in {names}])"
    )
    assert box.expect(0) == ["List", *names]


def test_the_embedded_modules_come_before_files_of_the_same_name(rig):
    rig.write(rig.folder / "_pyext", "symbol", "raise ImportError")
    rig.write(rig.folder, "pyext", "raise ImportError")
    box = rig.run(
        """
        import importlib, sys
        sys.path.insert(0, self._canvas_dir)
        del sys.modules['_pyext.references']
        self.output(importlib.import_module('_pyext.references').__name__)
        sys.path.remove(self._canvas_dir)
        """
    )
    assert box.expect(0) == ["Symbol", "_pyext.references"]


def test_the_stub_lists_what_the_module_has(rig):
    box = rig.run(
        """
        import _pyext, types
        members = {name: value for name, value in vars(_pyext).items() if not name.startswith('_')}
        self.output(sorted(name for name in members if not isinstance(members[name], types.ModuleType)))
        """
    )
    protocols = {node.name for node in STUB.body if isinstance(node, ast.ClassDef)} - CLASSES.keys()
    assert box.expect(0)[1:] == sorted(set(names_of(STUB.body)) - protocols)


@pytest.mark.parametrize("name", [name for name in CLASSES if names_of(CLASSES[name].body)])
def test_the_stub_lists_what_a_class_has(rig, name):
    box = rig.run(
        f"import _pyext; self.output('names', sorted(n for n in vars(_pyext.{name}) if not n.startswith('_')))"
    )
    assert box.expect(0)[2:] == names_of(CLASSES[name].body)


@pytest.mark.parametrize("name", ["_outlet", "_invec", "_outvec"])
def test_methods_in_c_have_the_docstrings_of_the_methods_that_they_replace(rig, name):
    box = rig.run(
        f"method = vars(pyext._class)['{name}']\n"
        "self.output(type(method).__name__, method.__doc__.splitlines()[0])"
    )
    kind, text = box.expect(0)[1:]
    assert kind == "method_descriptor"
    assert f'"""{text}' in (PACKAGE / "base_class.py").read_text()
