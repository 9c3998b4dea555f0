"""Trainings on another machine, through a real sshd: what goes up, what comes back, and a connection that is cut."""

import json
import subprocess
import sys

import pytest
from ssh_server import SshServer
from support.waiting import wait_until

pytestmark = pytest.mark.slow

LONG = ("--steps", 10**6, "--pause", 0.05)


@pytest.fixture(scope="module")
def server(away, tmp_path_factory):
    server = SshServer(tmp_path_factory.mktemp("ssh"), away.variables)
    yield server
    server.close()


@pytest.fixture
def dlwa(away, server, tmp_path, monkeypatch):
    """`dlwa(...)` runs the course's command line in a folder of the test, where `ssh labmachine` works."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        return away.dlwa(*arguments, **away.variables, **server.environment)

    run.popen = lambda *arguments: subprocess.Popen(
        [sys.executable, "-u", away.root / "setup/dlwa", *map(str, arguments)],
        env=away.environment(**away.variables, **server.environment),
        stdout=subprocess.PIPE,
        text=True,
    )
    return run


def state(dlwa, name):
    said = dlwa("runs", "list", "--json", name)
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)[0]["state"]


def steps(lines):
    return [int(line.split("/")[0][5:]) for line in lines if line.startswith("step ")]


def test_a_training_outlives_its_connection(dlwa, server, tmp_path):
    (tmp_path / "noise level.txt").write_text("0.05")
    command = ("train", "toy", "--run", "mine", "--data", "noise level.txt", "--on", "ssh:labmachine")
    begun = dlwa(*command, *LONG)
    assert begun.returncode == 0, begun.stderr
    there = server.home / "dlwa-training/runs/toy/mine"
    with dlwa.popen("runs", "follow", "mine") as following:
        heard = []
        for line in following.stdout:
            heard.append(line)
            if line.startswith("step 10/"):
                break
        server.cut()
        before = (there / "history.csv").read_text()
        for line in following.stdout:
            heard.append(line)
            if line.startswith("(unknown"):
                break
        assert "labmachine" in heard[-1]
        wait_until(lambda: (there / "history.csv").read_text() != before, "it to go on alone")
        server.start()
        second = dlwa(*command, *LONG)
        assert second.returncode == 1
        assert "the run 'mine' is there already: running, step" in second.stderr
        stopped = dlwa("runs", "stop", "mine")
        assert stopped.stdout.startswith("mine: stopped, step "), stopped.stderr
        heard += following.stdout.readlines()
        assert heard[-1].startswith("(stopped, step ")
    assert steps(heard) == sorted(set(steps(heard))), "a line was lost or heard twice"
    assert steps(heard)[:3] == [5, 10, 15]
    last = state(dlwa, "mine")["step"]

    assert dlwa(*command, "--steps", last + 5).returncode == 0
    wait_until(lambda: state(dlwa, "mine")["word"] == "done", "the end")
    fetched = dlwa("runs", "fetch", "mine")
    assert fetched.stdout == f"here: {tmp_path / 'mine'}\n", fetched.stderr
    facts = json.loads((tmp_path / "mine/run.json").read_text())
    assert [start["step"] for start in facts["starts"]] == [0, last]
    assert facts["data"]["noise"] == 0.05
    for name in ("checkpoints/toy.npz", "history.csv", "report.html", "output.txt"):
        assert (tmp_path / "mine" / name).read_bytes() == (there / name).read_bytes()


def test_what_has_begun_here_goes_on_there(dlwa, toy, server, tmp_path):
    subprocess.run(**toy("--run", "both", "--steps", 10), check=True, capture_output=True)
    assert dlwa("train", "toy", "--run", "both", "--steps", 15, "--on", "ssh:labmachine").returncode == 0
    wait_until(lambda: state(dlwa, "both")["word"] == "done", "the end")
    assert "toy goes on from step 10" in (server.home / "dlwa-training/runs/toy/both/output.txt").read_text()


def test_two_runs_with_one_name(dlwa, tmp_path):
    (tmp_path / "other").mkdir()
    command = ("train", "toy", "--steps", 5, "--on", "ssh:labmachine", "--run")
    assert dlwa(*command, "same").returncode == 0
    refused = dlwa(*command, "other/same")
    assert refused.returncode == 1
    assert f"labmachine has a run 'same' of {tmp_path / 'same'}" in refused.stderr


def test_what_fails_over_there_is_said(dlwa):
    assert (
        dlwa("train", "toy", "--run", "bad", "--data", "/nowhere", "--on", "ssh:labmachine").returncode == 0
    )
    wait_until(lambda: state(dlwa, "bad")["word"] == "failed", "it to fail")
    assert state(dlwa, "bad")["note"] == "setup/dlwa train toy: there is no /nowhere"


@pytest.mark.parametrize(
    "host, complaint",
    [
        ("no.such.host.invalid", "no.such.host.invalid: ssh: Could not resolve"),
        ("", "there is no place 'ssh:'"),
    ],
)
def test_a_host_that_does_not_answer(dlwa, host, complaint):
    said = dlwa("train", "toy", "--run", "run", "--on", f"ssh:{host}")
    assert said.returncode == 1
    assert complaint in said.stderr
    assert "Traceback" not in said.stderr


def test_a_dry_run_starts_nothing(dlwa, server):
    said = dlwa("train", "toy", "--run", "dry", "--steps", 5, "--on", "ssh:labmachine", "--dry-run")
    assert said.returncode == 0
    assert "$ rsync -a" in said.stdout and "setsid nohup python3 course/setup/dlwa train" in said.stdout
    assert not (server.home / "dlwa-training/runs/toy/dry").exists()
