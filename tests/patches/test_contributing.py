"""CONTRIBUTING.md, done as it says in a copy of the checkout: a day is added, and it keeps the rules."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from dlwakit.course.days import find_day
from support.course_copy import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.needs("git", "importlinter", "deptry")]
NAMES = "day=07_bells name=bells"
BY_HAND = "tests/patches/test_overview.py::test_there_is_a_button_for_every_day"  # drawn in Pd


@pytest.fixture(scope="module")
def blocks():
    """The two blocks of commands for a new day, with another name: what makes it, what checks it."""
    page = (ROOT / "CONTRIBUTING.md").read_text().partition("## Add a day")[2].partition("\n## ")[0]
    make, check = re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    names, commands = make.split("\n", 1)
    assert names.startswith("day=07_tone name=tone")
    return f"{NAMES}\n{commands}", f"{NAMES}\n{check}"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """`run(commands)` in a copy of the checkout, a git repository of its own; returns what ended, with its output."""
    copy = tmp_path_factory.mktemp("copy")
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in filter(lambda name: (ROOT / name).exists(), names):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    variables = {**os.environ, "DLWA_PYTHON_TORCH": sys.executable}

    def start(commands, **more):
        words = ["bash", "-ec", commands]
        return subprocess.run(words, cwd=copy, env=variables | more, capture_output=True, text=True)

    assert start("git init -q").returncode == 0
    start.copy = copy
    return start


@pytest.fixture(scope="module")
def made(run, blocks):
    """The copy with the new day."""
    done = run(blocks[0])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return run


def test_the_day_is_known(made):
    day = find_day("7", made.copy)
    assert (day.name, day.patch) == ("07_bells", "bells.pd")
    python = f"PYTHONPATH=07_bells:pyext_py3 {sys.executable} -c"
    done = made(f"{python} 'from bells import load; print(len(load().generate(0.5)))'")
    assert done.stdout == "22050\n", done.stderr


def test_its_tables_are_those_of_its_class(made):
    done = made(f"PYTHONPATH=setup:pyext_py3 {sys.executable} -m dlwakit.pdtools.reference --check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_it_plays_in_pd_and_keeps_the_rules(made, blocks):
    done = made(blocks[1], PYTEST_ADDOPTS=f"-rA --durations=0 --deselect {BY_HAND}")
    assert done.returncode == 0, done.stdout + done.stderr
    for test in ("test_bells.py", "is_checked[bells-07_bells]", "runs[07_bells]", "cord[bells]"):
        assert re.search(f"^PASSED .*{re.escape(test)}", done.stdout, re.MULTILINE), test
