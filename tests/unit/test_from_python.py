"""The examples "From Python" in the lessons: they run as they are printed, and are short."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

ROOT = Path(__file__).resolve().parents[2]
DAYS = [
    pytest.param(day.name, marks=[pytest.mark.slow] if day.name == "05_samplernn" else [])
    for day in sorted(ROOT.glob("[0-9][0-9]_*"))
]
SECTION = re.compile(r"^### From Python\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
EXAMPLE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path):
    """A folder with sounds that examples read: two seconds of a voice, and its parts."""
    seconds = np.arange(2 * 44100) / 44100
    voice = sum(np.sin(2 * np.pi * 220 * k * seconds) / k for k in range(1, 8)) / 4
    soundfile.write(tmp_path / "my_voice.wav", voice * (seconds % 1 < 0.8), 44100)
    (tmp_path / "my_sounds").mkdir()
    for part, sound in enumerate(np.array_split(voice, 4)):
        soundfile.write(tmp_path / f"my_sounds/{part}.wav", sound / 2**part, 44100)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("day", DAYS)
def test_the_example_of_a_lesson_runs(day, folder):
    (section,) = SECTION.findall((ROOT / day / "README.md").read_text())
    first, *more = EXAMPLE.findall(section)
    assert 3 <= len([line for line in first.splitlines() if line.strip()]) <= 6
    code = "\n".join([first, *more])  # those that follow go on from the first
    path = os.pathsep.join(str(ROOT / folder) for folder in (day, "pyext_py3"))
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    written = re.findall(r'\bwrite\("([\w.]+)"', code)
    assert result.stdout or written
    for name in written:
        assert np.abs(soundfile.read(folder / name)[0]).max() > 1e-3
