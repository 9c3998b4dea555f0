"""What an instance has and how it lives."""

import pytest

BINDS = """
import pyext

class Binds(pyext._class):
    _inlets = _outlets = 1

    def hear(self, *values):
        self._outlet(1, "heard", values)

    def twice(self, *values):
        self._outlet(1, "twice", values)

    def bind_1(self, name):
        self._bind(name, self.hear)

    def both_1(self, name):
        self._bind(name, self.hear)
        self._bind(name, self.twice)

    def unbind_1(self, name):
        self._unbind(name, self.hear)

    def wrong_1(self):
        self._bind(3, self.hear)
        self._bind("name", 3)
        self._unbind("name", 3)
        self._outlet(1, "alive")

    def once_1(self, name):
        def once(*values):
            self._unbind(name, once)
            self._outlet(1, "once", values)
        self._bind(name, once)
        self._bind(name, self.hear)

    def fail_1(self, name):
        self._bind(name, lambda *values: 1 / 0)

    def leave_1(self, name):
        import sys
        self._bind(name, lambda *values: sys.exit(3))
"""


@pytest.mark.parametrize(
    "message, values",
    [
        ([1], [1]),
        (["symbol", "a"], ["a"]),
        (["list", 1, "b"], [1, "b"]),
        (["play", 1], ["play", 1]),
        (["bang"], ["bang"]),
    ],
)
def test_bind(desk, message, values):
    box = desk.box("pyext {m}.Binds", BINDS)
    box.send(1, "bind", f"ear{box.number}")
    desk.pd.send(f"ear{box.number}", *message)
    assert box.expect(0) == ["Any", "heard", *values]


def test_several_bindings_and_unbind(desk):
    box = desk.box("pyext {m}.Binds", BINDS)
    ear = f"ear{box.number}"
    box.send(1, "both", ear)
    desk.pd.send(ear, 1)
    assert {box.expect(0)[1], box.expect(0)[1]} == {"heard", "twice"}
    box.send(1, "unbind", ear)
    desk.pd.send(ear, 2)
    assert box.expect(0) == ["Any", "twice", 2]
    assert len(box.heard(0)) == 3


def test_a_callback_may_unbind_itself(desk):
    box = desk.box("pyext {m}.Binds", BINDS)
    ear = f"ear{box.number}"
    box.send(1, "once", ear)
    desk.pd.send(ear, 1)
    desk.pd.send(ear, 2)
    box.expect(0, "Any", "heard", 2)
    assert [words[1:] for words in box.heard(0)].count(["once", 1]) == 1
    assert ["Any", "once", 2] not in box.heard(0)


def test_wrong_bindings_are_notes(desk):
    box = desk.box("pyext {m}.Binds", BINDS)
    box.send(1, "wrong")
    desk.expect_console("_bind takes a receive name and a function")
    desk.expect_console("_unbind takes a receive name and a function")
    assert box.expect(0) == ["Symbol", "alive"]


def test_a_failing_callback_is_reported(desk):
    box = desk.box("pyext {m}.Binds", BINDS)
    for act, complaint in (("fail", "ZeroDivisionError"), ("leave", "SystemExit")):
        box.send(1, act, f"{act}{box.number}")
        desk.pd.send(f"{act}{box.number}", 1)
        line = desk.expect_console(complaint)
        assert "Binds" in line and "bound to" in line


def test_bindings_go_with_the_box_and_with_a_reload(desk):
    box = desk.box("pyext {m}.Binds", BINDS)
    ear = f"ear{box.number}"
    box.send(1, "bind", ear)
    box.send(0, "reload.")
    desk.pd.send(ear, 1)
    box.send(1, "bind", ear)
    desk.pd.send(ear, 2)
    assert box.expect(0) == ["Any", "heard", 2]
    assert len(box.heard(0)) == 1
    box.close()
    desk.pd.send(ear, 3)
    desk.pd.sync()
    assert len(box.heard(0)) == 1


def test_tocanvas_edits_the_patch(desk):
    for values in ("'obj', 10, 300, 'receive', 'made{n}'", "['obj', 10, 300, 'receive', 'made{n}']"):
        number = next(desk.numbers)
        box = desk.run(f"self._tocanvas({values.replace('{n}', str(number))}); self.say('done')")
        assert box.expect(0) == ["Symbol", "done"]
        box.desk.pd.sync()
    assert desk.errors == []
    number = next(desk.numbers)
    desk.pd.listen(f"tell{number}")
    box = desk.run(
        f"""
        self._tocanvas('msg', 10, 300, 'bang')
        self._tocanvas('obj', 10, 330, 'send', 'tell{number}')
        self._tocanvas('obj', 10, 270, 'loadbang')
        self._tocanvas(['obj', 60, 270, 'receive', 'start{number}'])
        self._tocanvas('connect', 6, 0, 4, 0)
        """
    )
    assert desk.errors == []


def test_tocanvas_from_a_thread_and_from_pds(desk):
    number = next(desk.numbers)
    box = desk.run(
        f"""
        def work():
            self._tocanvas('obj', 10, 300, 'table', 'table{number}', 17)
            self.say('length', [pyext.call_and_wait(lambda: len(pyext.Buffer('table{number}')))])
        threading.Thread(target=work).start()
        """
    )
    assert box.expect(0) == ["Any", "length", 17]


@pytest.mark.parametrize(
    "code, error",
    [
        ("self._detach(3)", "ValueError"),
        ("self._detach('x')", "ValueError"),
        ("self._invec('x')", "TypeError"),
    ],
)
def test_misuse_raises(desk, code, error):
    box = desk.run(code)
    assert box.expect(0)[:3] == ["Any", "raised", error]


def test_optional_arguments(desk):
    box = desk.run("self._stop(); self.say(str((self._invec(), self._outvec())))")
    assert box.expect(0) == ["Symbol", "(None, None)"]


def test_error_is_one_error_line_of_the_object(desk):
    desk.run("self._error('100% wrong %s')")
    assert desk.expect_console("100% wrong %s").startswith("error:")
    assert len(desk.errors) == 1


def test_canvas_dir_of_an_abstraction_is_the_abstractions(desk):
    folder = desk.folder / "inside"
    folder.mkdir()
    module = desk.unique()
    desk.write(
        folder,
        module,
        """
        import pyext
        class Where(pyext._class):
            def __init__(self):
                pyext._send("where", self._canvas_dir)
        """,
    )
    desk.pd.listen("where")
    (folder / "abstraction.pd").write_text(f"#N canvas 0 0 200 200 12;\n#X obj 10 10 pyext {module}.Where;\n")
    patch = desk.folder / "outer.pd"
    patch.write_text("#N canvas 0 0 200 200 12;\n#X obj 10 10 inside/abstraction;\n")
    desk.pd.open(patch)
    assert desk.pd.expect("where") == [str(folder)]


LIFE = """
import pyext

class Life(pyext._class):
    _inlets = _outlets = 1

    def __init__(self, name):
        self.name = str(name)

    def _del(self):
        pyext._send("life", "del", [self.name])

    def __del__(self):
        pyext._send("life", "gone", [self.name])
"""


def test_del_runs_on_deletion_and_before_a_reload(desk):
    desk.pd.listen("life")
    box = desk.box("pyext {m}.Life one", LIFE)
    box.send(0, "reload", "two")
    assert desk.pd.expect("life") == ["del", "one"]
    assert desk.pd.expect("life") == ["gone", "one"]
    box.close()
    assert desk.pd.expect("life") == ["del", "two"]
    assert desk.pd.expect("life") == ["gone", "two"]


def test_an_orphan_may_ask_but_not_speak(desk):
    desk.pd.listen("orphan")
    script = """
    import pyext, threading, time
    class Orphan(pyext._class):
        _inlets = _outlets = 1
        def go_1(self):
            threading.Thread(target=self.work).start()
        def work(self):
            while not self._shouldexit:
                time.sleep(0.005)
            pyext._send("orphan", "exit", [self._shouldexit is True])
            for act in (lambda: self._outlet(1, 1), lambda: self._canvas_dir, lambda: self._tocanvas("a"),
                        lambda: pyext.Bundle().append(self, 1, 1), lambda: self._detach(1), lambda: self._invec(0)):
                try:
                    act()
                except RuntimeError:
                    pyext._send("orphan", "refused")
            self._error("still heard")
            pyext._send("orphan", "end")
    """
    for goodbye in ("close", "reload"):
        box = desk.box("pyext {m}.Orphan", script)
        box.send(1, "go")
        box.close() if goodbye == "close" else box.send(0, "reload.")
        assert desk.pd.expect("orphan") == ["exit", 1]
        assert [desk.pd.expect("orphan") for _ in range(6)] == [["refused"]] * 6
        assert desk.pd.expect("orphan") == ["end"]


def test_users_may_keep_underscore_attributes(desk):
    box = desk.run("self._process = 3; self._name = 4; self.say(self._process + self._name)")
    assert box.expect(0) == ["Float", 7]


def test_a_script_that_breaks_its_own_link_harms_nobody(desk):
    box = desk.run(
        "link = self._this; self._this = 3; error = None\n"
        "try:\n    self._outlet(1, 1)\nexcept RuntimeError as raised:\n    error = raised\n"
        "self._this = link\nself.say(error is not None)"
    )
    assert box.expect(0) == ["Float", 1]


def test_a_selector_that_is_no_utf8(desk):
    desk.run(
        """
        self._bind('raw', lambda *values: 1 / 0)
        pyext._send('raw', b'caf\\xe9'.decode('utf-8', 'surrogateescape'), [1])
        """
    )
    desk.expect_console("ZeroDivisionError")
