"""The examples "From Python" in the lessons: they run as they are printed, and are short."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_YET = {"02_ddsp", "03_gansynth", "04_ganspacesynth", "05_samplernn", "06_rave"}
DAYS = [day.name for day in sorted(ROOT.glob("[0-9][0-9]_*")) if day.name not in NOT_YET]
EXAMPLE = re.compile(r"^### From Python\n.*?^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("day", DAYS)
def test_the_example_of_a_lesson_runs(day, tmp_path):
    (code,) = EXAMPLE.findall((ROOT / day / "README.md").read_text())
    assert 3 <= len([line for line in code.splitlines() if line.strip()]) <= 6
    path = os.pathsep.join(str(ROOT / folder) for folder in (day, "pyext_py3"))
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout or list(tmp_path.iterdir())
