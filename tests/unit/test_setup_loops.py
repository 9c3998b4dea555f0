"""Loops are compiled when the course is installed, once, and again when their source has changed."""

import os
import shutil

import pytest
from dlwakit.install.loops import PROGRAMS, Loops, is_compiled
from support.course_copy import ROOT

DAY5 = "05_samplernn/samplernn/engine/kernel.py"


@pytest.fixture
def course(tmp_path):
    """A copy of what day 5 needs to play; returns its folder."""
    for name in ("05_samplernn", "pyext_py3", "setup/dlwakit"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "media"))
    return tmp_path


def test_every_source_is_there():
    assert all((ROOT / source).is_file() for source in PROGRAMS)


@pytest.mark.slow
def test_what_is_installed_is_compiled_once(course, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    loops = Loops(root=course)
    assert loops.missing() == [f"{DAY5} is not compiled"]
    loops.make()
    assert loops.missing() == []
    os.utime(course / DAY5)
    assert not is_compiled(course / DAY5)


def test_a_day_that_has_none_waits_for_none(course):
    assert Loops(["01_ai_duet"], course).missing() == []
    assert Loops(["05_samplernn", "01_ai_duet"], course).missing() == [f"{DAY5} is not compiled"]


def test_a_folder_that_cannot_be_changed_is_left_alone(tmp_path):
    assert Loops(root=tmp_path).missing() == []
