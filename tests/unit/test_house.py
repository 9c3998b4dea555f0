"""The rules of the house that a machine can check: who may import whom, and one style for all Python."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DAYS = sorted(ROOT.glob("0[1-6]_*"))
IN_PD = sorted(ROOT.glob("0[1-6]_*/*/pd.py"))
MODELS = sorted(ROOT.glob("0[1-6]_*/*/model.py"))
MACHINE_LEARNING = {
    "torch",
    "tensorflow",
    "magenta",
    "ddsp",
    "note_seq",
    "librosa",
    "sklearn",
    "scipy",
    "numba",
}


def imports(file):
    """The top-level names that a Python file imports, wherever in the file."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]


def test_the_folders_of_the_course():
    assert [day.name for day in DAYS] == [
        "01_ai_duet",
        "02_ddsp",
        "03_gansynth",
        "04_ganspacesynth",
        "05_samplernn",
        "06_rave",
    ]


def package(file):
    return file.parent.name


@pytest.mark.parametrize("file", IN_PD, ids=package)
def test_what_pd_loads_imports_no_machine_learning_library(file):
    assert not set(imports(file)) & MACHINE_LEARNING


@pytest.mark.parametrize("file", MODELS, ids=package)
def test_a_model_knows_neither_pd_nor_pipes(file):
    assert not set(imports(file)) & {"pyext", "pd_session"}


@pytest.mark.parametrize("folder", ["setup", "pyext_py3/pdworker"])
def test_pd_and_a_fresh_machine_need_no_machine_learning_library(folder):
    for file in (ROOT / folder).rglob("*.py"):
        assert not set(imports(file)) & MACHINE_LEARNING, file


def test_one_style():
    for command in (["check"], ["format", "--check"]):
        result = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "."], cwd=ROOT, capture_output=True, text=True
        )
        assert result.returncode == 0, result.stdout + result.stderr
