"""Trainings in a real Slurm: its time limit, its array, its queue, and what goes wrong there."""

import csv
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from ai_duet.training.melodies import Melody, split
from slurm_cluster import SlurmCluster
from support.melody_files import tune
from support.waiting import wait_until

pytestmark = pytest.mark.slow

PROFILE = """
about: the cluster of the tests
minutes: 2
warning: 60
sbatch:
  partition: classroom
  mem: 500M
"""
LONG = ("--steps", 10**6, "--pause", 0.05)


@pytest.fixture(scope="module")
def slurm(away, tmp_path_factory):
    with SlurmCluster(tmp_path_factory.mktemp("slurm")) as cluster:
        (away.root / "laptop.yml").write_text(PROFILE)
        yield cluster


@pytest.fixture
def dlwa(away, slurm, tmp_path, monkeypatch):
    """`dlwa(...)` runs the course's command line in a folder of the test, with Slurm's commands at hand."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        return away.dlwa(*arguments, **away.variables, **slurm.environment)

    run.popen = lambda *arguments: subprocess.Popen(
        [sys.executable, away.root / "setup/dlwa", *map(str, arguments)],
        env=away.environment(**away.variables, **slurm.environment),
        stdout=subprocess.PIPE,
        text=True,
    )
    run.profile = f"slurm:{away.root / 'laptop.yml'}"
    return run


def state(dlwa, name):
    said = dlwa("runs", "list", "--json", name)
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)[0]["state"]


def job(dlwa, name):
    return json.loads(dlwa("runs", "list", "--json", name).stdout)[0]["place"]["job"]


def rows(folder):
    try:
        with (folder / "history.csv").open(newline="") as file:
            return [{name: float(cell) for name, cell in row.items()} for row in csv.DictReader(file)]
    except FileNotFoundError:
        return []


def read(folder, name):
    try:
        return (folder / name).read_text()
    except FileNotFoundError:
        return ""


def melodies(folder):
    lines = {str(seed): tune(seed, notes=72) for seed in range(20)}
    split(
        [Melody(name, 16, tuple(e for p in line for e in (p, -2))) for name, line in lines.items()], "test"
    ).save(folder)
    return folder


def sounds(folder):
    folder.mkdir()
    tone = np.int16(9000 * np.sin(np.arange(8 * 4000) / 5)).reshape(8, 4000)
    np.save(folder / "train.npy", tone)
    np.save(folder / "validation.npy", tone[:1])
    (folder / "dataset.json").write_text(json.dumps({"sample_rate": 8000}))
    sizes = {"frame_sizes": [4, 16], "dim": 24, "num_rnn_layers": 1, "emb_size": 8, "seq_len": 128}
    (folder / "small.json").write_text(json.dumps({**sizes, "sample_rate": 8000}))
    return folder


def seam(folder):
    """The step at which the time limit stopped a run, and from which it has gone on; None until then."""
    found = re.search(r"stopped at step (\d+);.* goes on from step \1 ", read(folder, "log.txt"), re.DOTALL)
    return found and int(found[1])


def test_two_models_meet_their_time_limit_and_go_on(dlwa, slurm, tmp_path):
    notes, tones = melodies(tmp_path / "notes"), sounds(tmp_path / "tones")
    small = (
        "--network",
        "lookback_rnn",
        "--layers",
        "8,8",
        "--batch-size",
        4,
        "--window",
        64,
        "--from",
        "nothing",
    )
    runs = {
        "melody": ("--data", notes, *small, "--check-every", 20),
        "samplernn": (tones, "--preset", tones / "small.json", "--check-every", 50),
    }
    before = {}
    for model, arguments in runs.items():
        run = tmp_path / model
        longer = ("--steps", 10**6, "--threads", 1)
        said = dlwa("train", model, *arguments, *longer, "--on", dlwa.profile, "--run", run)
        assert said.returncode == 0, said.stderr
        before[model] = wait_until(lambda run=run: rows(run)[3:] and rows(run), f"{model} to start")
    for model in runs:
        run = tmp_path / model
        step = wait_until(lambda run=run: seam(run), f"{model} to go on after the limit", 480)
        wait_until(
            lambda run=run, step=step: sum(row["step"] > step for row in rows(run)) > 3, "no more checks"
        )
        assert dlwa("runs", "stop", model).returncode == 0
        after = rows(run)
        assert after[: len(before[model])] == before[model]
        losses = np.array([row[json.loads(read(run, "run.json"))["learned"]] for row in after])
        last = sum(row["step"] <= step for row in after)
        jump = losses[last : last + 4].mean() - losses[last - 4 : last].mean()
        assert losses[-4:].mean() < losses[0]
        assert jump < 0.1 * (losses[0] - losses.min())


def test_follow_stop_and_go_on(dlwa, tmp_path):
    command = ("train", "toy", "--run", tmp_path / "mine", "--on", dlwa.profile, *LONG)
    assert dlwa(*command).returncode == 0
    with dlwa.popen("runs", "follow", "mine") as following:
        for line in following.stdout:
            if line.startswith("step 10/"):
                break
        second = dlwa(*command)
        assert second.returncode == 1
        assert "the run 'mine' is there already: running, step" in second.stderr
        stopped = dlwa("runs", "stop", "mine")
        assert stopped.stdout.startswith("mine: stopped, step "), stopped.stderr
        assert "(stopped, step" in following.stdout.read()
    last = json.loads(read(tmp_path / "mine", "state.json"))["step"]
    again = dlwa("train", "toy", "--run", tmp_path / "mine", "--on", dlwa.profile, "--steps", last + 5)
    assert again.returncode == 0, again.stderr
    wait_until(lambda: state(dlwa, "mine")["word"] == "done", "the end")
    assert f"toy goes on from step {last}" in read(tmp_path / "mine", "output.txt")
    assert dlwa("runs", "fetch", "mine").stdout == f"here: {tmp_path / 'mine'}\n"
    assert dlwa("runs", "report", "--no-open", "mine").returncode == 0
    assert b"<audio" in (tmp_path / "mine/report.html").read_bytes()


def test_a_grid_is_one_array_of_runs(dlwa, slurm, tmp_path):
    said = dlwa(
        *("train", "toy", "--run", tmp_path / "rates", "--on", dlwa.profile, "--steps", 10),
        *("--grid", "learning-rate=0.01,0.02,0.04"),
    )
    assert said.returncode == 0, said.stderr
    names = [f"learning-rate={rate}" for rate in (0.01, 0.02, 0.04)]
    for name in names:
        wait_until(lambda name=name: state(dlwa, name)["word"] == "done", f"the end of {name}")
    assert len({job(dlwa, name).partition("_")[0] for name in names}) == 1
    losses = [rows(tmp_path / "rates" / name)[-1]["held_out"] for name in names]
    assert losses == sorted(losses, reverse=True) and len(set(losses)) == 3


def test_a_lost_node_loses_nothing(dlwa, slurm, tmp_path):
    assert dlwa("train", "toy", "--run", tmp_path / "lost", "--on", dlwa.profile, *LONG).returncode == 0
    wait_until(lambda: len(rows(tmp_path / "lost")) >= 3, "the start")
    slurm.kill("slurmd")
    try:
        waiting = wait_until(
            lambda: (now := state(dlwa, "lost"))["word"] == "waiting" and now, "the loss was not noticed"
        )
        assert waiting["note"].startswith("in the queue (")
    finally:
        slurm.start_node()
    wait_until(lambda: "toy goes on from step" in read(tmp_path / "lost", "output.txt"), "it to go on")
    steps = [row["step"] for row in rows(tmp_path / "lost")]
    assert steps == sorted(set(steps))
    assert dlwa("runs", "stop", "lost").returncode == 0


def test_what_slurm_refuses_is_said(dlwa, tmp_path):
    (tmp_path / "bad.yml").write_text(PROFILE.replace("classroom", "nowhere"))
    said = dlwa("train", "toy", "--run", tmp_path / "run", "--on", f"slurm:{tmp_path / 'bad.yml'}")
    assert said.returncode == 1
    assert "Slurm refuses the job: " in said.stderr and "invalid partition" in said.stderr
    assert dlwa("runs", "list").stdout.find(" run ") == -1


@pytest.mark.parametrize(
    "line, arguments, complaint",
    [
        ("module load no_such_module", (), "'module load no_such_module' failed on "),
        (
            "export PATH=$PATH",
            ("--data", "/nowhere/noise"),
            "setup/dlwa train toy: there is no /nowhere/noise",
        ),
    ],
)
def test_what_fails_in_the_job_is_said(dlwa, tmp_path, line, arguments, complaint):
    (tmp_path / "profile.yml").write_text(f"{PROFILE}setup:\n- {line}\n")
    place = f"slurm:{tmp_path / 'profile.yml'}"
    assert dlwa("train", "toy", "--run", tmp_path / "early", "--on", place, *arguments).returncode == 0
    failed = wait_until(lambda: (now := state(dlwa, "early"))["word"] == "failed" and now, "it to fail")
    assert failed["note"].startswith(complaint)
    assert dlwa("runs", "follow", "early").returncode == 1
