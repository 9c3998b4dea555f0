"""What a notebook uses, each day's model.py, has types and a description of parameters and results throughout."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODELS = sorted(ROOT.glob("[0-9][0-9]_*/*/model.py"))


def public(body, place=""):
    """(name, node) of the functions of a module and the methods of its classes that others may call."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public(node.body, f"{node.name}.")
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield place + node.name, node


def missing(node):
    """What a function lacks of: types, a docstring, the sections that its signature calls for."""
    arguments = [*node.args.args, *node.args.kwonlyargs]
    arguments = [each for each in arguments if each.arg not in ("self", "cls")]
    if node.returns is None or any(each.annotation is None for each in arguments):
        yield "types"
    text = ast.get_docstring(node) or ""
    if not text:
        yield "docstring"
    if text.startswith("See ") or any(ast.unparse(each) == "property" for each in node.decorator_list):
        return  # described where it is declared, or an attribute
    if arguments and "Parameters\n----" not in text:
        yield "Parameters"
    if ast.unparse(node.returns or ast.Constant(None)) != "None" and "Returns\n----" not in text:
        yield "Returns"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.parent.name)
def test_what_others_call_is_described_with_types(model):
    functions = dict(public(ast.parse(model.read_text()).body))
    assert "load" in functions and len(functions) > 1
    assert {name: list(missing(node)) for name, node in functions.items() if list(missing(node))} == {}


def test_what_is_missing_is_found():
    code = "def load(name, engine: str = 'small') -> int:\n    '''Load.'''"
    ((name, node),) = public(ast.parse(code).body)
    assert name == "load" and list(missing(node)) == ["types", "Parameters", "Returns"]
