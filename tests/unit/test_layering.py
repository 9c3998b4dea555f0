"""Who may import whom, and that every imported package is declared; each rule is broken once in a copy."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dlwakit.course.days import all_days
from support.source_checks import ROOT, broken_contracts, days, undeclared_packages

pytestmark = pytest.mark.needs("importlinter", "deptry")
DAYS = {day.package: day.name for day in all_days(ROOT)}
DEMOS = [*sorted(ROOT.glob("[0-9][0-9]_*/demo.py")), ROOT / "setup/piece/demo.py", ROOT / "setup/dlwa"]
NOT_YET = {ROOT / "03_gansynth/demo.py": {"gansynth"}}

IN_PD = "What Pd loads needs numpy alone BROKEN"
MODEL = "A model knows neither Pd, nor the worker protocol, nor the command line BROKEN"
SETUP = "The command line needs the standard library alone BROKEN"
LAYERS = "only day 4 needs another day BROKEN"
PROGRAMS = "What Pd loads and the workers do not know the command line BROKEN"

DAY_2 = "02_ddsp/timbre_transfer"

# {file: the line that is added to it}, and the contract that then is broken.
FORBIDDEN = [
    ({"01_ai_duet/ai_duet/pd.py": "import torch"}, IN_PD),
    ({f"{DAY_2}/pd.py": "from . import more", f"{DAY_2}/more.py": "import torch"}, IN_PD),
    ({"06_rave/rave_rt/pd.py": "def later():\n    import soxr"}, IN_PD),
    ({"05_samplernn/samplernn/__init__.py": "import torch"}, IN_PD),
    ({"pyext_py3/pdworker/__init__.py": "import scipy.signal"}, IN_PD),
    ({"pyext_py3/src/_pyext/pyext.py": "import requests"}, IN_PD),
    ({"03_gansynth/gansynth/model.py": "import pdworker"}, MODEL),
    ({"05_samplernn/samplernn/model.py": "import pyext"}, MODEL),
    ({f"{DAY_2}/model.py": "from . import more", f"{DAY_2}/more.py": "import pdworker"}, MODEL),
    ({"pyext_py3/modelfiles/checkpoint.py": "import dlwakit.base.paths"}, MODEL),
    ({"setup/dlwakit/base/files.py": "import requests"}, SETUP),
    ({"setup/dlwakit/cli/train.py": "from dlwakit.training import run"}, SETUP),
    ({"pyext_py3/pdworker/environments.py": "import numpy"}, SETUP),
    ({"06_rave/rave_rt/train.py": "import samplernn.engine.config"}, LAYERS),
    ({"03_gansynth/gansynth/worker.py": "import ganspacesynth"}, LAYERS),
    ({"pyext_py3/pdworker/protocol.py": "import rave_rt"}, LAYERS),
    ({"01_ai_duet/ai_duet/worker.py": "import dlwakit.base.files"}, PROGRAMS),
]  # fmt: skip

# A file, the line that is added to it, and the package that then is missing.
UNDECLARED = [
    ("06_rave/rave_rt/train.py", "import requests", "requests"),
    ("05_samplernn/media/make.py", "import PIL.Image", "PIL"),
    ("02_ddsp/timbre_transfer/upstream.py", "import torch", "torch"),
    ("06_rave/rave_rt/model.py", "import tensorflow", "tensorflow"),
    ("01_ai_duet/ai_duet/worker.py", "import pytest", "pytest"),
    ("tests/conftest.py", "import requests", "requests"),
]


def test_imports_keep_to_the_layers():
    assert broken_contracts() == ""


def test_every_imported_package_is_declared():
    assert undeclared_packages() == ""


@pytest.mark.parametrize("package, folder", DAYS.items())
def test_every_day_is_checked(package, folder):
    """Import contracts, deptry, mypy and the warnings of tests know a package only if pyproject.toml names it."""
    import tomllib  # since Python 3.11

    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    linter, mypy = tools["importlinter"], tools["mypy"]
    layers = [layer for contract in linter["contracts"] for layer in contract.get("layers", ())]
    assert package in linter["root_packages"], "tool.importlinter"
    assert package in " | ".join(layers).split(" | "), "tool.importlinter.contracts, layers"
    assert package in tools["deptry"]["known_first_party"], "tool.deptry"
    assert f"{package}.model" in mypy["modules"] and folder in mypy["mypy_path"], "tool.mypy"
    warnings = " ".join(tools["pytest"]["ini_options"]["filterwarnings"])
    assert package in re.split(r"\W+", warnings), "tool.pytest.ini_options, filterwarnings"


@pytest.mark.parametrize("package", sorted(DAYS))
def test_importing_a_day_loads_nothing_of_it(package):
    (file,) = ROOT.glob(f"[0-9][0-9]_*/{package}/__init__.py")
    assert set(imports(ast.parse(file.read_text()).body)) <= sys.stdlib_module_names


@pytest.mark.parametrize("program", DEMOS, ids=lambda file: file.parent.name)
def test_what_the_command_line_loads_of_a_day_needs_the_standard_library_alone(program):
    allowed = {"dlwakit"} | sys.stdlib_module_names | NOT_YET.get(program, set())
    assert set(imports(ast.walk(ast.parse(program.read_text())))) <= allowed


@pytest.mark.parametrize(
    "command", ["ruff check .", "ruff format --check .", "clang-format --dry-run -Werror"]
)
def test_one_style(command):
    program, *words = command.split()
    sources = sorted((ROOT / "pyext_py3/src").glob("*.[ch]*")) if program == "clang-format" else []
    command = [Path(sys.executable).with_name(program), *words, *sources]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("plants, complaint", FORBIDDEN, ids=lambda value: str(value)[:50])
def test_a_forbidden_import_is_found(copy, plants, complaint):
    for place, line in plants.items():
        plant(copy / place, line)
    assert complaint in " ".join(broken_contracts(copy).split())


def test_each_undeclared_package_is_found(copy):
    """All are planted at once, for each has a line of its own, and deptry reads everything each time."""
    for place, line, _ in UNDECLARED:
        plant(copy / place, line)
    expected = [f"{place}: {package}" for place, _, package in UNDECLARED]
    assert sorted(undeclared_packages(copy).splitlines()) == sorted(expected)


@pytest.fixture
def copy(tmp_path):
    """The checkout's Python files and what the checks read, in a folder of their own."""
    folders = [*days(ROOT), "setup", "pyext_py3", "tests"]
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    for file in [*files, *(ROOT / "environments").iterdir(), ROOT / "pyproject.toml"]:
        target = tmp_path / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    return tmp_path


def plant(file, line):
    """Add a line to a Python file of a folder that is there."""
    assert file.parent.is_dir()
    with file.open("a") as text:
        text.write(f"\n{line}\n")


def imports(nodes):
    """The top-level names that these nodes of a Python file import; "." for the file's own package."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." if node.level else node.module.split(".")[0]
