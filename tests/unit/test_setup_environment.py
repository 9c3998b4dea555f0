"""Environments made by real venvs and by stand-ins for conda and uv, with empty lock files to be quick."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from dlwakit.base import console
from dlwakit.base.files import read_json
from dlwakit.base.paths import find_python
from dlwakit.install import environment, pythons
from dlwakit.install.components import ensure
from dlwakit.install.environment import Environment, ToolsForTests
from modelfiles.errors import UserError

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
BASE = Path(sys.base_prefix, "bin", f"python{VERSION}")
COPIES = "shutil.copytree({template!r}, {prefix}, symlinks=True)"
PIP = """
import sys
if "--version" in sys.argv:
    sys.exit()
if "no-such-package" in open(sys.argv[sys.argv.index("-r") + 1]).read():
    sys.exit("ERROR: No matching distribution found for no-such-package")
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A real environment, made once and copied, whose pip knows every package but one: all in milliseconds."""
    folder = tmp_path_factory.mktemp("template") / "venv"
    subprocess.run([BASE, "-m", "venv", "--without-pip", folder], check=True)
    pip = folder / f"lib/python{VERSION}/site-packages/pip"
    pip.mkdir()
    (pip / "__main__.py").write_text(PIP)
    return folder


@pytest.fixture
def machine(tmp_path, monkeypatch, template):
    """A home of its own without conda and uv, and a base Python whose `-m venv` copies the template."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "DLWA_PYTHON_TOY", "PYENV_ROOT"):
        monkeypatch.delenv(name, raising=False)
    bare = tmp_path / "bin"
    bare.mkdir()
    program(
        bare,
        f"python{VERSION}",
        f"if sys.argv[1:3] == ['-m', 'venv']:\n    {COPIES.format(template=str(template), prefix='sys.argv[3]')}\n"
        f"else: os.execv({str(BASE)!r}, ['python', *sys.argv[1:]])",
    )
    monkeypatch.setenv("PATH", str(bare))
    monkeypatch.setattr(pythons, "SYSTEM_PYTHON", Path("/nowhere/python3"))
    monkeypatch.setattr(pythons, "conda_tools", lambda: conda_tools_in(bare))
    monkeypatch.setattr(pythons, "_uv", lambda: str(bare / "uv"))
    monkeypatch.setattr(environment, "has_nvidia_card", lambda: True)
    return bare


def conda_tools_in(folder):
    return [(name, str(folder / name)) for name in ("micromamba", "conda") if (folder / name).exists()]


@pytest.fixture
def definitions(tmp_path):
    folder = tmp_path / "environments"
    folder.mkdir()
    facts = {"for": "tests", "pythons": [VERSION], "pip": [["toy.txt"], ["--no-deps", "more.txt"]],
             "check": "import json", "minutes": 1, "megabytes": 1}  # fmt: skip
    (folder / "index.json").write_text(json.dumps({"toy": facts, "torch": facts}))
    for name in ("toy.txt", "more.txt", "toy.yml", "test.txt"):
        (folder / name).write_text("# nothing\n")
    return folder


def program(folder, name, lines):
    """An executable Python program that first notes its arguments in `name.asked`."""
    file = folder / name
    note = f"open({str(file) + '.asked'!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')"
    file.write_text(f"#!{sys.executable}\nimport json, os, shutil, sys\n{note}\n{lines}\n")
    file.chmod(0o755)
    return lambda: Path(f"{file}.asked").read_text().splitlines()


@pytest.fixture
def makes_an_environment(template):
    """What a stand-in for conda does."""
    return COPIES.format(template=str(template), prefix="sys.argv[sys.argv.index('--prefix') + 1]")


def way(toy):
    return read_json(toy.folder / ".dlwa.json", {}).get("way")


def test_makes_an_environment_and_the_second_time_nothing(machine, definitions, capsys):
    toy = Environment("toy", definitions)
    assert toy.missing() == ["not there"]
    assert ensure([toy], yes=True)
    said = capsys.readouterr().out
    assert "-m venv" in said
    assert f"--no-deps -r {definitions / 'more.txt'}" in said
    assert "undo: setup/dlwa uninstall" in said
    assert subprocess.run([toy.python, "-c", "import json"], check=False).returncode == 0
    assert environment.recorded("toy") == toy.python
    assert way(toy) == "venv"
    assert not ensure([toy], yes=True)
    assert capsys.readouterr().out == ""


def test_changed_versions_are_brought_up_to_date_in_place(machine, definitions):
    toy = Environment("toy", definitions)
    ensure([toy], yes=True)
    (definitions / "more.txt").write_text("# something else\n")
    assert "versions" in toy.missing()[0]
    (toy.folder / "kept").touch()
    ensure([toy], yes=True)
    assert toy.missing() == []
    assert (toy.folder / "kept").exists()


def test_goes_on_after_an_interruption_and_is_not_used_before(machine, definitions, monkeypatch):
    toy = Environment("toy", definitions)
    ensure([toy], yes=True)
    (definitions / "toy.txt").write_text("# new\n")

    def stopped(command, *_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(environment, "run", stopped)
        with pytest.raises(KeyboardInterrupt):
            ensure([toy], yes=True)
    assert environment.recorded("toy") is None
    assert toy.missing() == ["half made; goes on from there"]
    (toy.folder / "kept").touch()
    ensure([toy], yes=True)
    assert (toy.folder / "kept").exists()
    assert environment.recorded("toy") == toy.python


def test_a_broken_rest_is_made_anew(machine, definitions):
    toy = Environment("toy", definitions)
    toy.python.parent.mkdir(parents=True)
    toy.python.write_text("half a Python")
    toy.python.chmod(0o755)
    ensure([toy], yes=True)
    assert toy.missing() == []


def test_a_rest_without_pip_is_made_anew(machine, definitions, template):
    toy = Environment("toy", definitions)
    ensure([toy], yes=True)
    shutil.rmtree(toy.folder / f"lib/python{VERSION}/site-packages/pip")
    (toy.folder / environment.STAMP).unlink()
    assert toy.missing() == ["half made; goes on from there"]
    ensure([toy], yes=True)
    assert toy.missing() == []
    assert way(toy) == "venv"


@pytest.mark.parametrize("file", ["half_package.py", environment.STAMP])
def test_a_rest_that_pip_takes_for_whole_is_made_anew(machine, definitions, capsys, file):
    index = definitions / "index.json"
    index.write_text(
        index.read_text().replace(
            "import json",
            "import json, sys; assert not BROKEN".replace(
                "BROKEN", "__import__('pathlib').Path(sys.prefix, 'half_package.py').exists()"
            ),
        )
    )
    toy = Environment("toy", definitions)
    ensure([toy], yes=True)
    (toy.folder / environment.STAMP).unlink()
    (toy.folder / file).write_text("[]")
    capsys.readouterr()
    ensure([toy], yes=True)
    assert toy.missing() == []
    assert ("from the start" in capsys.readouterr().out) == (file == "half_package.py")


def test_an_environment_that_does_not_work_is_not_recorded(machine, definitions):
    index = definitions / "index.json"
    index.write_text(index.read_text().replace("import json", "import no_such_module"))
    toy = Environment("toy", definitions)
    with pytest.raises(UserError):
        ensure([toy], yes=True)
    assert environment.recorded("toy") is None
    assert toy.missing()


@pytest.mark.parametrize(
    "name, start",
    [("conda", "env create --prefix {} --file {}"), ("micromamba", "create --yes --prefix {} --file {}")],
)
def test_conda_is_taken_where_it_is(machine, definitions, makes_an_environment, name, start):
    asked = program(machine, name, makes_an_environment)
    toy = Environment("toy", definitions)
    ensure([toy], yes=True)
    assert asked() == [start.format(toy.folder, definitions / "toy.yml")]
    assert way(toy) == name


def test_conda_is_never_left_to_ask(machine, definitions, makes_an_environment):
    program(machine, "conda", f"assert os.environ['CONDA_ALWAYS_YES'] == 'true'\n{makes_an_environment}")
    toy = Environment("toy", definitions)
    ensure([toy], yes=True)
    assert way(toy) == "conda"


def test_a_conda_that_fails_halfway_gives_way_to_venv(machine, definitions, capsys):
    program(machine, "conda", "os.makedirs(sys.argv[4] + '/half'); sys.exit('no network')")
    toy = Environment("toy", definitions)
    ensure([toy], yes=True)
    assert way(toy) == "venv"
    assert not (toy.folder / "half").exists()
    assert "no network" in capsys.readouterr().err


def test_the_conda_files_use_conda_forge_alone():
    for file in environment.ENVIRONMENTS.glob("*.yml"):
        words = file.read_text().split()
        assert words[words.index("channels:") + 1 : words.index("dependencies:")] == [
            "-", "conda-forge", "-", "nodefaults",
        ]  # fmt: skip


def test_uv_brings_a_python_where_the_machine_has_none(machine, definitions):
    base = (machine / f"python{VERSION}").rename(machine / "elsewhere")
    asked = program(
        machine,
        "uv",
        f"home = os.environ['UV_PYTHON_INSTALL_DIR'] + '/cpython-{VERSION}.9-linux/bin'\n"
        f"os.makedirs(home)\nos.symlink({str(base)!r}, home + '/python{VERSION}')",
    )
    toy = Environment("toy", definitions)
    ensure([toy], yes=True)
    assert asked() == [f"python install --no-bin {VERSION}"]
    assert way(toy) == "uv"
    assert toy.missing() == []


def test_where_nothing_works_it_says_so_and_what_helps(machine, definitions, capsys):
    (machine / f"python{VERSION}").unlink()
    program(machine, "uv", "sys.exit('error: Failed to download cpython')")
    toy = Environment("toy", definitions)
    with pytest.raises(UserError):
        ensure([toy], yes=True)
    said = capsys.readouterr().err
    assert f"no way to a Python {VERSION} for 'toy'" in said
    assert "Failed to download cpython" in said
    assert "conda-forge.org" in said
    assert not toy.folder.exists()


def test_what_pip_cannot_find_is_told(machine, definitions, capsys):
    (definitions / "toy.txt").write_text("no-such-package==1.0\n")
    toy = Environment("toy", definitions)
    with pytest.raises(UserError):
        ensure([toy], yes=True)
    said = capsys.readouterr().err
    assert "no-such-package" in said
    assert "toy.log" in said


def test_an_interpreter_of_the_users_own_counts(machine, definitions, monkeypatch):
    monkeypatch.setenv("DLWA_PYTHON_TOY", sys.executable)
    assert Environment("toy", definitions).missing() == []
    assert find_python("toy") == Path(sys.executable)


def test_an_environment_that_is_not_there_names_its_command(machine, definitions):
    with pytest.raises(UserError) as failure:
        find_python("tensorflow")
    assert "install --env tensorflow" in failure.value.hint


def test_test_tools_go_on_top_of_torch(machine, definitions):
    tools = ToolsForTests(definitions)
    assert tools.missing()
    assert ensure([Environment("torch", definitions), tools], yes=True)
    assert not ensure([Environment("torch", definitions), tools], yes=True)


def test_a_second_installation_waits_for_the_first(machine, tmp_path):
    second = (
        "import sys; sys.path[:0] = sys.argv[1:]\n"
        "from pathlib import Path; from dlwakit.base.console import only_one_at_a_time\n"
        "with only_one_at_a_time(Path.home() / 'lock'): (Path.home() / 'in').touch()\n"
    )
    with console.only_one_at_a_time(tmp_path / "lock"):
        command = [sys.executable, "-c", second, *sys.path]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert "waiting" in process.stdout.readline()
        time.sleep(0.5)
        assert not (tmp_path / "in").exists()
    with process:
        assert process.wait(20) == 0
    assert (tmp_path / "in").exists()
