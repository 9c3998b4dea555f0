"""What a script finds in `pyext`."""

import pytest


def test_send_reaches_a_receive_name(rig):
    rig.pd.listen("reach")
    for values, message in [
        ("'reach', 1", [1]),
        ("pyext.Symbol('reach'), 'a'", ["a"]),
        ("'reach'", []),
        ("'reach', 'tag', [1, 2]", ["tag", 1, 2]),
        ("'reach', 1, 2, 'x'", [1, 2, "x"]),
        ("'reach', []", []),
    ]:
        rig.run(f"pyext._send({values})")
        assert rig.pd.expect("reach") == message


def test_send_to_an_unknown_name_does_nothing_and_returns_none(rig):
    box = rig.run("self.output(pyext._send('no-such-name', 1) is None)")
    assert box.expect(0) == ["Float", 1]
    assert rig.errors == []


def test_send_needs_a_name(rig):
    box = rig.run("pyext._send(3, 1)")
    assert box.expect(0)[:3] == ["Any", "raised", "ValueError"]


@pytest.mark.parametrize(
    "expression, value",
    [
        ("pyext._arraysupport()", ["Float", 1]),
        ("isinstance(pyext._samplerate(), float), pyext._samplerate() > 8000", ["List", 1, 1]),
        ("pyext._blocksize()", ["Float", 64]),
        ("isinstance(pyext._searchpaths(), list), isinstance(pyext._helppaths(), list)", ["List", 1, 1]),
        ("len(pyext._searchpaths()) > 0", ["Float", 1]),
        ("str(pyext._list(1, 2)), str(pyext._tuple(1, 2))", ["List", "[1, 2]", "(1, 2)"]),
        ("self._list(1), self.Symbol('a') == 'a', self._samplerate() == pyext._samplerate()", None),
        (
            "pyext._s_ == '', pyext._s_bang, pyext._s_list, pyext._s_symbol, pyext._s_float, pyext._s_int",
            None,
        ),
        ("self._isthreaded", ["Float", 1]),
        ("self._shouldexit", ["Float", 0]),
    ],
)
def test_functions_and_constants(rig, expression, value):
    box = rig.run(f"self.output({expression})")
    heard = box.expect(0)
    assert heard == value if value else heard[0] == "List"
    assert "raised" not in heard


def test_values(rig):
    patch = rig.folder / "value.pd"
    patch.write_text("#N canvas 0 0 200 200 12;\n#X obj 10 10 value shared-number;\n")
    rig.pd.open(patch)
    box = rig.run(
        "pyext._setvalue('shared-number', 2.5); self.output(pyext._getvalue('shared-number'));"
        "self.output(str(pyext._getvalue('no-such-number'))); pyext._setvalue('no-such-number', 1)"
    )
    assert box.expect(0) == ["Float", 2.5]
    assert box.expect(0) == ["Symbol", "None"]
    rig.expect_console("_getvalue: there is no value no-such-number")
    rig.expect_console("_setvalue: there is no value no-such-number")


def test_priority_changes_this_thread_only(rig):
    box = rig.run(
        """
        import os
        result = []
        def lower():
            before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
            pyext._priority(-1)
            result.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) - before)
        thread = threading.Thread(target=lower)
        thread.start(); thread.join()
        self.output(result)
        """
    )
    assert box.expect(0)[1:] == [1]
    box = rig.run("pyext._priority('much')")
    assert box.expect(0)[:3] == ["Any", "raised", "ValueError"]


@pytest.mark.parametrize(
    "expression, truth",
    [
        ("pyext.Symbol('a') == pyext.Symbol('a')", 1),
        ("pyext.Symbol('a') == 'a'", 1),
        ("hash(pyext.Symbol('a')) == hash('a')", 1),
        ("isinstance('a', pyext.Symbol)", 0),
        ("isinstance(pyext.Symbol('a'), str)", 1),
        ("isinstance(str(pyext.Symbol('a')), pyext.Symbol)", 0),
        ("pyext.Symbol('a') < pyext.Symbol('b')", 1),
        ("bool(pyext.Symbol(''))", 0),
        ("pyext.Symbol('')is None", 0),
        ("'Symbol' in repr(pyext.Symbol('a'))", 1),
        ("pyext.Symbol('häß')[1] == 'ä' and len(pyext.Symbol('häß')) == 3", 1),
        ("pyext.Symbol('abc')[:2] == 'ab' and list(pyext.Symbol('ab')) == ['a', 'b']", 1),
        ("pyext.Symbol('a') + 'b' == 'ab' and pyext.Symbol('a') * 2 == 'aa'", 1),
        ("pyext.Symbol(pyext.Symbol('a')) == 'a'", 1),
    ],
)
def test_symbol(rig, expression, truth):
    box = rig.run(f"self.output({expression})")
    assert box.expect(0) == ["Float", truth]


def test_symbol_takes_text_only(rig):
    box = rig.run("pyext.Symbol(3)")
    assert box.expect(0)[:3] == ["Any", "raised", "TypeError"]


def test_bundle_delivers_in_order(rig):
    box = rig.run(
        """
        bundle = pyext.Bundle()
        assert bundle.append(self, 1, 'first') is None
        bundle.append('out-bundle', 2)
        bundle.append(self, 1, 'tag', [3])
        self.output('before')
        assert bundle.send() is bundle
        """
    )
    assert [box.expect(0) for _ in range(3)] == [["Symbol", "before"], ["Symbol", "first"], ["Any", "tag", 3]]


def test_bundle_from_a_thread(rig):
    box = rig.run(
        """
        def work():
            bundle = pyext.Bundle()
            for i in range(100):
                bundle.append(self, 1, i)
            bundle.send()
        threading.Thread(target=work).start()
        """
    )
    assert [box.expect(0) for _ in range(100)] == [["Float", i] for i in range(100)]


@pytest.mark.parametrize(
    "code, error",
    [
        ("pyext.Bundle().append(self, 2, 1)", "ValueError"),
        ("pyext.Bundle().append(self, 1)", "SyntaxError"),
        ("pyext.Bundle().append(3, 1)", "SyntaxError"),
        ("pyext.Bundle().append(type(self)(), 1, 1)", "RuntimeError"),
        ("pyext.Bundle().send().send()", "RuntimeError"),
        ("pyext.Bundle().send().append('a', 1)", "RuntimeError"),
    ],
)
def test_bundle_errors(rig, code, error):
    box = rig.run(code)
    assert box.expect(0)[:3] == ["Any", "raised", error]


def test_clock_calls_at_its_logical_time(rig):
    box = rig.run(
        """
        start = pyext.logical_time()
        self.clock = pyext.Clock(lambda: self.output('after', [pyext.logical_time() - start]))
        self.clock.delay(500)
        self.clock.delay(7.25)
        """
    )
    assert box.expect(0) == ["Any", "after", pytest.approx(7.25, abs=1e-4)]
    rig.let_time_pass(30)
    assert len(box.messages(0)) == 1


def test_clock_that_the_script_drops_still_calls_and_unset_cancels(rig):
    box = rig.run(
        """
        pyext.Clock(lambda: self.output('called')).delay(5)
        self.silent = pyext.Clock(lambda: self.output('never'))
        self.silent.delay(5)
        self.silent.unset()
        pyext.Clock(lambda: self.output('last')).delay(30)
        """
    )
    assert box.expect(0) == ["Symbol", "called"]
    assert box.expect(0) == ["Symbol", "last"]


def test_an_exception_of_a_clock_is_reported(rig):
    rig.run("pyext.Clock(lambda: 1 / 0).delay(1)")
    rig.expect_console("ZeroDivisionError")


def test_the_clock_of_a_deleted_object_does_not_call(rig):
    rig.pd.listen("clock-of-deleted")
    script = """
    import pyext
    class Late(pyext._class):
        _inlets = 1
        def set_1(self):
            pyext.Clock(self.call).delay(20)
            pyext._send("clock-of-deleted", "set")
        def call(self):
            pyext._send("clock-of-deleted", "called")
    """
    kept, deleted = (rig.box("pyext {m}.Late", script, outlets=1) for _ in range(2))
    kept.send(1, "set")
    assert rig.pd.expect("clock-of-deleted") == ["set"]
    assert rig.pd.expect("clock-of-deleted") == ["called"]
    deleted.send(1, "set")
    assert rig.pd.expect("clock-of-deleted") == ["set"]
    deleted.close()
    rig.let_time_pass(40)
    assert rig.pd.received["clock-of-deleted"][-1] == ["set"]


def test_clock_set_from_a_thread(rig):
    box = rig.run(
        """
        self.clock = pyext.Clock(lambda: self.output(threading.current_thread() is threading.main_thread()))
        threading.Thread(target=self.clock.delay, args=(1,)).start()
        """
    )
    box.expect(0)


def test_call_soon_runs_on_pds_thread_in_order(rig):
    box = rig.run(
        """
        pds = threading.get_ident()
        def work():
            for i in range(50):
                pyext.call_soon(lambda i=i: self.output(i, threading.get_ident() == pds))
        threading.Thread(target=work).start()
        """
    )
    assert [box.expect(0) for _ in range(50)] == [["List", i, 1] for i in range(50)]


def test_call_soon_reports_errors(rig):
    rig.run("pyext.call_soon(lambda: 1 / 0)")
    rig.expect_console("ZeroDivisionError")


def test_call_and_wait_returns_and_raises(rig):
    box = rig.run(
        """
        pds = threading.get_ident()
        def work():
            self.output('result', [pyext.call_and_wait(lambda x: x + (threading.get_ident() == pds), 1)])
            try:
                pyext.call_and_wait(lambda: 1 / 0)
            except ZeroDivisionError:
                self.output('raised')
        threading.Thread(target=work).start()
        self.output('direct', [pyext.call_and_wait(lambda: 5)])
        """
    )
    assert box.expect(0) == ["Any", "direct", 5]
    assert box.expect(0) == ["Any", "result", 2]
    assert box.expect(0) == ["Symbol", "raised"]


def test_call_and_wait_gives_up(rig):
    box = rig.run(
        """
        called = []
        def work():
            try:
                pyext.call_and_wait(called.append, 1, timeout=0.05)
            except TimeoutError:
                pass
            pyext.call_soon(lambda: self.output('called', [len(called)]))
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        """
    )
    assert box.expect(0) == ["Any", "called", 0]


def test_the_module_is_found_from_a_script_of_the_same_name(rig):
    module = f"{rig.unique()}.pyext"
    script = "import pyext\nclass Thing(pyext._class):\n    _inlets = _outlets = 1\n"
    script += "    def bang_1(self):\n        self._outlet(1, pyext.__name__)\n"
    rig.write(rig.folder, module.replace(".pyext", ".__init__"), "")
    box = rig.box("pyext. 1 1 {m} Thing", script, module=module)
    box.send(1, "bang")
    assert box.expect(0) == ["Symbol", "pyext"]


def test_scripts_find_what_lies_beside_the_library(rig):
    box = rig.run("import pdworker; self.output(pdworker.__file__)")
    assert box.expect(0)[1].endswith("/pdworker/__init__.py")


def test_the_users_module_is_not_littered(rig):
    box = rig.run("self.output(any('registry' in name for name in globals()))")
    assert box.expect(0) == ["Float", 0]
