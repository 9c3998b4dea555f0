"""The command line as a user meets it: help, names, exit statuses, odd paths, nobody at the terminal."""

import ast
import json
import sys

import pytest
from dlwakit.cli import COMMANDS
from dlwakit.course.days import all_days
from support.course_copy import ROOT, CourseCopy


@pytest.fixture
def course(tmp_path):
    return CourseCopy(tmp_path)


def everything_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_help_names_every_command(course):
    said = course.dlwa("--help")
    assert said.returncode == 0
    assert all(f"\n    {command}" in said.stdout for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(course, command):
    said = course.dlwa(command, "--help")
    assert said.returncode == 0
    assert said.stdout.startswith(f"usage: setup/dlwa {command}")


def test_version(course):
    said = course.dlwa("--version")
    assert (said.returncode, said.stdout) == (0, f"dlwa {(ROOT / 'VERSION').read_text()}")


@pytest.mark.parametrize(
    "arguments", [[], ["frobnicate"], ["doctor", "--frob"], ["install", "--env", "caffe"]]
)
def test_wrong_usage_ends_with_2(course, arguments):
    said = course.dlwa(*arguments)
    assert said.returncode == 2
    assert "usage: setup/dlwa" in said.stderr


def test_an_old_python_can_read_the_line_that_refuses_it():
    ast.parse((ROOT / "setup/dlwa").read_text(), feature_version=(3, 4))


@pytest.mark.parametrize(
    "arguments, known",
    [
        (["open", "9"], "01_toy"),
        (["demo", "nothing"], "01_toy"),
        (["train", "nothing"], "melody"),
        (["dataset", "nothing"], "melody"),
        (["checkpoints", "get", "nothing"], "big"),
        (["bench", "nothing"], "none yet"),
    ],
)
def test_an_unknown_name_gets_the_known_ones(course, arguments, known):
    course.add_day(
        models={"melody": {"train": {"module": "toy.train"}, "dataset": {"module": "toy.dataset"}}},
        registry=[
            {"name": "big", "kind": "official", "file": "big.mag", "url": "http://127.0.0.1:9/big.mag"}
        ],
    )
    said = course.dlwa(*arguments)
    assert said.returncode == 1
    assert arguments[-1] in said.stderr
    assert known in said.stderr
    assert "Traceback" not in said.stderr


def test_runs_through_a_symlink_from_anywhere(course, tmp_path):
    link = tmp_path / "a link"
    link.symlink_to(course.root / "setup/dlwa")
    course.add_day()
    said = course.dlwa("open", "nothing", program=link)
    assert "01_toy" in said.stderr


def test_dry_run_says_what_it_would_do_and_changes_nothing(course):
    said = course.dlwa("install", "--dry-run", "--env", "torch", "--env", "tensorflow")
    assert said.returncode == 0, said.stderr
    for word in (
        "pyext",
        "torch.txt",
        "--no-deps",
        "tensorflow-no-deps.txt",
        "minutes",
        "MB",
        "undo: ",
        "$ make",
    ):
        assert word in said.stdout
    assert everything_below(course.home) == []


def test_without_a_terminal_nothing_is_installed_unless_yes_is_said(course):
    said = course.dlwa("install")
    assert said.returncode == 1
    assert "--yes" in said.stderr
    assert everything_below(course.home) == []


def test_doctor_names_one_command_for_each_missing_part(course):
    course.add_day(registry=[{"name": "small", "kind": "starter", "file": "small.mag"}])
    said = course.dlwa("doctor", "--json")
    report = json.loads(said.stdout)
    assert said.returncode == 1
    assert report["ok"] is False
    parts = {part["name"]: part for part in report["parts"]}
    torch, tensorflow = (parts[f"the Python environment '{name}'"] for name in ("torch", "tensorflow"))
    assert (torch["ok"], torch["needed"], torch["fix"]) == (False, True, "setup/dlwa install")
    assert (tensorflow["ok"], tensorflow["needed"]) == (False, False)
    assert tensorflow["fix"] == "setup/dlwa install --env tensorflow"
    assert "small not here" in parts["checkpoints of 01_toy"]["found"]
    assert all(part["ok"] or part["fix"] for part in report["parts"])
    lines = course.dlwa("doctor")
    assert lines.returncode == 1
    assert "-> setup/dlwa install" in lines.stdout


@pytest.mark.parametrize(
    "file",
    [
        ".local/lib/pd/extra/py/py.pd_linux",
        "pd-externals/pyext.l_ia64",
        "Documents/Pd/externals/a/pym.pd_linux",
        "my objects/py/py.pd_linux",
        "libraries/py.l_i386",
    ],
)
def test_doctor_names_other_externals_of_the_same_names(course, file):
    def found():
        report = json.loads(course.dlwa("doctor", "--json").stdout)
        return next(part for part in report["parts"] if part["name"] == "other Python externals")

    own = course.home / ".local/lib/pd/extra/pyext/py.pd_linux"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"")
    settings = (
        f"npath: 1\npath1: {course.home}/my objects\nloadlib1: {course.home}/libraries/py\nloadlib2: py\n"
    )
    (course.home / ".pdsettings").write_text(settings)
    assert found()["ok"]
    (course.home / file).parent.mkdir(parents=True, exist_ok=True)
    (course.home / file).write_bytes(b"")
    part = found()
    assert not part["ok"] and part["found"] == str(course.home / file) and "start-up libraries" in part["fix"]


def test_doctor_says_what_keeps_a_models_program_from_the_machine(course):
    report = json.loads(course.dlwa("doctor", "--json").stdout)
    part = next(part for part in report["parts"] if part["name"] == "protection from models")
    assert "Landlock" in part["found"] and "bubblewrap" in part["found"]
    (course.home / "bin").mkdir()
    nothing = json.loads(course.dlwa("doctor", "--json", PATH=str(course.home / "bin")).stdout)
    part = next(part for part in nothing["parts"] if part["name"] == "protection from models")
    assert "bubblewrap is not installed" in part["found"]


@pytest.mark.parametrize("content", [None, "[{", "{}"])
def test_half_a_checkout_is_named_and_never_a_traceback(course, content):
    day = course.add_day(registry=[])
    registry = day / "checkpoints/registry.json"
    registry.unlink() if content is None else registry.write_text(content)
    said = course.dlwa("doctor", "--json")
    parts = {part["name"]: part for part in json.loads(said.stdout)["parts"]}
    assert parts["checkpoints of 01_toy"]["fix"] == "git checkout -- 01_toy"
    (day / "day.json").write_text("{")
    for command in (["doctor"], ["checkpoints", "list"], ["demo"]):
        said = course.dlwa(*command)
        assert said.returncode == 1
        assert "day.json" in said.stderr
        assert "Traceback" not in said.stderr


def test_train_and_dataset_run_the_days_own_programs(course):
    day = course.add_day(
        models={
            "tune": {
                task: {"module": "toy.train", "environment": "tensorflow"}
                for task in ("dataset", "train", "evaluate")
            }
        }
    )
    (day / "toy/__init__.py").write_text("")
    (day / "toy/train.py").write_text("import sys, pdworker.environments\nprint(sys.argv[1:])\nsys.exit(3)\n")
    for command in ("dataset", "train", "evaluate"):
        said = course.dlwa(command, "tune", "--steps", "5", "--help", DLWA_PYTHON_TENSORFLOW=sys.executable)
        assert said.stdout == "['--steps', '5', '--help']\n"
        assert said.returncode == 3


@pytest.mark.parametrize("place", ["slurm", "slurm:triton", "ssh:host"])
@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_a_program_that_can_only_run_here_is_not_sent_elsewhere(course, place, more):
    course.add_day(models={"tune": {"train": {"module": "toy.train", "elsewhere": False}}})
    said = course.dlwa("train", "tune", "--on", place, *more)
    assert said.returncode == 1
    assert said.stderr == "setup/dlwa: 'tune' can only be computed here\n    Leave --on out.\n"
    assert everything_below(course.home) == []


def test_which_programs_can_only_run_here():
    models = {name: tasks for day in all_days() for name, tasks in day.models.items()}
    trainings = {name: tasks["train"] for name, tasks in models.items() if "train" in tasks}
    assert {name for name, program in trainings.items() if not program.get("elsewhere", True)} == {"ganspace"}


def test_options_may_stand_before_and_behind_the_model(course):
    day = course.add_day(models={"tune": {"train": {"module": "toy.train"}}})
    (day / "toy/__init__.py").write_text("")
    (day / "toy/train.py").write_text("import sys\nprint(sys.argv[1:])\n")
    for words in (
        ["--yes", "tune", "data", "--steps", "5", "--run", "r"],
        ["--run", "r", "tune", "data", "--steps", "5", "--yes"],
    ):
        said = course.dlwa("train", *words, DLWA_PYTHON_TORCH=sys.executable)
        assert said.stdout == "['data', '--steps', '5', '--run', 'r']\n", said.stderr
    said = course.dlwa("train", "tune", "--run", "r", "--dry-run", DLWA_PYTHON_TORCH=sys.executable)
    assert said.stdout == f"$ {sys.executable} -m toy.train --run r\n"
    for words in (["--grid", "steps=1,2"], ["--on", "moon"]):
        said = course.dlwa("train", "tune", *words)
        assert (said.returncode, len(said.stderr.splitlines())) == (1, 2)


def test_uninstall_takes_its_own_and_leaves_the_users(course):
    library = course.home / ".local/lib/pd/extra/pyext"
    own = course.data / "checkpoints/mine.mag"
    others = course.home / ".local/lib/pd/extra/else/else.pd_linux"
    for path in (library / "py.pd_linux", course.data / "environments/torch/bin/python", own, others):
        path.parent.mkdir(parents=True)
        path.write_text("x")
    (course.data / "environments.json").write_text('{"torch": "x"}')
    (course.data / "packages.json").write_text('["puredata"]')
    refused = course.dlwa("uninstall")
    assert refused.returncode == 1
    assert library.exists()
    said = course.dlwa("uninstall", "--yes")
    assert said.returncode == 0, said.stderr
    assert everything_below(course.data) == ["checkpoints", "checkpoints/mine.mag"]
    assert not library.exists()
    assert others.exists()
    assert "apt-get remove puredata" in said.stdout
    assert "checkpoints" in said.stdout
    again = course.dlwa("uninstall", "--yes")
    assert (again.returncode, "Nothing of ours" in again.stdout) == (0, True)
