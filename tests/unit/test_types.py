"""What others build on has types that hold: mypy, with the settings and for the packages that pyproject.toml names."""

import subprocess
import sys

import pytest
from support.tools import ROOT

pytestmark = pytest.mark.needs("mypy")
WRONG = """from modelfiles.resample import resample

resample([0.0], "44100", 16000)
"""


@pytest.fixture(scope="module")
def mypy(tmp_path_factory):
    """mypy(*words): what it said; what it learned stays in the folder of pytest's runs, so that the next is quick."""
    cache = tmp_path_factory.getbasetemp().parent / "mypy"

    def check(*words):
        command = [sys.executable, "-m", "mypy", "--cache-dir", cache, *words]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    return check


def test_the_types_hold(mypy):
    checked = mypy()
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_wrong_type_is_found(mypy, tmp_path):
    wrong = tmp_path / "wrong.py"
    wrong.write_text(WRONG)
    checked = mypy(wrong)
    assert 'Argument 2 to "resample" has incompatible type "str"' in checked.stdout
