"""The page for patches of the original course: each object that it names is there and knows these messages."""

import re
import sys
import types
from pathlib import Path

import pytest
from dlwakit.pdtools.reference import references

PAGE = (Path(__file__).resolve().parents[2] / "setup/book/old_patches.md").read_text()
NEW_BOXES = re.findall(r"\| `pyext\. 1 1 (\S+) ([a-z_]+)[^|]* \| \d \|", PAGE)
MESSAGES = re.findall(r"^\| `(\S+) (\S+)` \| (.*) \|$", PAGE, re.MULTILINE)
KNOWN = {(one.module, one.name): one for one in references()}


def test_the_page_lists_the_messages_of_each_box():
    assert len(NEW_BOXES) == 6 and set(NEW_BOXES) == {(module, name) for module, name, _ in MESSAGES}


@pytest.mark.parametrize(("module", "name", "words"), MESSAGES)
def test_an_object_knows_the_old_messages(monkeypatch, module, name, words):
    stub = types.ModuleType("pyext")
    stub.__getattr__ = lambda name: object
    monkeypatch.setitem(sys.modules, "pyext", stub)
    kind = KNOWN[module, name].load_class()
    known = {*kind.ALIASES, *kind.SETTINGS}
    named = re.findall(r"`(\S+?)`", words)
    assert named and [word for word in named if word not in known and not hasattr(kind, f"{word}_1")] == []
