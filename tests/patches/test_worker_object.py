"""What every day's object has in common, in real Pd with a toy day."""

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest
from support.external import EXTERNAL
from support.worker_desk import ended, wait_until

HERE = Path(__file__).parent / "worker_object"
OUT = "toy-out"


@pytest.fixture
def toy(play, tmp_path):
    """The toy patch, open in Pd, in a folder with a blank in its name."""
    folder = tmp_path / "01 toy"
    shutil.copytree(HERE, folder)
    variables = {
        "DLWA_PYTHON_TORCH": sys.executable,
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "HOME": str(tmp_path),
    }
    pd = play([folder / "toy.pd"], ["-lib", "py"], path=[EXTERNAL], listen=[OUT], environment=variables)
    assert pd.errors() == []
    return pd


def facts(message):
    assert message[:2] == ["worker", "on"]
    return message[2:]


def test_load_answers_with_facts(toy):
    toy.send("toy", "load", "my", "voice", 2, "--speed", 0.5, "--loop")
    toy.expect(OUT, "progress", 0, "loading")
    toy.expect(OUT, "progress", 0.25, "reading")
    toy.expect(OUT, "progress", 1, "loaded")
    said = facts(toy.expect(OUT, "worker", "on"))
    given = ["name", "my voice 2", "engine", "small", "speed", 0.5, "loop", 1]
    made = ["folders", 3, "beside", "01 toy", "sizes", 512, 512, "pid"]
    assert said[:-1] == given + made
    toy.expect(OUT, "hook", "my voice 2")
    toy.send("toy", "add", 2, 3)
    toy.expect(OUT, "added", 5)
    assert toy.errors() == []


def test_status_unload_and_the_end_of_pd(toy):
    toy.send("toy", "status")
    toy.expect(OUT, "status", "off")
    toy.expect(OUT, "worker", "off")
    toy.send("toy", "load", "a")
    first = int(toy.expect(OUT, "worker", "on")[-1])
    toy.send("toy", "status")
    toy.expect(OUT, "status", "ready")
    toy.expect(OUT, "worker", "on", "name", "a")
    toy.send("toy", "unload")
    toy.expect(OUT, "worker", "off")
    wait_until(lambda: ended(first), "the end of the worker")
    toy.send("toy", "load", "b")
    second = int(toy.expect(OUT, "worker", "on")[-1])
    assert toy.quit() == 0
    wait_until(lambda: ended(second), "the end of the worker")
    assert toy.errors() == []


def test_no_worker_outlives_a_killed_pd(toy):
    toy.send("toy", "load", "a")
    pid = int(toy.expect(OUT, "worker", "on")[-1])
    toy.process.send_signal(signal.SIGKILL)
    wait_until(lambda: ended(pid), "the end of the worker")


def test_a_closed_patch_ends_its_worker(toy):
    toy.send("toy", "load", "a")
    pid = int(toy.expect(OUT, "worker", "on")[-1])
    toy.send("pd-toy.pd", "menuclose", 1)
    toy.sync()
    wait_until(lambda: ended(pid), "the end of the worker")


def test_cancel(toy):
    toy.send("toy", "load", "a")
    toy.expect(OUT, "worker", "on")
    toy.send("toy", "wait", 600)
    toy.expect(OUT, "progress", 0, "waiting")
    toy.send("toy", "cancel")
    toy.expect(OUT, "progress", 0, "cancelled")
    toy.send("toy", "add", 1, 1)
    toy.expect(OUT, "added", 2)
    assert ["waited"] not in toy.received[OUT]
    assert toy.received[OUT][-1] == ["added", 2.0]


def test_a_killed_worker_is_told_and_can_be_loaded_again(toy):
    toy.send("toy", "load", "a")
    os.kill(int(toy.expect(OUT, "worker", "on")[-1]), signal.SIGKILL)
    line = toy.expect(OUT, "error")
    assert line == ["error", "toy ended, killed by SIGKILL - load it again"]
    toy.expect(OUT, "worker", "off")
    toy.expect_console(".log]")
    assert len(toy.errors()) == 1
    toy.send("toy", "load", "b")
    toy.expect(OUT, "worker", "on", "name", "b")


FAULTS = [
    (["load", "missing"], "there is no checkpoint 'missing' - have a look into checkpoints/", "toy: "),
    (["load"], "load: missing a required argument: 'checkpoint'", "toy: "),
    (["load", "a", "--colour", "red"], "load: got an unexpected keyword argument 'colour'", "toy: "),
    (["load", "a", "--engine", "steam"], "there is no engine 'steam', only small and upstream", "toy: "),
    (["load", "a", "--python", "~/no/python"], "the load message asks for the Python", "--python"),
    (
        ["load", "a", "--engine", "upstream"],
        "the environment 'tensorflow' is not installed",
        "setup/dlwa install",
    ),
    (["crash"], "RuntimeError: boom, with a comma; and a semicolon", ".log]"),
]


@pytest.mark.parametrize("message, error, console", FAULTS, ids=[" ".join(row[0]) for row in FAULTS])
def test_each_fault_is_one_line_and_the_next_load_works(toy, message, error, console):
    toy.send("toy", *message)
    said = toy.expect(OUT, "error")
    assert len(said) == 2 and said[1].startswith(error)
    toy.send("toy", "load", "a", "--engine", "small")
    toy.expect(OUT, "worker", "on", "name", "a")
    assert [words for words in toy.received[OUT] if words[0] == "error"] == [said]
    (line,) = toy.errors()
    assert error in line and console in line


def test_paths(toy, tmp_path):
    toy.send("toy", "path_of", "take", "a.wav")
    toy.expect(OUT, "path", str(tmp_path / "01 toy" / "take a.wav"))
    toy.send("toy", "path_of", "~/b.wav")
    toy.expect(OUT, "path", str(tmp_path / "b.wav"))
    toy.send("toy", "path_of", "/c.wav")
    toy.expect(OUT, "path", "/c.wav")


def test_pds_process_imports_no_machine_learning(toy):
    toy.send("toy", "load", "a")
    toy.expect(OUT, "worker", "on")
    libraries = Path(f"/proc/{toy.process.pid}/maps").read_text()
    for library in ("torch", "tensorflow", "scipy"):
        assert library not in libraries
