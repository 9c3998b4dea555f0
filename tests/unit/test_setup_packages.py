"""System packages through stand-ins for apt-get and sudo that note how they are called."""

import os
import sys

import pytest
from dlwakit.base.files import read_json
from dlwakit.install import packages, system
from dlwakit.install.components import ensure
from dlwakit.install.packages import PLAY, TEST, Packages, record_file
from modelfiles.errors import UserError


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A PATH with nothing but stand-ins; returns what makes one."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def stand_in(name, lines=""):
        note = (
            f"with open({str(tmp_path / 'asked')!r}, 'a') as file: print({name!r}, *sys.argv[1:], file=file)"
        )
        (folder / name).write_text(f"#!{sys.executable}\nimport os, sys\n{note}\n{lines}\n")
        (folder / name).chmod(0o755)

    stand_in.asked = lambda: (tmp_path / "asked").read_text().splitlines()
    stand_in.brought = lambda name: packages.file(tmp_path / name)
    stand_in.bring = f"if 'install' in sys.argv: open({str(tmp_path)!r} + '/' + sys.argv[-1], 'w')"
    return stand_in


def test_only_what_is_missing_is_installed(machine, monkeypatch):
    monkeypatch.setattr(packages, "is_root", lambda: True)
    machine("apt-get", machine.bring)
    group = Packages("toys", {"there": lambda: True, "gone": machine.brought("gone")})
    assert ensure([group], yes=True)
    assert machine.asked() == [
        "apt-get update",
        "apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=300 gone",
    ]
    assert read_json(record_file(), None) == ["gone"]
    assert not ensure([group], yes=True)


def test_sudo_where_one_is_not_root(machine, monkeypatch):
    monkeypatch.setattr(packages, "is_root", lambda: False)
    machine("apt-get", machine.bring)
    machine("sudo", "if sys.argv[1] != '-v': os.execvp(sys.argv[1], sys.argv[1:])")
    ensure([Packages("toys", {"gone": machine.brought("gone")})], yes=True)
    assert [line for line in machine.asked() if line.startswith("sudo")] == [
        "sudo -v",
        "sudo apt-get update",
        "sudo apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=300 gone",
    ]


@pytest.mark.parametrize("sudo", [None, "sys.exit(1)"])
def test_who_is_no_administrator_gets_the_line_for_one(machine, monkeypatch, capfd, sudo):
    monkeypatch.setattr(packages, "is_root", lambda: False)
    machine("apt-get")
    if sudo:
        machine("sudo", sudo)
    with pytest.raises(UserError):
        ensure([Packages("toys", {"gone": lambda: False})], yes=True)
    assert "apt-get install --yes" in capfd.readouterr().err


def test_one_outdated_package_source_does_not_matter(machine, monkeypatch):
    monkeypatch.setattr(packages, "is_root", lambda: True)
    machine("apt-get", f"{machine.bring}\nsys.exit('update' in sys.argv)")
    ensure([Packages("toys", {"gone": machine.brought("gone")})], yes=True)


def test_a_package_that_apt_does_not_know(machine, monkeypatch, capsys):
    monkeypatch.setattr(packages, "is_root", lambda: True)
    machine("apt-get", "sys.exit('E: Unable to locate package gone' if 'install' in sys.argv else 0)")
    with pytest.raises(UserError):
        ensure([Packages("toys", {"gone": lambda: False})], yes=True)
    said = capsys.readouterr().err
    assert "Unable to locate package gone" in said
    assert "add-apt-repository universe" in said


def test_a_system_without_apt_gets_the_list(machine, capsys):
    with pytest.raises(UserError):
        ensure([Packages("toys", {"gone": lambda: False})], yes=True)
    assert "what Debian calls: gone" in capsys.readouterr().err


def test_one_failing_part_does_not_keep_the_others_from_being_made(machine, tmp_path, capsys):
    class Other(Packages):
        def make(self):
            (tmp_path / "made").touch()

    with pytest.raises(UserError, match="1 of 2 components"):
        ensure(
            [Packages("toys", {"gone": lambda: False}), Other("others", {"made": machine.brought("made")})],
            yes=True,
        )
    assert (tmp_path / "made").exists()


def test_this_machine_has_what_the_tests_run_on():
    assert [name for name, is_there in {**PLAY, **TEST}.items() if not is_there()] == []


def test_distributions_are_told_apart(tmp_path):
    file = tmp_path / "os-release"
    file.write_text('PRETTY_NAME="Ubuntu 24.04.2 LTS"\nVERSION_ID="24.04"\nID=ubuntu\n')
    assert system.distribution(file) == ("ubuntu", "24.04", "Ubuntu 24.04.2 LTS")
    assert system.distribution(file)[:2] in system.SUPPORTED
    assert system.distribution(os.devnull)[:2] == ("", "")
