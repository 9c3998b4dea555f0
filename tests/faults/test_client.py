"""The client against honest workers: answers, errors, cancelling, stopping, ending together."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from pdworker.host import delivery, process, session
from pdworker.host.worker import WorkerGone
from support.processes import children
from support.tools import cannot, without
from support.waiting import wait_until
from support.worker_desk import FAULTS, ended, gone, threads_and_descriptors


def test_calls_are_answered_in_their_order(desk):
    worker = desk.worker()
    assert worker.state == "starting"
    desk.call(worker, "load", checkpoint="a")
    desk.call(worker, "what")
    assert desk.wait("ready")[0]["calls"] == sorted(desk.all("ready")[0][0]["calls"])
    values, arrays = desk.wait("what result")
    assert values["model"] == "a" and values["nice"] >= 10
    assert arrays == []
    assert [heard[0] for heard in desk.heard if "result" in heard[0]] == ["load result", "what result"]
    assert worker.state == "ready"


def test_a_call_starts_the_worker(desk, monkeypatch):
    monkeypatch.setenv("DLWA_PYTHON_TORCH", sys.executable)
    worker = desk.worker(start=False)
    assert worker.state == "off"
    desk.call(worker, "what")
    assert worker.state == "starting"
    assert desk.wait("what result")[0]["model"] is None


def test_everything_arrives_through_post(desk):
    worker = desk.worker()
    desk.call(worker, "slow", seconds=0.2)
    desk.call(worker, "crash")
    desk.wait("crash error")
    assert desk.all("slow progress") and desk.all("ready")
    assert desk.threads == {threading.get_ident()}


@pytest.mark.parametrize(
    "array",
    [
        np.float32(2.5).reshape(()),
        np.zeros((3, 0, 2), np.int16),
        np.arange(24, dtype=">f8").reshape(2, 3, 4),
        np.arange(24, dtype=np.uint8).reshape(4, 6)[::2, ::3],
        np.asfortranarray(np.arange(6, dtype=np.float16).reshape(2, 3)),
        np.random.default_rng(0).standard_normal(3_000_000, np.float32),
    ],
    ids=["scalar", "empty", "big-endian", "strided", "fortran", "12 MB"],
)
def test_arrays_come_back_as_they_went(desk, array):
    worker = desk.worker()
    desk.call(worker, "twice", [array, np.ones(2)])
    values, (first, second) = desk.wait("twice result")
    assert values == {"count": 2}
    assert first.shape == array.shape and first.dtype == array.dtype
    np.testing.assert_array_equal(first, array * 2)
    np.testing.assert_array_equal(second, [2, 2])


def test_the_public_methods_of_a_worker_are_its_calls(desk):
    desk.worker()
    calls = desk.wait("ready")[0]["calls"]
    assert {"load", "what", "twice", "parts"} <= set(calls)
    assert not {"_wait", "not_a_call", "model"} & set(calls)


def test_partial_results_arrive_each_in_order_and_before_the_result(desk):
    worker = desk.worker()
    desk.call(worker, "parts", count=50)
    assert desk.wait("parts result")[0] == {"count": 50}
    parts = desk.all("parts part")
    assert [values for values, _ in parts] == [{"number": number} for number in range(50)]
    assert [arrays[0].tolist() for _, arrays in parts] == [[number] * 3 for number in range(50)]
    assert desk.heard.index(("parts part", *parts[-1])) < [what for what, *_ in desk.heard].index(
        "parts result"
    )
    assert desk.all("parts progress")[-1] == [49 / 50, "part 49"]


def test_partial_results_that_nobody_asked_for_are_progress_alone(desk):
    worker = desk.worker()
    worker.call("parts", {"count": 3}, on_result=desk.note("result"), on_progress=desk.note("progress"))
    desk.wait("result")
    assert desk.all("progress")
    assert worker.delivery.waiting_bytes == 0


def test_a_cancelled_call_delivers_no_more_parts(desk):
    worker = desk.worker()
    desk.call(worker, "parts", count=1_000_000)
    desk.wait("parts part", 3)
    worker.cancel()
    parts = len(desk.all("parts part"))
    desk.call(worker, "what")
    desk.wait("what result")
    assert len(desk.all("parts part")) == parts
    assert worker.delivery.waiting_bytes == 0


def test_events_come_unasked(desk):
    worker = desk.worker()
    desk.call(worker, "announce", count=20, samples=2)
    desk.wait("event", 20)
    assert [values for _, values, _ in desk.all("event")] == [{"number": number} for number in range(20)]
    assert {name for name, *_ in desk.all("event")} == {"tick"}
    assert desk.all("event")[-1][2][0].tolist() == [19, 19]
    assert desk.wait("announce result") == [{}, []]


MEGABYTE = 1 << 20
LIMIT = delivery.MAX_WAITING_BYTES


def test_a_worker_is_not_read_while_too_much_waits_for_pds_thread(desk, tmp_path):
    worker = desk.worker()
    pid = desk.wait("ready")[0]["pid"]
    count, counter = 64, tmp_path / "counter"
    desk.call(worker, "parts", count=count, samples=MEGABYTE // 4, counter=str(counter))
    wait_until(lambda: worker.delivery.full, "the limit")
    wait_until_it_sleeps(pid)
    sent = int(counter.read_text())
    assert LIMIT <= worker.delivery.waiting_bytes < LIMIT + 2 * MEGABYTE
    assert LIMIT // MEGABYTE <= sent < count // 2
    desk.wait("parts result")
    assert [values["number"] for values, _ in desk.all("parts part")] == list(range(count))
    assert worker.delivery.waiting_bytes == 0


def test_parts_count_as_waiting_until_they_are_released(desk):
    worker = desk.worker()
    releases = []
    worker.call(
        "parts",
        {"count": 64, "samples": MEGABYTE // 4},
        on_result=desk.note("result"),
        on_partial=lambda values, arrays, release: releases.append(release),
    )
    wait_until(lambda: desk.serve() or worker.delivery.full, "the limit")
    assert not desk.all("result")
    for release in releases:
        release()
        release()  # a second time is nothing
    assert worker.delivery.waiting_bytes < LIMIT
    wait_until(lambda: desk.all("result") or releases[-1](), "the result")
    assert len(releases) == 64


def test_a_full_desk_does_not_hold_up_a_cancel_or_a_stop(desk):
    worker = desk.worker()
    pid = desk.wait("ready")[0]["pid"]
    desk.call(worker, "parts", count=1_000_000, samples=MEGABYTE // 4)
    wait_until(lambda: worker.delivery.full, "the limit")
    worker.cancel()
    desk.call(worker, "what")
    assert desk.wait("what result")[0]["pid"] == pid
    assert not desk.all("parts part")
    desk.call(worker, "parts", count=1_000_000, samples=MEGABYTE // 4)
    wait_until(lambda: worker.delivery.full, "the limit")
    worker.stop()
    wait_until(lambda: worker.has_ended, "the end")
    desk.serve()
    assert not desk.all("parts part") and not desk.all("gone")


def wait_until_it_sleeps(pid):
    """Wait until a process has used no processor time for a while: it waits for something."""
    used = []

    def is_idle():
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        used.append((fields[11], fields[12]))
        return len(used) > 30 and len(set(used[-30:])) == 1

    wait_until(is_idle, "the worker to wait")


def test_numpy_scalars_become_numbers(desk):
    worker = desk.worker()
    desk.call(worker, "scalars")
    assert desk.wait("scalars result")[0] == {"f": 0.5, "i": 3, "b": True, "list": [1.5]}


def test_prints_do_not_break_the_wire_and_are_in_the_log(desk, tmp_path):
    worker = desk.worker()
    desk.call(worker, "chatter")
    desk.call(worker, "what")
    desk.wait("what result")
    (log,) = (tmp_path / "state/dlwa/logs").iterdir()
    text = log.read_text(errors="replace")
    for line in ["printed while", "descriptor 1 while", "a print\n", "a print of C", "print of a child"]:
        assert line in text
    assert 1 <= len(desk.all("log")) <= 200


ERRORS = [
    ("wrong", {}, "input", "two lines of text", "do better"),
    ("crash", {}, "internal", "ZeroDivisionError: division by zero", ""),
    ("missing_file", {}, "file", "cannot use /no/such/file: No such file or directory", ""),
    ("leave", {}, "internal", "SystemExit: a library's parser gave up", ""),
    ("dance", {}, "input", "there is no call 'dance'", "there are abort, announce"),
    ("load", {}, "input", "load: missing a required argument: 'checkpoint'", ""),
    (
        "slow",
        {"seconds": 1, "colour": 2},
        "input",
        "slow: got an unexpected keyword argument 'colour'",
        "",
    ),
    ("unspeakable", {"how": "object"}, "internal", "FrameError: not expressible in a frame", ""),
    ("unspeakable", {"how": "nan"}, "internal", "FrameError: not expressible in a frame", ""),
    ("unspeakable", {"how": "large"}, "internal", "FrameError: a header of", ""),
    ("unspeakable", {"how": "dtype"}, "internal", "FrameError: an array of dtype '<c16'", ""),
    ("unspeakable", {"how": "nothing"}, "internal", "FrameError: a result frame with values = None", ""),
    ("what", {"bad": object()}, "input", "what: not expressible in a frame", ""),
]


def test_errors_are_one_line_and_the_worker_lives_on(desk):
    worker = desk.worker()
    for name, arguments, *_ in ERRORS:
        desk.call(worker, name, **arguments)
    desk.call(worker, "load", checkpoint="a")
    desk.wait("load result")
    said = [heard for heard in desk.heard if heard[0].endswith("error")]
    assert len(said) == len(ERRORS)
    said.sort(key=lambda heard: [name for name, *_ in ERRORS].index(heard[0].split()[0]))
    for (_, error), (_, _, kind, message, hint) in zip(said, sorted(ERRORS, key=_first_use)):
        assert error.kind == kind
        assert error.message.startswith(message) and "\n" not in str(error) and len(error.message) <= 500
        assert error.hint.startswith(hint)
        assert bool(error.log) == (kind == "internal")
    assert "in crash\n    return 1 / 0" in Path(desk.all("crash error")[0][0].log).read_text()
    assert not desk.all("gone")


def _first_use(row):
    return [name for name, *_ in ERRORS].index(row[0])


def test_cancel_stops_the_running_call_and_forgets_the_waiting(desk):
    worker = desk.worker()
    desk.call(worker, "load", checkpoint="a")
    pid = desk.wait("load result")[0]["pid"]
    desk.call(worker, "slow", seconds=600)
    desk.call(worker, "twice")
    desk.wait("slow progress")
    worker.cancel()
    progress = len(desk.heard)
    desk.call(worker, "what")
    values, _ = desk.wait("what result")
    assert values == dict(values, model="a", pid=pid)
    assert [heard[0] for heard in desk.heard[progress:]] == ["what result"]


def test_a_result_that_is_on_its_way_does_not_arrive_after_cancel(desk):
    worker = desk.worker()
    desk.call(worker, "what")
    wait_until(lambda: any(f.__name__ == "_deliver_result" for f, _ in list(desk.posted.queue)), "the answer")
    worker.cancel()
    desk.call(worker, "scalars")
    desk.wait("scalars result")
    assert not desk.all("what result") and not desk.all("what error")


def test_a_worker_that_does_not_stop_is_replaced_and_loads_again(desk):
    worker = desk.worker()
    desk.call(worker, "load", checkpoint="a")
    pid = desk.wait("load result")[0]["pid"]
    desk.call(worker, "slow", seconds=600, deaf=True)
    desk.call(worker, "load", checkpoint="b", fails=True)
    desk.wait("log")
    worker.cancel()
    desk.call(worker, "what")
    values, _ = desk.wait("what result")
    assert values["model"] == "a" and values["pid"] != pid
    assert gone(pid)
    assert len(desk.all("ready")) == len(desk.all("load result")) == 1
    assert not desk.all("gone") and not desk.all("slow result") and not desk.all("slow error")


def test_a_cancelled_load_leaves_what_was_loaded_before(desk):
    worker = desk.worker()
    desk.call(worker, "load", checkpoint="a")
    desk.wait("load result")
    desk.call(worker, "load", checkpoint="b", seconds=0.3, deaf=True)  # ends in time, but loads all the same
    desk.wait("log")
    worker.cancel()
    desk.call(worker, "what")
    assert desk.wait("what result")[0]["model"] == "a"


def test_a_load_cancelled_between_answer_and_delivery_leaves_what_was_loaded_before(desk):
    worker = desk.worker()
    desk.call(worker, "load", checkpoint="a")
    desk.wait("load result")
    desk.call(worker, "load", checkpoint="b")
    wait_until(lambda: any(f.__name__ == "_deliver_result" for f, _ in list(desk.posted.queue)), "the answer")
    worker.cancel()
    desk.call(worker, "what")
    assert desk.wait("what result")[0]["model"] == "a"
    assert len(desk.all("load result")) == 1


def test_a_replacement_that_cannot_load_is_reported_once(desk, tmp_path):
    worker = desk.worker()
    desk.call(worker, "load", checkpoint="a")
    desk.wait("load result")
    worker.queue.load_again().arguments["fails"] = True  # as if the file had gone meanwhile
    desk.call(worker, "slow", seconds=600, deaf=True)
    desk.wait("log")
    worker.cancel()
    (error,) = desk.wait("gone")
    assert "cannot load again after a cancel: a is not a checkpoint" in error.message
    assert worker.state == "off"


def test_stop_is_quiet_and_leaves_nothing(desk):
    before = threads_and_descriptors()
    worker = desk.worker()
    desk.call(worker, "spawn")
    child = desk.wait("spawn result")[0]["pid"]
    desk.call(worker, "slow", seconds=600, deaf=True)
    pid = desk.all("ready")[0][0]["pid"]
    desk.wait("log")
    worker.stop()
    assert worker.state == "off"
    heard = len(desk.heard)
    wait_until(lambda: gone(pid) and ended(child), "the end of the worker and its child")
    wait_until(lambda: threads_and_descriptors() == before, "threads and descriptors")
    desk.serve()
    assert desk.heard[heard:] == []


@pytest.mark.parametrize("moment", ["at once", "while loading", "while computing without the lock"])
def test_stop_is_fine_at_any_moment_and_the_next_load_works(desk, moment):
    worker = desk.worker()
    if moment == "while loading":
        desk.call(worker, "load", checkpoint="a", seconds=600)
        desk.wait("load progress")
    elif moment == "while computing without the lock":
        desk.call(worker, "hog")
        desk.wait("log")
    worker.stop()
    desk.start(worker)
    desk.call(worker, "load", checkpoint="b")
    assert desk.wait("load result")[0]["name"] == "b"
    assert not desk.all("gone")


def test_many_lives_leak_nothing(desk):
    worker = desk.worker()
    desk.wait("ready")
    worker.stop()
    wait_until(lambda: worker.has_ended, "the thread's end")
    before, others = threads_and_descriptors(), children()
    for life in range(1, 6):
        desk.start(worker)
        desk.call(worker, "what")
        desk.wait("what result", life)
        worker.stop()
    wait_until(lambda: threads_and_descriptors() == before, "threads and descriptors")
    assert children() == others


def test_another_python_means_another_process(desk, problem):
    worker = desk.worker(python=problem("does_not_read"))
    desk.wait("ready")
    desk.start(worker)
    assert desk.wait("ready", 2)[0]["name"] == "honest_worker"


def test_a_worker_that_dies_is_reported_once_and_can_be_loaded_again(desk):
    worker = desk.worker()
    desk.call(worker, "load", checkpoint="a")
    desk.call(worker, "abort")
    desk.call(worker, "what")
    (error,) = desk.wait("gone")
    assert isinstance(error, WorkerGone) and "ended, killed by SIGABRT" in error.message
    assert "last words" in Path(error.log).read_text()
    assert any("Aborted" in line for (line,) in desk.all("log"))
    assert [desk.all(f"{name} error")[0][0] for name in ("abort", "what")] == [error, error]
    assert worker.state == "off"
    desk.call(worker, "load", checkpoint="b")
    assert desk.wait("load result", 2)[0]["name"] == "b"
    assert len(desk.all("gone")) == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_killed_worker_is_reported(desk, number):
    desk.worker()
    os.kill(desk.wait("ready")[0]["pid"], number)
    assert f"killed by {number.name}" in str(desk.wait("gone")[0])


def test_a_missing_environment_is_told_with_the_command_that_mends_it(desk, monkeypatch):
    monkeypatch.delenv("DLWA_PYTHON_TORCH", raising=False)
    worker = desk.worker(python="")
    desk.call(worker, "what")
    (error,) = desk.wait("gone")
    assert error.kind == "environment" and "setup/dlwa install" in error.hint
    assert desk.all("what error") == [[error]]


def test_a_log_that_cannot_be_written_is_told(desk, tmp_path):
    (tmp_path / "state").write_text("not a folder")
    desk.worker()
    assert "cannot start honest_worker" in str(desk.wait("gone")[0])


def test_a_module_that_is_not_there_is_told(desk):
    desk.worker("no_such_worker")
    (error,) = desk.wait("gone")
    assert "no_such_worker cannot start: " in str(error) and error.log


def test_a_startup_that_takes_too_long_is_told(desk, problem, monkeypatch):
    monkeypatch.setattr(session, "STARTUP_DEADLINE_S", 0.2)
    desk.worker(python=problem("is_silent"))
    assert "was not ready within" in str(desk.wait("gone")[0])


REAL_TIME = "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(2))"


def test_the_worker_gives_way_in_a_kernel_that_shares_among_sessions(desk):
    autogroup = Path("/proc/self/autogroup")
    if not autogroup.exists():
        cannot("this kernel has no autogroups")
    desk.call(desk.worker(), "what")
    values, _ = desk.wait("what result")
    assert Path(f"/proc/{values['pid']}/autogroup").read_text().split()[-1] == "10"


def test_a_real_time_pd_does_not_hand_its_priority_on(desk):
    code = PD.format(faults=str(FAULTS), call="what", arguments={}).replace(
        "worker =", f"{REAL_TIME}\nworker ="
    )
    variables = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdout=pipe, stderr=pipe, env=variables) as pd:
        pid = pd.stdout.readline()
        if not pid and b"PermissionError" in pd.stderr.read():
            without("real-time priority, which this user may not have")
        policies = [os.sched_getscheduler(process) for process in (pd.pid, int(pid))]
        pd.kill()
    assert policies == [os.SCHED_FIFO, os.SCHED_OTHER]


PD = """
import os, sys, time
from pathlib import Path
from pdworker.host.worker import Worker
worker = Worker("honest_worker", "torch", [{faults!r}], lambda function, *values: function(*values))
worker.start(sys.executable, on_ready=lambda hello: print(hello["pid"], flush=True),
             on_log=lambda line: print(line, flush=True))
worker.call({call!r}, {arguments!r})
time.sleep(600)
"""


@pytest.mark.parametrize(
    "call, arguments", [("what", {}), ("slow", {"seconds": 600, "deaf": True}), ("hog", {})]
)
def test_no_worker_survives_a_killed_pd(desk, call, arguments):
    code = PD.format(faults=str(FAULTS), call=call, arguments=arguments)
    variables = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, env=variables, text=True
    ) as pd:
        pid = int(pd.stdout.readline())
        if call == "hog":
            assert pd.stdout.readline() == "hogging\n"
        assert not ended(pid)
        pd.send_signal(signal.SIGKILL)
    wait_until(lambda: ended(pid), "the worker's end")


def test_workers_leave_a_core_and_see_only_their_own_modules(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3})
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    monkeypatch.setenv("PYTHONPATH", "/somewhere/else")
    variables = process._variables([FAULTS])
    assert variables["OMP_NUM_THREADS"] == variables["MKL_NUM_THREADS"] == "3"
    assert "PYTHONHOME" not in variables and "/somewhere/else" not in variables["PYTHONPATH"]
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0})
    assert process._variables([])["OPENBLAS_NUM_THREADS"] == "1"


def test_only_so_many_logs_are_kept(desk, tmp_path):
    logs = [process._new_log("a") for _ in range(process._LOGS_KEPT + 5)]
    assert len(list((tmp_path / "state/dlwa/logs").iterdir())) == process._LOGS_KEPT
    assert logs[-1].exists()
