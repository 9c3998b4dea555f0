"""The demo of each day, which the README's first command runs: in real Pd, without a window."""

import sys
from pathlib import Path

import pytest
from support.course_copy import ROOT
from support.external import EXTERNAL
from support.hearing import demo_of

DAYS = sorted(program.parent.name for program in ROOT.glob("0*/demo.py"))


@pytest.mark.slow
@pytest.mark.parametrize("day", DAYS)
def test_all_files_are_there_that_it_names(day, tmp_path):
    variables = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(tmp_path / "state")}
    files = demo_of(day).demo(tmp_path, path=[EXTERNAL], environment=variables)
    assert files
    assert [str(file) for file in files if not Path(file).is_file() or not Path(file).stat().st_size] == []
