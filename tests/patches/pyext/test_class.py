"""What an instance has and how it lives."""

import pytest
from support.external import EXTERNAL

BINDS = """
import pyext

class Binds(pyext._class):
    _inlets = _outlets = 1

    def receive(self, *values):
        self._outlet(1, "received", values)

    def twice(self, *values):
        self._outlet(1, "twice", values)

    def bind_1(self, name):
        self._bind(name, self.receive)

    def both_1(self, name):
        self._bind(name, self.receive)
        self._bind(name, self.twice)

    def unbind_1(self, name):
        self._unbind(name, self.receive)

    def wrong_1(self):
        self._bind(3, self.receive)
        self._bind("name", 3)
        self._unbind("name", 3)
        self._outlet(1, "done")

    def once_1(self, name):
        def once(*values):
            self._unbind(name, once)
            self._outlet(1, "once", values)
        self._bind(name, once)
        self._bind(name, self.receive)

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
def test_bind(rig, message, values):
    box = rig.box("pyext {m}.Binds", BINDS)
    box.send(1, "bind", f"bound{box.number}")
    rig.pd.send(f"bound{box.number}", *message)
    assert box.expect(0) == ["Any", "received", *values]


@pytest.mark.quick
def test_several_bindings_and_unbind(rig):
    box = rig.box("pyext {m}.Binds", BINDS)
    name = f"bound{box.number}"
    box.send(1, "both", name)
    rig.pd.send(name, 1)
    assert {box.expect(0)[1], box.expect(0)[1]} == {"received", "twice"}
    box.send(1, "unbind", name)
    rig.pd.send(name, 2)
    assert box.expect(0) == ["Any", "twice", 2]
    assert len(box.messages(0)) == 3


def test_a_callback_may_unbind_itself(rig):
    box = rig.box("pyext {m}.Binds", BINDS)
    name = f"bound{box.number}"
    box.send(1, "once", name)
    rig.pd.send(name, 1)
    rig.pd.send(name, 2)
    box.expect(0, "Any", "received", 2)
    assert [words[1:] for words in box.messages(0)].count(["once", 1]) == 1
    assert ["Any", "once", 2] not in box.messages(0)


def test_wrong_bindings_are_notes(rig):
    box = rig.box("pyext {m}.Binds", BINDS)
    box.send(1, "wrong")
    rig.expect_console("_bind takes a receive name and a function")
    rig.expect_console("_unbind takes a receive name and a function")
    assert box.expect(0) == ["Symbol", "done"]


def test_a_failing_callback_is_reported(rig):
    box = rig.box("pyext {m}.Binds", BINDS)
    for message, error_text in (("fail", "ZeroDivisionError"), ("leave", "SystemExit")):
        box.send(1, message, f"{message}{box.number}")
        rig.pd.send(f"{message}{box.number}", 1)
        line = rig.expect_console(error_text)
        assert "Binds" in line and "bound to" in line


def test_bindings_go_with_the_box_and_with_a_reload(rig):
    box = rig.box("pyext {m}.Binds", BINDS)
    name = f"bound{box.number}"
    box.send(1, "bind", name)
    box.send(0, "reload.")
    rig.pd.send(name, 1)
    box.send(1, "bind", name)
    rig.pd.send(name, 2)
    assert box.expect(0) == ["Any", "received", 2]
    assert len(box.messages(0)) == 1
    box.close()
    rig.pd.send(name, 3)
    rig.pd.sync()
    assert len(box.messages(0)) == 1


def test_tocanvas_edits_the_patch(rig):
    for values in ("'obj', 10, 300, 'receive', 'made{n}'", "['obj', 10, 300, 'receive', 'made{n}']"):
        number = next(rig.numbers)
        box = rig.run(f"self._tocanvas({values.replace('{n}', str(number))}); self.output('done')")
        assert box.expect(0) == ["Symbol", "done"]
        box.rig.pd.sync()
    assert rig.errors == []
    number = next(rig.numbers)
    rig.pd.listen(f"tell{number}")
    box = rig.run(
        f"""
        self._tocanvas('msg', 10, 300, 'bang')
        self._tocanvas('obj', 10, 330, 'send', 'tell{number}')
        self._tocanvas('obj', 10, 270, 'loadbang')
        self._tocanvas(['obj', 60, 270, 'receive', 'start{number}'])
        self._tocanvas('connect', 6, 0, 4, 0)
        """
    )
    assert rig.errors == []


def test_tocanvas_from_a_thread_and_from_pds(rig):
    number = next(rig.numbers)
    box = rig.run(
        f"""
        def work():
            self._tocanvas('obj', 10, 300, 'table', 'table{number}', 17)
            self.output('length', [pyext.call_and_wait(lambda: len(pyext.Buffer('table{number}')))])
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
def test_misuse_raises(rig, code, error):
    box = rig.run(code)
    assert box.expect(0)[:3] == ["Any", "raised", error]


def test_optional_arguments(rig):
    box = rig.run("self._stop(); self.output(str((self._invec(), self._outvec())))")
    assert box.expect(0) == ["Symbol", "(None, None)"]


def test_error_is_one_error_line_of_the_object(rig):
    rig.run("self._error('100% wrong %s')")
    assert rig.expect_console("100% wrong %s").startswith("error:")
    assert len(rig.errors) == 1


def test_canvas_dir_of_an_abstraction_is_the_abstractions(rig):
    folder = rig.folder / "inside"
    folder.mkdir()
    module = rig.unique()
    rig.write(
        folder,
        module,
        """
        import pyext
        class Where(pyext._class):
            def __init__(self):
                pyext._send("where", self._canvas_dir)
                pyext._send("where-all", *self._canvas_dirs)
        """,
    )
    rig.pd.listen("where")
    rig.pd.listen("where-all")
    (folder / "abstraction.pd").write_text(f"#N canvas 0 0 200 200 12;\n#X obj 10 10 pyext {module}.Where;\n")
    patch = rig.folder / "outer.pd"
    patch.write_text("#N canvas 0 0 200 200 12;\n#X obj 10 10 inside/abstraction;\n")
    rig.pd.open(patch)
    assert rig.pd.expect("where") == [str(folder)]
    assert rig.pd.expect("where-all") == [str(folder), str(rig.folder)]


def test_window_is_where_pd_sends_the_keys_of_the_patch(rig, play, screen):
    rig.write(
        rig.folder,
        "typed",
        """
        import pyext
        class Typed(pyext._class):
            def __init__(self):
                self._bind(self._window, self.said)
            def said(self, *message):
                if message[:1] == ("key",):
                    pyext._send("typed", message)
        """,
    )
    patch = rig.folder / "typed.pd"
    inside = "#N canvas 0 0 200 200 inside 0;\n#X obj 10 10 pyext typed.Typed;\n#X restore 10 10 pd inside;\n"
    patch.write_text("#N canvas 900 300 300 300 12;\n#X declare -path pyext -lib py;\n" + inside)
    pd = play([patch], path=[EXTERNAL], listen=["typed"], display=screen.name)
    screen.wait_for_window("typed.pd")
    screen.xdotool("mousemove", 1000, 500, "click", 1, "key", "q")
    assert pd.expect("typed", "key", timeout=60)[:3] == ["key", 1, ord("q")]


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


def test_del_runs_on_deletion_and_before_a_reload(rig):
    rig.pd.listen("life")
    box = rig.box("pyext {m}.Life one", LIFE)
    box.send(0, "reload", "two")
    assert rig.pd.expect("life") == ["del", "one"]
    assert rig.pd.expect("life") == ["gone", "one"]
    box.close()
    assert rig.pd.expect("life") == ["del", "two"]
    assert rig.pd.expect("life") == ["gone", "two"]


def test_an_instance_without_a_box_may_read_shouldexit_but_not_send(rig):
    rig.pd.listen("unlinked")
    script = """
    import pyext, threading, time
    class Unlinked(pyext._class):
        _inlets = _outlets = 1
        def go_1(self):
            threading.Thread(target=self.work).start()
        def work(self):
            while not self._shouldexit:
                time.sleep(0.001)
            pyext._send("unlinked", "exit", [self._shouldexit is True])
            for call in (lambda: self._outlet(1, 1), lambda: self._canvas_dir, lambda: self._tocanvas("a"),
                        lambda: pyext.Bundle().append(self, 1, 1), lambda: self._detach(1), lambda: self._invec(0)):
                try:
                    call()
                except RuntimeError:
                    pyext._send("unlinked", "refused")
            self._error("still printed")
            pyext._send("unlinked", "end")
    """
    for ending in ("close", "reload"):
        box = rig.box("pyext {m}.Unlinked", script)
        box.send(1, "go")
        box.close() if ending == "close" else box.send(0, "reload.")
        assert rig.pd.expect("unlinked") == ["exit", 1]
        assert [rig.pd.expect("unlinked") for _ in range(6)] == [["refused"]] * 6
        assert rig.pd.expect("unlinked") == ["end"]


def test_users_may_keep_underscore_attributes(rig):
    box = rig.run("self._process = 3; self._name = 4; self.output(self._process + self._name)")
    assert box.expect(0) == ["Float", 7]


def test_a_script_that_overwrites_its_link_to_the_box(rig):
    box = rig.run(
        "link = self._this; self._this = 3; error = None\n"
        "try:\n    self._outlet(1, 1)\nexcept RuntimeError as raised:\n    error = raised\n"
        "self._this = link\nself.output(error is not None)"
    )
    assert box.expect(0) == ["Float", 1]


def test_a_selector_that_is_no_utf8(rig):
    rig.run(
        """
        self._bind('raw', lambda *values: 1 / 0)
        pyext._send('raw', b'caf\\xe9'.decode('utf-8', 'surrogateescape'), [1])
        """
    )
    rig.expect_console("ZeroDivisionError")
