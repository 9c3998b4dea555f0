"""The client against honest workers: cancelling, stopping, starting again, ending together."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pdworker.host import process, session
from pdworker.host.worker import Worker, WorkerGone
from pdworker.rights import UNLIMITED
from support.class_place import WORKER
from support.processes import children
from support.tools import cannot, without
from support.waiting import wait_until
from support.worker_desk import FAULTS, ended, gone, threads_and_descriptors


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
        wait_until(
            lambda: threads_and_descriptors()[1] == before[1] + WORKER, "as many files as a worker has"
        )
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
    variables = process._variables(UNLIMITED)
    assert variables["OMP_NUM_THREADS"] == variables["MKL_NUM_THREADS"] == "3"
    assert "PYTHONHOME" not in variables and "/somewhere/else" not in variables["PYTHONPATH"]
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0})
    assert process._variables(UNLIMITED)["OPENBLAS_NUM_THREADS"] == "1"


@pytest.mark.parametrize("name", ["random", "queue", "types", "inspect", "copy", "numpy", "signal", "runpy"])
def test_a_persons_file_may_have_the_name_of_a_module_of_pythons(desk, tmp_path, name):
    (tmp_path / f"{name}.py").write_text("raise RuntimeError('not this one')\n")
    (tmp_path / "own_worker.py").write_text((FAULTS / "honest_worker.py").read_text())
    worker = Worker("own_worker", "torch", [tmp_path], desk.post)
    desk.workers.append(worker)
    desk.start(worker)
    desk.call(worker, "load", checkpoint="a")
    assert desk.wait("load result")[0]["name"] == "a"


def test_only_so_many_logs_are_kept(desk, tmp_path):
    logs = [process._new_log("a") for _ in range(process._LOGS_KEPT + 5)]
    assert len(list((tmp_path / "state/dlwa/logs").iterdir())) == process._LOGS_KEPT
    assert logs[-1].exists()
