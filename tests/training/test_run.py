"""A training and its folder: it goes on where it stopped, says how it is, and loses nothing."""

import csv
import json
import math
import os
import signal
import subprocess
import sys

import pytest
from dlwakit.runs import folder as files
from dlwakit.runs import local
from dlwakit.training.patience import ENDLESS
from dlwakit.training.run import Plot, Run
from dlwakit.training.verdict import judge
from modelfiles.errors import UserError
from support.tools import need_environment
from support.waiting import wait_until


def rows(folder):
    with (folder / "history.csv").open(newline="") as file:
        return [{name: float(cell) for name, cell in row.items()} for row in csv.DictReader(file)]


def run(command, **options):
    return subprocess.run(**command, capture_output=True, text=True, timeout=120, **options)


def new(folder, chosen=None, **changes):
    options = {"goal": 10, "check_every": 5, "plots": [Plot("loss", {"loss": "loss"})], "watch": "loss"}
    return Run(folder, "toy", {"rate": 1, "seed": 0}, chosen or {}, **{**options, **changes})


@pytest.mark.slow
def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path, toy):
    whole = run(toy("--run", tmp_path / "whole"))
    assert whole.returncode == 0, whole.stderr
    first = run(toy("--run", tmp_path / "halves", "--steps", 20))
    second = run(toy("--run", tmp_path / "halves"))
    assert "toy goes on from step 20" in second.stdout, first.stderr + second.stderr
    drop = [{name: row[name] for name in ("step", "loss", "held_out")} for row in rows(tmp_path / "whole")]
    assert [{name: row[name] for name in drop[0]} for row in rows(tmp_path / "halves")] == drop
    facts = json.loads((tmp_path / "halves/run.json").read_text())
    assert [start["step"] for start in facts["starts"]] == [0, 20]
    assert facts["settings"] == {"learning_rate": 0.02, "seed": 0}
    assert {"python", "numpy"} <= facts["starts"][0]["versions"].keys()
    assert "done: 40 steps" in (tmp_path / "halves/log.txt").read_text()
    assert [row["seconds"] for row in rows(tmp_path / "halves")] == sorted(
        row["seconds"] for row in rows(tmp_path / "halves")
    )


@pytest.mark.slow
def test_a_page_is_there_at_once_and_a_line_after_twenty_steps(tmp_path, toy):
    words = ("--run", tmp_path / "run", "--steps", 10**6, "--check-every", 10**6, "--pause", 0.01)
    with subprocess.Popen(
        **toy(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        said = [running.stdout.readline(), running.stdout.readline()]
        assert (tmp_path / "run/report.html").exists()
        running.kill()
    assert said[0].startswith("toy begins")
    assert said[1].startswith("step 20/") and "left" in said[1]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_the_command_line_says_that_a_training_was_killed(tmp_path, away, number):
    words = ["train", "toy", "--run", tmp_path / "run", "--steps", 10**6, "--pause", 0.01]
    command = [sys.executable, "-u", away.root / "setup/dlwa", *map(str, words)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=away.environment(**away.variables), **pipes) as running:
        wait_until(lambda: "pid" in files.read_state(tmp_path / "run"), "a state")
        os.kill(files.read_state(tmp_path / "run")["pid"], number)
        _, said = running.communicate()
    assert running.returncode == 128 + number
    assert said.splitlines()[0].startswith("setup/dlwa: toy: the program was ended from outside")
    assert "the same command goes on" in said


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["SIGINT", "SIGTERM", "SIGUSR1"])
def test_a_signal_stops_it_after_the_step_in_hand(tmp_path, toy, kind):
    program = toy("--run", tmp_path / "run", "--steps", 10**6, "--pause", 0.02, "--check-every", 7)
    with subprocess.Popen(**program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        for line in running.stdout:
            if line.startswith("step 7/"):
                running.send_signal(getattr(signal, kind))
    assert running.returncode == 130
    state = files.read_state(tmp_path / "run")
    assert (state["state"], state["message"]) == ("stopped", kind)
    assert state["step"] == rows(tmp_path / "run")[-1]["step"] >= 7
    again = run(toy("--run", tmp_path / "run", "--steps", state["step"]))
    assert f"toy goes on from step {state['step']}" in again.stdout
    assert files.read_state(tmp_path / "run")["state"] == "done"


def test_a_run_that_ends_by_time_tells_no_goal_before_its_speed_is_known(tmp_path, capsys):
    with new(tmp_path / "run", goal=ENDLESS, minutes=1) as run:
        run.begin(0)
        run.check(5, loss=0.5)
        run.report()
        assert local.state(tmp_path / "run").line() == "running, step 5"
        assert "running at step 5<" in (tmp_path / "run/report.html").read_text()
        run.goal = 200
        run.check(10, loss=0.25)
    said = capsys.readouterr().out.splitlines()
    assert said[1] == "step 5  loss 0.5" and said[2].startswith("step 10/200  loss 0.25  ")


def test_what_came_after_the_checkpoint_is_forgotten_when_it_was_killed(tmp_path):
    with new(tmp_path / "run") as first:
        first.begin(0)
        for step in (5, 10):
            first.check(step, loss=step)
    with new(tmp_path / "run", goal=15) as second:
        second.begin(5)
        second.check(10, loss=99)
    assert [(row["step"], row["loss"]) for row in rows(tmp_path / "run")] == [(5, 5), (10, 99)]


@pytest.mark.slow
def test_two_trainings_in_one_folder(tmp_path, toy):
    program = toy("--run", tmp_path / "run", "--steps", 10**6, "--pause", 0.05)
    with subprocess.Popen(**program, stdout=subprocess.PIPE, text=True) as running:
        running.stdout.readline()
        refused = run(toy("--run", tmp_path / "run"))
        os.kill(running.pid, signal.SIGTERM)
    assert refused.returncode == 1
    assert f"another training (process {running.pid}) is at work in" in refused.stderr
    assert "setup/dlwa runs stop run" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert files.read_state(tmp_path / "run")["pid"] == running.pid


@pytest.mark.slow
def test_other_settings_are_refused_and_change_nothing(tmp_path, toy):
    assert run(toy("--run", tmp_path / "run", "--steps", 5)).returncode == 0
    before = (tmp_path / "run/run.json").read_bytes()
    refused = run(toy("--run", tmp_path / "run", "--learning-rate", 0.5))
    assert refused.returncode == 1
    assert "began with learning_rate 0.02, not 0.5; give another --run" in refused.stderr
    assert (tmp_path / "run/run.json").read_bytes() == before
    with pytest.raises(UserError, match="holds a run of 'toy', not of 'other'"):
        Run(tmp_path / "run", "other", {}, {}, goal=1, check_every=1, plots=[], watch="")


@pytest.mark.slow
def test_a_run_whose_facts_cannot_be_read_does_not_begin_anew(tmp_path, toy):
    assert run(toy("--run", tmp_path / "run", "--steps", 10)).returncode == 0
    facts = tmp_path / "run" / files.RUN
    facts.write_text("{")
    before = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    again = run(toy("--run", tmp_path / "run", "--steps", 20))
    assert again.returncode == 1
    assert f"{facts}: " in again.stderr and "Traceback" not in again.stderr
    assert before == {path: path.read_bytes() for path in before}


def test_a_setting_that_may_change(tmp_path):
    with new(tmp_path / "run", {"data": "here"}, may_change=("data",)):
        pass
    assert new(tmp_path / "run", may_change=("data",)).settings["data"] == "here"
    assert new(tmp_path / "run", {"data": "there"}, may_change=("data",)).settings["data"] == "there"


@pytest.mark.slow
def test_minutes_end_it_with_a_check_and_more_of_them_go_on(tmp_path, toy):
    command = ("--run", tmp_path / "run", "--steps", 10**6, "--check-every", 10**6, "--pause", 0.02)
    assert run(toy(*command, "--minutes", 0.02)).returncode == 0
    state = files.read_state(tmp_path / "run")
    assert (state["state"], state["message"]) == ("done", "0.02 minutes of training")
    (row,) = rows(tmp_path / "run")
    assert row["step"] == state["step"] > 1 and row["seconds"] >= 1.2
    assert run(toy(*command, "--minutes", 0.02)).returncode == 0
    assert rows(tmp_path / "run") == [row]
    assert run(toy(*command, "--minutes", 0.03)).returncode == 0
    assert rows(tmp_path / "run")[1]["step"] > row["step"]


def test_a_run_of_an_older_version_keeps_its_settings(tmp_path):
    (tmp_path / "run").mkdir()
    files.write_run(
        tmp_path / "run", {"model": "toy", "settings": {"config": "big", "batch": 4, "rate": 0.5}}
    )
    defaults = {"preset": "small", "batch_size": 8, "learning_rate": 0.1, "seed": 0}
    again = Run(tmp_path / "run", "toy", defaults, {}, goal=1, check_every=1, plots=[], watch="")
    assert again.settings == {"preset": "big", "batch_size": 4, "learning_rate": 0.5, "seed": 0}


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_what_was_saved_is_whole(tmp_path, toy):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], check=True)
    try:
        assert run(toy("--run", disk / "run", "--steps", 10)).returncode == 0
        before = (disk / "run/checkpoints/toy.npz").read_bytes()
        full = run(toy("--run", disk / "run", "--heavy", 4_000_000))
        assert full.returncode == 1
        assert full.stderr.splitlines() == [
            f"setup/dlwa train toy: no room left on the disk of {disk / 'run'}: what was saved before is whole; "
            "free some space, then the same command goes on"
        ]
        assert (disk / "run/checkpoints/toy.npz").read_bytes() == before
        (disk / "run/checkpoints/toy.part.npz").unlink()
        assert "goes on from step 10" in run(toy("--run", disk / "run")).stdout
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_loss_that_is_no_number_ends_it_with_a_line(tmp_path, toy):
    said = run(toy("--run", tmp_path / "run", "--learning-rate", 1e200))
    assert said.returncode == 1
    assert "loss is no number any more at step" in said.stderr.splitlines()[-1]
    assert files.read_state(tmp_path / "run")["state"] == "failed"


@pytest.mark.tensorflow
def test_tensorboard_reads_the_event_files(tmp_path, toy):
    assert run(toy("--run", tmp_path / "run", "--steps", 20)).returncode == 0
    assert run(toy("--run", tmp_path / "run", "--steps", 30)).returncode == 0
    program = (
        "import json, sys\n"
        "from tensorboard.backend.event_processing.event_accumulator import EventAccumulator\n"
        "events = EventAccumulator(sys.argv[1]); events.Reload()\n"
        "scalars = [(event.step, event.value) for event in events.Scalars('held_out')]\n"
        "print(json.dumps([scalars, [event.step for event in events.Audio('preview')]]))\n"
    )
    said = run(
        {"args": [need_environment("tensorflow"), "-W", "ignore", "-c", program, tmp_path / "run/events"]}
    )
    scalars, previews = json.loads(said.stdout.splitlines()[-1])
    assert scalars == [
        [row["step"], pytest.approx(row["held_out"], rel=1e-5)] for row in rows(tmp_path / "run")
    ]
    assert previews[-1] == 30


def history(*values, learned=None):
    return [
        {"step": 10 * (place + 1), "x": value, **({"y": learned[place]} if learned else {})}
        for place, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    "rows, kind, word",
    [
        (history(5, 4), "early", "so far: 2"),
        (history(8, 6, 5, 4, 3.5, 3.2, 3.0, 2.8), "learning", "fell from 8 to 2.8"),
        (history(8, 4, 3, 2.5, 2.41, 2.40, 2.40, 2.40), "done", "hardly changed"),
        (history(8, 4, 3, 2.8, 3, 3.4, 3.6, 4, learned=[8, 4, 3, 2, 1.6, 1.2, 1, 0.8]), "wrong", "memorises"),
        (history(8, 4, 3, 2.8, 3, 3.4, 3.6, 4), "wrong", "learning rate"),
        (history(8, 4, math.nan, 3), "wrong", "no number"),
    ],
)
def test_the_verdict(rows, kind, word):
    verdict = judge(rows, "x", "y" if "y" in rows[0] else "")
    assert verdict.kind == kind
    assert word in f"{verdict.headline} {verdict.why}"


def test_a_verdict_beside_a_healthy_run():
    slow = history(8, 7.5, 7, 6.5)
    assert "A healthy run had 2 by now" in judge(slow, "x", healthy=history(8, 4, 3, 2)).why
    assert "healthy" not in judge(slow, "x", healthy=slow).why


def test_a_model_that_was_best_before_its_first_step_is_no_fault_of_the_page():
    rows = history(3, 4, 4, 4, 4, 4, 4, 4, learned=[9, 8, 7, 6, 5, 4, 3, 2])
    del rows[0]["y"]  # a check of the weights that it begins with
    assert judge(rows, "x", "y").kind == "wrong"
