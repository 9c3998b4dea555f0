"""The one error for what a person can do wrong: what it says, and that its kinds are the ones that programs know."""

import ast
import pickle
from pathlib import Path

import pytest
from modelfiles.engines import upstream_module
from modelfiles.errors import KINDS, UserError

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [file for folder in ("0*", "pyext_py3", "setup") for file in ROOT.glob(f"{folder}/**/*.py")]


def test_what_it_says():
    error = UserError("file", "there is no file x", "look again", "/logs/x.log")
    assert error.brief == "there is no file x - look again"
    assert str(error) == "there is no file x - look again [log: /logs/x.log]"
    assert str(UserError("file", "there is no file x")) == "there is no file x"
    again = pickle.loads(pickle.dumps(error))
    assert (again.kind, again.message, again.hint, again.log) == error.args


def test_every_kind_is_known():
    calls = [
        (file.relative_to(ROOT).as_posix(), node)
        for file in SOURCES
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "UserError" and node.args
    ]
    assert len(calls) > 200
    kinds = [(file, node.args[0]) for file, node in calls]
    assert not [
        (file, kind.value)
        for file, kind in kinds
        if isinstance(kind, ast.Constant) and kind.value not in KINDS
    ]


def test_an_engine_is_imported_where_it_can_be():
    assert upstream_module("timbre_transfer", "small") is None
    with pytest.raises(UserError, match="there is no engine 'big', only small and upstream"):
        upstream_module("timbre_transfer", "big")
    with pytest.raises(UserError, match="needs the environment tensorflow"):
        upstream_module("no_such_day", "upstream")
