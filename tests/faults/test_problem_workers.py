"""The client against processes that babble, lie, hang, starve or leave: one clear line, and Pd goes on."""

import re
from pathlib import Path

import numpy as np
import pytest
from support.waiting import wait_until
from support.worker_desk import ended, threads_and_descriptors

DEATHS = [
    ("ends_at_once", "honest_worker ended, exit status 3 - run: setup/dlwa doctor"),
    ("ends_happily", "ended, exit status 0 - run: setup/dlwa doctor"),
    ("babbles", "broke the protocol (expected a frame, got b'Load')"),
    ("babbles_later", "broke the protocol (expected a frame, got b'oops')"),
    ("stops_in_a_frame", "ended in the middle of a message, exit status 0 - load it again"),
    ("answers_another_call", "broke the protocol (unexpected"),
    ("answers_uninvited", "broke the protocol (unexpected"),
    ("announces_too_much", "broke the protocol (a payload of 1073741825 bytes"),
    ("speaks_another_version", "speaks version 3 of the protocol, not 2 - run: setup/dlwa install"),
    ("greets_twice", "broke the protocol (unexpected"),
    ("skips_the_greeting", "broke the protocol (unexpected"),
    ("closes_stdin", "honest_worker ended"),
    ("closes_stdout", "honest_worker ended"),
    ("leaves_a_child_with_the_pipe", "ended, exit status 0"),
]


@pytest.mark.parametrize("mood, line", DEATHS, ids=[mood for mood, _ in DEATHS])
def test_each_misbehaviour_is_told_in_one_line_and_the_next_load_works(desk, problem, mood, line):
    before = threads_and_descriptors()
    worker = desk.worker(python=problem(mood))
    desk.call(worker, "twice", [np.zeros(100_000)])
    (error,) = desk.wait("gone")
    assert line in str(error) and "\n" not in str(error)
    assert desk.all("twice error") == [[error]]
    assert worker.state == "off"
    wait_until(lambda: threads_and_descriptors() == before, "threads and descriptors")
    desk.start(worker)
    desk.call(worker, "load", checkpoint="a")
    assert desk.wait("load result")[0]["name"] == "a"
    assert len(desk.all("gone")) == 1


def test_the_last_lines_of_a_dead_worker_are_shown(desk, problem):
    desk.worker(python=problem("ends_at_once"))
    desk.wait("gone")
    assert ["cannot find my keys"] in desk.all("log")


def test_what_a_dead_worker_has_started_goes_with_it(desk, problem):
    worker = desk.worker(python=problem("leaves_a_child_with_the_pipe"))
    desk.call(worker, "twice")
    (error,) = desk.wait("gone")
    child = int(re.search(r"child (\d+)", Path(error.log).read_text()).group(1))
    wait_until(lambda: ended(child), "the child's end")


@pytest.mark.slow
def test_a_worker_that_does_not_read_holds_nobody_up(desk, problem):
    worker = desk.worker(python=problem("does_not_read"))
    desk.wait("ready")
    large = np.zeros(30_000_000, np.float32)
    for _ in range(3):
        desk.call(worker, "twice", [large])
    assert worker.state == "busy"
    desk.wait("log")
    worker.cancel()  # and it is replaced by another of its kind
    desk.call(worker, "twice", [large])
    desk.wait("log", 2)
    worker.stop()
    assert worker.state == "off"
    wait_until(lambda: worker.has_ended, "the thread's end")
    assert [heard[0] for heard in desk.heard] == ["ready", "log", "log"]


@pytest.mark.parametrize("mood", ["is_stubborn", "is_silent", "announces_and_starves", "floods"])
def test_stop_ends_the_worst(desk, problem, mood):
    before = threads_and_descriptors()
    worker = desk.worker(python=problem(mood))
    desk.call(worker, "twice")
    if mood != "is_silent":
        desk.wait("ready")
    worker.stop()
    wait_until(lambda: threads_and_descriptors() == before, "threads and descriptors")
    assert not desk.all("gone")


def test_a_worker_is_told_to_end_before_it_is_killed(desk, problem, tmp_path):
    worker = desk.worker(python=problem("tidies_up_when_told"))
    desk.wait("ready")
    worker.stop()
    wait_until(lambda: worker.has_ended, "the thread's end")
    (log,) = (tmp_path / "state/dlwa/logs").iterdir()
    assert log.read_text() == "tidied up\n"


def test_a_flood_does_not_pile_up_on_pds_thread(desk, problem):
    worker = desk.worker(python=problem("floods"))
    desk.call(worker, "twice")
    wait_until(lambda: worker.delivery.waiting_log_lines == 50, "the flood")
    assert desk.posted.qsize() <= 3  # ready, progress, log
    desk.serve()
    assert all(fraction == 1.0 for fraction, _ in desk.all("twice progress"))
