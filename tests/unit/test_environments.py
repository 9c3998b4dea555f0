"""Which interpreter a worker gets, and what is said when there is none."""

import json
import sys
from pathlib import Path

import pytest
from pdworker.environments import EnvironmentMissing, data_folder, find_python, state_folder


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "DLWA_PYTHON_TORCH", "DLWA_PYTHON_TENSORFLOW"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def program(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def record(**environments):
    data_folder().mkdir(parents=True)
    (data_folder() / "environments.json").write_text(json.dumps(environments))


def test_folders_follow_the_xdg_specification(home, monkeypatch):
    assert data_folder() == home / ".local/share/dlwa"
    assert state_folder() == home / ".local/state/dlwa"
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    monkeypatch.setenv("XDG_STATE_HOME", "relative/is/ignored")
    assert data_folder() == Path("/data/dlwa")
    assert state_folder() == home / ".local/state/dlwa"


def test_the_message_wins_over_the_variable_over_the_record(home, monkeypatch):
    first, second, third = (program(home / name / "python") for name in ("a b", "second", "third"))
    record(torch=str(third))
    assert find_python("torch") == third
    monkeypatch.setenv("DLWA_PYTHON_TORCH", str(second))
    assert find_python("torch") == second
    assert find_python("torch", "~/a b/python") == first


def test_a_command_name_is_looked_up_and_links_are_kept(home, monkeypatch):
    link = home / "env/bin/python"
    link.parent.mkdir(parents=True)
    link.symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(link.parent))
    assert find_python("torch", "python") == link  # following the link would leave a virtual environment


INSTALL = "run: setup/dlwa install --env tensorflow"
MISSING = [
    (None, {}, {}, "the environment 'tensorflow' is not installed", INSTALL),
    (None, {}, {"torch": "/bin/sh"}, "'tensorflow' is not installed", INSTALL),
    (None, {}, {"tensorflow": 3}, "'tensorflow' is not installed", INSTALL),
    (None, {}, ["no", "object"], "'tensorflow' is not installed", INSTALL),
    (None, {}, {"tensorflow": "/gone/python"}, "/gone/python, which is not there", INSTALL),
    (None, {"DLWA_PYTHON_TENSORFLOW": "/gone/p"}, {"tensorflow": "/bin/sh"}, "TENSORFLOW asks for", "unset"),
    ("/gone/q", {}, {"tensorflow": "/bin/sh"}, "the load message asks for the Python /gone/q", "--python"),
    ("/etc/passwd", {}, {"tensorflow": "/bin/sh"}, "or cannot be run", "--python"),
    ("/tmp", {}, {"tensorflow": "/bin/sh"}, "or cannot be run", "--python"),
]


@pytest.mark.parametrize("explicit, variables, recorded, message, hint", MISSING)
def test_what_is_missing_is_told_with_what_mends_it(
    monkeypatch, explicit, variables, recorded, message, hint
):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    data_folder().mkdir(parents=True)
    (data_folder() / "environments.json").write_text(json.dumps(recorded))
    with pytest.raises(EnvironmentMissing) as caught:
        find_python("tensorflow", explicit)
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"{", b"\xff"])
def test_a_broken_record_is_told(content):
    data_folder().mkdir(parents=True)
    (data_folder() / "environments.json").write_bytes(content)
    with pytest.raises(EnvironmentMissing, match=r"cannot read .*setup/dlwa install"):
        find_python("torch")
