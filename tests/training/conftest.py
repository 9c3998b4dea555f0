"""What the training tests share: a place for records and logs that is not the user's, and the toy training."""

import os
import shutil
import sys
from pathlib import Path

import matplotlib
import pytest
from support.course_copy import CourseCopy
from support.tools import installed_environments

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def own_records(tmp_path, monkeypatch):
    for name, python in installed_environments().items():
        monkeypatch.setenv(name, python)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))


@pytest.fixture(scope="session")
def toy():
    """Arguments for subprocess: the toy training as a program of its own."""

    def command(*arguments):
        path = [Path(__file__).parent, ROOT / "setup", ROOT / "pyext_py3"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
        return {"args": [sys.executable, "-u", "-m", "toy", *map(str, arguments)], "env": environment}

    return command


@pytest.fixture(scope="session")
def away(tmp_path_factory):
    """A course with a home of its own, where day 1, day 5 and the toy can be trained: a CourseCopy."""
    course = CourseCopy(tmp_path_factory.mktemp("away"))
    for day in ("01_ai_duet", "05_samplernn"):
        (course.root / day).symlink_to(ROOT / day)
    toy = course.add_day("07_toy", "toy", models={"toy": {"train": {"module": "toy.train"}}}) / "toy"
    (toy / "__init__.py").touch()
    shutil.copy(Path(__file__).with_name("toy.py"), toy / "train.py")
    fonts = {"MPLCONFIGDIR": matplotlib.get_configdir()}  # a new home would search all fonts anew
    course.variables = installed_environments() | fonts
    return course
