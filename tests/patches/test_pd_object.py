"""What every day's object has in common, in real Pd with a toy day."""

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest
from support.external import EXTERNAL
from support.waiting import wait_until
from support.worker_desk import ended

HERE = Path(__file__).parent / "pd_object"
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


@pytest.mark.quick
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


def test_work_that_is_asked_for_while_a_model_loads_is_refused_in_these_words(toy):
    toy.send("toy", "load", "my", "voice")
    toy.send("toy", "wait", 0)
    toy.expect(OUT, "error", "my voice is still being loaded - wait until it is ready")
    toy.expect(OUT, "worker", "on")
    toy.send("toy", "wait", 0)
    toy.expect(OUT, "waited")
    toy.send("toy", "load", "missing")
    toy.expect(OUT, "error", "there is no checkpoint 'missing' - have a look into checkpoints/")
    toy.send("toy", "unload")
    toy.send("toy", "wait", 0)
    toy.expect(OUT, "error", "no model is loaded - load one first, and wait until it is ready")


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


def test_a_cancelled_handler_ends_where_it_waits(toy):
    toy.send("toy", "load", "a")
    pid = int(toy.expect(OUT, "worker", "on")[-1])
    toy.send("toy", "wait", 600)
    toy.send("toy", "wait", 600)
    toy.expect(OUT, "progress", 0, "waiting")
    toy.send("toy", "cancel")
    said = [toy.expect(OUT, *start) for start in (["finally"], ["finally"], ["progress", 0, "cancelled"])]
    assert said == toy.received[OUT][-3:]
    toy.send("toy", "add", 1, 1)
    toy.expect(OUT, "added", 2)
    toy.send("toy", "status")
    assert int(toy.expect(OUT, "worker", "on")[-1]) == pid
    assert toy.errors() == []


def test_unload_ends_what_waits_and_nothing_starts_the_worker_again(toy):
    toy.send("toy", "load", "a")
    pid = int(toy.expect(OUT, "worker", "on")[-1])
    toy.send("toy", "wait", 600)
    toy.expect(OUT, "progress", 0, "waiting")
    toy.send("toy", "unload")
    toy.expect(OUT, "finally")
    toy.expect(OUT, "worker", "off")
    wait_until(lambda: ended(pid), "the end of the worker")
    toy.send("toy", "status")
    toy.expect(OUT, "status", "off")
    assert toy.errors() == []


def test_a_patch_that_closes_while_a_handler_waits(toy):
    toy.send("toy", "load", "a")
    pid = int(toy.expect(OUT, "worker", "on")[-1])
    toy.send("toy", "wait", 600)
    toy.send("toy", "grow", "toy-to", 1000, 1000)
    toy.expect(OUT, "progress", 0, "waiting")
    toy.send("pd-toy.pd", "menuclose", 1)
    toy.sync()
    wait_until(lambda: ended(pid), "the end of the worker")
    toy.sync()
    assert toy.errors() == []


def test_a_handler_reads_from_top_to_bottom(toy):
    toy.send("toy", "noise", "toy-from", 200000)
    toy.expect(OUT, "noise")
    toy.send("toy", "gain", 0.5)
    toy.expect(OUT, "set", "gain")
    toy.send("toy", "scale", "toy-from", "toy-to")
    toy.expect(OUT, "read", 200000)
    toy.expect(OUT, "scaled", 200000, 0.5)
    scaled = toy.array("toy-to")
    assert len(scaled) == 200000 and scaled[-1] == 0.5
    toy.send("toy", "scale", "toy-from", "nowhere")
    assert toy.expect(OUT, "error") == ["error", "there is no array nowhere"]
    toy.expect_console("toy: there is no array nowhere")
    assert len(toy.errors()) == 1


def test_of_many_messages_to_a_busy_handler_the_latest_is_next(toy):
    toy.send("toy", "noise", "toy-from", 100000)
    toy.send("toy", "scale", "toy-from", "toy-to")
    for size in (10, 20, 30):
        toy.send("toy", "noise", "toy-to", size)
        toy.send("toy", "scale", "toy-to", "toy-tock")
    toy.expect(OUT, "scaled", 100000)
    toy.expect(OUT, "scaled")
    toy.send("toy", "add", 1, 1)
    toy.expect(OUT, "added")
    assert [message[1] for message in toy.received[OUT] if message[0] == "read"] == [100000, 100000]
    assert toy.errors() == []


def test_partial_results_are_worked_off_in_order(toy):
    toy.send("toy", "grow", "toy-to", 4, 100000)
    toy.expect(OUT, "done", 4)
    toy.expect(OUT, "kept", 400000)
    grown = [message[1] for message in toy.received[OUT] if message[0] == "grown"]
    assert grown == [100000, 200000, 300000, 400000]
    assert toy.array("toy-to")[::100000] == [1, 2, 3, 4]
    assert toy.errors() == []


def test_partial_results_stop_with_a_cancel(toy):
    toy.send("toy", "grow", "toy-to", 3000, 1000)
    toy.expect(OUT, "grown", 3000)
    toy.send("toy", "cancel")
    assert 3000 <= toy.expect(OUT, "kept")[1] < 3000000
    toy.send("toy", "grow", "toy-to", 2, 1000)
    toy.expect(OUT, "done", 2)
    assert toy.array("toy-to") == [1] * 1000 + [2] * 1000
    assert toy.errors() == []


def test_events_reach_the_object(toy):
    toy.send("toy", "tick", 4)
    assert [toy.expect(OUT, "tick") for _ in range(4)] == [["tick", number, number] for number in range(4)]
    said = (
        ["tock", 1000],
        ["error", "an event says that something is wrong"],
    )  # in any order: an array takes its time
    wait_until(lambda: all(words in toy.received[OUT] for words in said), "what two events lead to")
    assert toy.array("toy-tock") == [1] * 1000
    toy.expect_console("an event 'unknown', which this object does not know")


def test_settings(toy):
    for message, value in [
        (["gain", 2], 2),
        (["set", "gain", 3], 3),
        (["volume", 4], 4),
        (["set", "volume", 5], 5),
    ]:
        toy.send("toy", *message)
        toy.expect(OUT, "set", "gain", value)
    for message, said in [
        (["seed", 3], ["seed", 3]),
        (["seed", -1], ["seed", "None"]),
        (["tempo", "estimate"], ["tempo", 0]),
        (["loop", 1], ["loop", "True"]),
        (["shape", "saw", "tooth"], ["shape", "saw tooth"]),
    ]:
        toy.send("toy", *message)
        assert toy.expect(OUT, "set")[1:] == said
    assert toy.errors() == []


def test_a_box_that_is_detached_works_on_pds_thread_all_the_same(toy):
    toy.send("toy-detached", "load", "a")
    toy.expect(OUT, "worker", "on")
    toy.send("toy-detached", "gain", 20)
    assert "out of range" in toy.expect(OUT, "error")[1]
    for number in range(20):
        toy.send("toy-detached", "add", number, 1)
    for number in range(20):
        toy.expect(OUT, "added", number + 1)


def test_aliases(toy):
    toy.send("toy", "plus", 2, 3)
    toy.expect(OUT, "added", 5)


REFUSED = [
    (["gain", 20], "the gain 20 is out of range, it goes from 0 to 10"),
    (["gain", "loud"], "the gain should be a number, not loud (it should be: gain NUMBER)"),
    (["gain"], "no words instead of one (it should be: gain NUMBER)"),
    (["tempo", "fast"], "the tempo should be a number, not fast (it should be: tempo BPM|estimate)"),
    (["seed", "lucky"], "a seed should be a number, not lucky (it should be: seed NUMBER)"),
    (["shape", "round"], "there is no shape 'round' (it should be: shape sine|saw tooth)"),
    (["set", "colour", 1], "there is no setting 'colour' - there are: gain, seed, tempo, loop, shape"),
    (["set"], "no words instead of at least one (it should be: set NAME VALUE)"),
    (["add", 1], "1 word instead of two (it should be: add A B)"),
    (["wait", 1], "no model is loaded - load one first, and wait until it is ready"),
    (["reload"], "there is nothing to reload - load a model first"),
]


@pytest.mark.parametrize("message, line", REFUSED, ids=[" ".join(map(str, row[0])) for row in REFUSED])
def test_what_cannot_be_is_one_line(toy, message, line):
    toy.send("toy", *message)
    assert toy.expect(OUT, "error") == ["error", line]
    said = toy.expect_console(f"toy: {line}")
    assert toy.errors() == [said]


def test_a_handler_may_look_at_the_error_of_a_call(toy):
    toy.send("toy", "load", "a")
    toy.expect(OUT, "worker", "on")
    toy.send("toy", "die")
    toy.expect(OUT, "caught", "internal")
    assert "toy ended, exit status 7 - load it again" in toy.expect(OUT, "error")[1]
    toy.expect(OUT, "worker", "off")
    toy.expect(OUT, "lost", 1, 1)
    toy.expect_console(".log]")
    assert len(toy.errors()) == 1


def test_an_object_may_load_again_when_its_worker_is_lost(toy):
    toy.send("toy", "loop", 1)
    toy.send("toy", "load", "a")
    for losses in (1, 2):
        os.kill(int(toy.expect(OUT, "worker", "on")[-1]), signal.SIGKILL)
        toy.expect(OUT, "lost", losses, 1)
    os.kill(int(toy.expect(OUT, "worker", "on")[-1]), signal.SIGKILL)
    toy.expect(OUT, "lost", 3, 1)
    toy.send("toy", "status")
    toy.expect(OUT, "status", "off")


def test_a_mistake_in_a_handler_leaves_a_traceback_and_a_usable_object(toy):
    toy.send("toy", "stumble")
    assert "KeyError: 'a mistake in a handler'" in toy.expect(OUT, "error")[1]
    toy.expect_console("in stumble_1")
    toy.send("toy", "add", 1, 1)
    toy.expect(OUT, "added", 2)


def test_another_interpreter_ends_what_waits_for_the_old_one(toy, tmp_path):
    toy.send("toy", "load", "a")
    pid = int(toy.expect(OUT, "worker", "on")[-1])
    toy.send("toy", "wait", 600)
    toy.expect(OUT, "progress", 0, "waiting")
    (tmp_path / "python").symlink_to(sys.executable)
    toy.send("toy", "load", "b", "--python", str(tmp_path / "python"))
    toy.expect(OUT, "finally")
    toy.expect(OUT, "worker", "on", "name", "b")
    wait_until(lambda: ended(pid), "the end of the first worker")
    assert toy.errors() == []


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
