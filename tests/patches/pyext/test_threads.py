"""Detached methods, stop, and objects that are deleted while methods run."""

import os

import pytest
from support.external import EXTERNAL
from support.tools import without

WORK = """
import os, pyext, threading, time

class Work(pyext._class):
    _inlets = _outlets = 1

    released = 0

    def held_1(self, number):
        self._outlet(1, "begin", [number])
        while self.released < number:
            time.sleep(0.001)
        self._outlet(1, "end", [number])

    def meet_1(self):
        self.barrier = getattr(self, "barrier", None) or threading.Barrier(2)
        self.barrier.wait(5)
        self._outlet(1, "met")

    def wait_1(self):
        self._outlet(1, "waits")
        while not self._shouldexit:
            time.sleep(0.001)
        self._outlet(1, "exit", [int(self._shouldexit)])

    def stubborn_1(self):
        self._outlet(1, "begins")
        while not self.released:
            time.sleep(0.001)
        self._outlet(1, "stubborn")

    def spin_1(self):
        while True:
            pass

    def hang_1(self):
        threading.Event().wait()

    def thread_1(self):
        self._outlet(1, "here", [threading.current_thread() is threading.main_thread()])

    def priority_1(self):
        self._outlet(1, "priority", [os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK])

    def leave_1(self):
        raise SystemExit(3)

    def ping_1(self):
        self._outlet(1, "pong")

    def outlive_1(self):
        while not self._shouldexit:
            time.sleep(0.001)
        pyext._send("work", "outlives")
        self._outlet(1, "too late")

    def _del(self):
        pyext._send("work", "deleted")
"""


@pytest.fixture
def work(rig):
    return lambda words="": rig.box("pyext {m}.Work " + words, WORK)


@pytest.mark.parametrize("mode, here", [(0, 1), (1, 0), (2, 0)])
def test_where_methods_run(work, mode, here):
    box = work(f"@detach {mode}")
    box.send(1, "thread")
    assert box.expect(0) == ["Any", "here", here]


PRIORITIES = """#N canvas 0 0 450 300 12;
#X obj 10 10 receive ask;
#X obj 10 40 pyext priorities.Work @detach 0;
#X obj 10 70 send here;
#X obj 200 40 pyext priorities.Work @detach 1;
#X obj 200 70 send thread;
#X connect 0 0 1 1;
#X connect 0 0 3 1;
#X connect 1 0 2 0;
#X connect 3 0 4 0;
"""


@pytest.mark.parametrize("through", ["-nosound", "-jack"])
def test_threads_do_not_inherit_real_time_priority(play, jack, tmp_path, through):
    (tmp_path / "priorities.py").write_text(WORK)
    (tmp_path / "priorities.pd").write_text(PRIORITIES)
    pd = play(
        [tmp_path / "priorities.pd"],
        ["-lib", "py", "-rt", through],
        listen=["here", "thread"],
        path=[EXTERNAL],
        environment=jack.environment,
    )
    pd.send("ask", "priority")
    here, thread = (pd.expect(name, "priority")[1] for name in ("here", "thread"))
    if here == os.SCHED_OTHER:
        without("real-time priority, which this user may not have")
    assert (here, thread) == (os.SCHED_FIFO, os.SCHED_OTHER)


def test_detach_1_keeps_the_order_within_an_object(work):
    box = work("@detach 1")
    for number in (1, 2):
        box.send(1, "held", number)
    assert box.expect(0) == ["Any", "begin", 1]
    box.rig.let_time_pass(20)
    assert len(box.messages(0)) == 1
    box.send(0, "set", "released", 2)
    assert [box.expect(0)[1:] for _ in range(3)] == [["end", 1], ["begin", 2], ["end", 2]]


def test_detach_1_of_one_object_never_delays_another(work):
    hanging, other = work("@detach 1"), work("@detach 1")
    hanging.send(1, "hang")
    other.send(1, "ping")
    assert other.expect(0) == ["Symbol", "pong"]


def test_detach_2_runs_side_by_side(work):
    box = work("@detach 2")
    box.send(1, "meet")
    box.send(1, "meet")
    assert [box.expect(0) for _ in range(2)] == [["Symbol", "met"]] * 2


def test_other_modes_drop_the_call_with_a_note(rig, work):
    box = work("@detach 5")
    box.send(1, "ping")
    rig.expect_console("detach 5 is not 0, 1 or 2")
    assert box.messages(0) == []


def test_the_mode_is_read_when_the_message_comes(work):
    box = work()
    box.send(0, "detach", 1)
    box.send(1, "thread")
    assert box.expect(0) == ["Any", "here", 0]


def test_an_exception_in_a_detached_method_is_reported_and_the_object_goes_on(rig, work):
    box = work("@detach 1")
    box.send(1, "leave")
    line = rig.expect_console("SystemExit: 3")
    assert "Work" in line and "leave_1" in line
    box.send(1, "ping")
    assert box.expect(0) == ["Symbol", "pong"]


@pytest.mark.parametrize("mode", [1, 2])
def test_stop_asks_running_calls_to_end(work, mode):
    box = work(f"@detach {mode}")
    box.send(1, "wait")
    assert box.expect(0) == ["Symbol", "waits"]
    box.send(0, "stop", 20000)
    assert box.expect(0) == ["Any", "exit", 1]
    box.rig.let_time_pass(20)
    box.send(1, "ping")
    assert box.expect(0) == ["Symbol", "pong"]


@pytest.mark.parametrize("words", [["stop"], ["stop", 0], ["stop", 30]])
def test_stop_gives_up(rig, work, words):
    box = work("@detach 1")
    box.send(1, "stubborn")
    assert box.expect(0) == ["Symbol", "begins"]
    box.send(0, *words)
    assert "1 call(s)" in rig.expect_console("did not end in time")
    box.send(0, "set", "released", 1)
    assert box.expect(0) == ["Symbol", "stubborn"]


def test_stop_without_calls_does_nothing(rig, work):
    box = work("@detach 1")
    box.send(0, "stop")
    box.send(1, "ping")
    assert box.expect(0) == ["Symbol", "pong"]
    assert rig.errors == []


def test_calls_arriving_while_a_stop_is_pending_are_dropped(work):
    box = work("@detach 2")
    box.send(1, "stubborn")
    assert box.expect(0) == ["Symbol", "begins"]
    box.send(0, "stop", 20000)
    box.send(1, "ping")
    box.send(0, "set", "released", 1)
    assert box.expect(0) == ["Symbol", "stubborn"]
    assert box.messages(0) == [["Symbol", "begins"], ["Symbol", "stubborn"]]


@pytest.mark.parametrize("method", ["hang", "outlive"])
@pytest.mark.parametrize("mode", [1, 2])
def test_deleting_an_object_never_waits(rig, work, method, mode):
    rig.pd.listen("work")
    box = work(f"@detach {mode}")
    box.send(1, method)
    box.close()
    assert rig.pd.expect("work") == ["deleted"]
    if method == "outlive":
        assert rig.pd.expect("work") == ["outlives"]
    other = work()
    other.send(1, "ping")
    assert other.expect(0) == ["Symbol", "pong"]
    assert rig.errors == []


def test_waiting_calls_of_a_deleted_object_are_dropped(rig, work):
    rig.pd.listen("begun")
    script = """
    import pyext, time
    class Begins(pyext._class):
        _inlets = 1
        def go_1(self):
            pyext._send("begun", 1)
            while not self._shouldexit:
                time.sleep(0.001)
    """
    box = rig.box("pyext {m}.Begins @detach 1", script, outlets=1)
    for _ in range(5):
        box.send(1, "go")
    assert rig.pd.expect("begun") == [1]
    box.close()
    rig.let_time_pass(100)
    assert rig.pd.received["begun"] == [[1]]


def test_pd_goes_on_and_quits_while_a_method_spins_for_ever(rig, play, tmp_path):
    rig.write(tmp_path, "work", WORK)
    patch = tmp_path / "spin.pd"
    patch.write_text(
        "#N canvas 0 0 300 200 12;\n#X obj 10 40 pyext work.Work @detach 1;\n#X obj 10 10 receive control;\n"
        "#X obj 90 10 receive in;\n#X obj 10 70 send out;\n#X obj 200 40 pyext work.Work;\n"
        "#X obj 200 10 receive other;\n"
        "#X obj 200 70 send other-out;\n"
        "#X connect 1 0 0 0;\n#X connect 2 0 0 1;\n#X connect 0 0 3 0;\n#X connect 5 0 4 1;\n#X connect 4 0 6 0;\n"
    )
    pd = play([patch], arguments=rig.LIBRARY, listen=["other-out"])
    pd.send("in", "spin")
    for _ in range(20):
        pd.send("other", "ping")
        assert pd.expect("other-out") == ["pong"]
    assert pd.quit() == 0


def test_pd_quits_while_threads_that_are_no_daemons_run(rig, play, tmp_path):
    rig.write(
        tmp_path,
        "stays",
        """
        import pyext, threading, time
        class Stays(pyext._class):
            def __init__(self):
                threading.Thread(target=time.sleep, args=(1000,)).start()
        """,
    )
    patch = tmp_path / "stays.pd"
    patch.write_text("#N canvas 0 0 300 200 12;\n#X obj 10 40 pyext stays.Stays;\n")
    assert play([patch], arguments=rig.LIBRARY).quit() == 0


def test_output_of_many_threads_arrives_whole_and_in_order(rig):
    box = rig.run(
        """
        def work(number):
            for i in range(200):
                self._outlet(1, number, i, 'text')
        for number in range(4):
            threading.Thread(target=work, args=(number,)).start()
        """
    )
    heard = [box.expect(0) for _ in range(800)]
    for number in range(4):
        assert [words[2] for words in heard if words[1] == number] == list(range(200))


def test_timers_of_the_script_may_send(rig):
    box = rig.run("threading.Timer(0.02, lambda: self.output('timer')).start()")
    assert box.expect(0) == ["Symbol", "timer"]


def test_script_threads_run_while_pd_is_idle(rig):
    box = rig.run(
        """
        def count():
            n = 0
            end = time.monotonic() + 0.2
            while time.monotonic() < end:
                n += 1
            self.output('counted', [n > 1000])
        threading.Thread(target=count).start()
        """
    )
    assert box.expect(0) == ["Any", "counted", 1]


def test_on_pds_thread_outlets_are_immediate_and_depth_first(rig):
    box = rig.run(
        """
        order = []
        self._bind('inner', lambda *values: order.append('inner'))
        order.append('before')
        pyext._send('inner', 1)
        order.append('after')
        self.output(order)
        """
    )
    assert box.expect(0) == ["List", "before", "inner", "after"]


@pytest.mark.parametrize("how", ["pyext._send(name, 'menuclose', [1])", "self._tocanvas('menuclose', 1)"])
def test_an_object_that_deletes_its_own_patch(rig, how):
    box = rig.box(
        "pyext {m}.Ends",
        f"""
        import pyext
        class Ends(pyext._class):
            _inlets = _outlets = 1
            def end_1(self, name):
                {how}
                self._outlet(1, "sent")
            def _del(self):
                pyext._send("ended", 1)
        """,
    )
    rig.pd.listen("ended")
    box.send(1, "end", f"pd-{box.patch}")
    assert rig.pd.expect("ended") == [1]
    assert box.messages(0) == [["Symbol", "sent"]]


def test_what_is_sent_after_a_deletion_waits_behind_it(rig):
    sub = rig.folder / "sub.pd"
    sub.write_text("#N canvas 0 0 300 200 12;\n#X obj 10 10 table old;\n")
    rig.pd.open(sub)
    box = rig.run(
        """
        pyext._send('pd-sub.pd', 'clear', [])
        pyext._send('pd-sub.pd', 'obj', [10, 10, 'table', 'new', 7])
        pyext.Clock(lambda: self.output(len(pyext.Buffer('old')), len(pyext.Buffer('new')))).delay(10)
        """
    )
    assert box.expect(0) == ["List", 0, 7]


def test_a_cord_that_is_cut_by_the_method_that_it_led_to(rig):
    box = rig.box(
        "pyext {m}.Cuts",
        """
        import pyext
        class Cuts(pyext._class):
            _inlets = _outlets = 1
            def cut_1(self):
                for inlet in range(2):
                    self._tocanvas('disconnect', 1 + inlet, 0, 0, inlet)
                self._outlet(1, "sent")
        """,
    )
    box.send(1, "cut")
    assert box.expect(0) == ["Symbol", "sent"]
    box.send(1, "cut")
    assert box.messages(0) == [["Symbol", "sent"]]


def test_a_worker_process_with_pipes(rig):
    box = rig.run(
        """
        import subprocess, sys
        def work():
            process = subprocess.Popen([sys.executable, '-c', 'import sys, numpy; print(input() + " back")'],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=self._canvas_dir)
            self.output(process.communicate(b'there and')[0].decode().strip())
        threading.Thread(target=work).start()
        """
    )
    assert box.expect(0) == ["Symbol", "there and back"]
