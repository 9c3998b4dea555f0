"""The client against honest workers: answers, partial results, events, errors."""

import os
import signal
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from pdworker.host import delivery
from support.waiting import wait_until


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


def answers(desk):
    return [(what, *values[:1]) for what, *values in desk.heard if what.endswith((" result", " error"))]


def test_an_urgent_call_is_answered_in_the_midst_of_another_that_allows_it(desk):
    worker = desk.worker()
    desk.call(worker, "slow", seconds=30, answers="twice")
    desk.wait("slow progress")
    desk.call(worker, "what")
    desk.call(worker, "wrong", urgent=True)
    desk.call(worker, "twice", [np.ones(3)], urgent=True)
    assert desk.wait("twice result")[1][0].tolist() == [2, 2, 2]
    desk.call(worker, "twice", urgent=True)
    desk.wait("twice result", 2)
    assert [what for what, *_ in answers(desk)] == ["twice result", "twice result"]
    worker.cancel()
    desk.call(worker, "twice", [np.ones(2)], urgent=True)
    desk.wait("twice result", 3)
    assert [what for what, *_ in answers(desk)] == ["twice result"] * 3


def test_urgent_calls_get_their_own_files(desk, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    worker = desk.worker()
    desk.call(worker, "slow", seconds=30, answers="read")
    desk.wait("slow progress")
    for name in ("two", "nowhere", "one"):
        desk.call(worker, "read", files={"file": str(tmp_path / name)}, urgent=True)
    texts = [desk.wait("read result", count)[0]["text"] for count in (1, 2)]
    assert (texts, len(desk.all("read error"))) == (["two", "one"], 1)
    assert not desk.all("slow result")


def test_an_urgent_call_comes_next_where_the_one_that_runs_does_not_allow_it(desk):
    worker = desk.worker()
    desk.call(worker, "slow", seconds=0.5)
    desk.wait("slow progress")
    desk.call(worker, "crash")
    desk.call(worker, "what")
    desk.call(worker, "twice", urgent=True)
    desk.wait("what result")
    assert [what for what, *_ in answers(desk)] == [
        "slow result",
        "twice result",
        "crash error",
        "what result",
    ]


def test_urgent_calls_of_a_worker_that_ends_are_answered(desk):
    worker = desk.worker()
    desk.call(worker, "slow", seconds=30)
    desk.wait("slow progress")
    desk.call(worker, "twice", urgent=True)
    desk.call(worker, "what")
    os.kill(worker._session._process.pid, signal.SIGKILL)
    for name in ("slow", "twice", "what"):
        assert "killed by SIGKILL" in desk.wait(f"{name} error")[0].message


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


@pytest.mark.slow
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


@pytest.mark.slow
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
