"""The examples in docstrings give what they say."""

import doctest
import importlib

import pytest
from support.measure_code import ROOT, python_files

IMPORTED_FROM = [ROOT / "setup", ROOT / "pyext_py3", *sorted(ROOT.glob("[0-9][0-9]_*"))]
IN_PD_ALONE = ROOT / "pyext_py3" / "src"  # whose examples play with the arrays of a patch


def modules():
    """The names of the modules that have examples."""
    for file in python_files():
        folders = [folder for folder in IMPORTED_FROM if file.is_relative_to(folder)]
        if folders and not file.is_relative_to(IN_PD_ALONE) and "\n    >>> " in file.read_text():
            yield ".".join(file.relative_to(folders[0]).with_suffix("").parts)


@pytest.mark.parametrize("module", [*modules()])
def test_the_examples_of_a_module(module):
    failed, attempted = doctest.testmod(importlib.import_module(module))
    assert attempted and not failed
