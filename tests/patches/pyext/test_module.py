"""What a script finds in `pyext`."""

import pytest


def test_send_reaches_a_receive_name(desk):
    desk.pd.listen("reach")
    for values, message in [
        ("'reach', 1", [1]),
        ("pyext.Symbol('reach'), 'a'", ["a"]),
        ("'reach'", []),
        ("'reach', 'tag', [1, 2]", ["tag", 1, 2]),
        ("'reach', 1, 2, 'x'", [1, 2, "x"]),
        ("'reach', []", []),
    ]:
        desk.run(f"pyext._send({values})")
        assert desk.pd.expect("reach") == message


def test_send_to_nobody_is_silent_and_returns_none(desk):
    box = desk.run("self.say(pyext._send('nobody-is-here', 1) is None)")
    assert box.expect(0) == ["Float", 1]
    assert desk.errors == []


def test_send_needs_a_name(desk):
    box = desk.run("pyext._send(3, 1)")
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
def test_functions_and_constants(desk, expression, value):
    box = desk.run(f"self.say({expression})")
    heard = box.expect(0)
    assert heard == value if value else heard[0] == "List"
    assert "raised" not in heard


def test_values(desk):
    patch = desk.folder / "value.pd"
    patch.write_text("#N canvas 0 0 200 200 12;\n#X obj 10 10 value shared-number;\n")
    desk.pd.open(patch)
    box = desk.run(
        "pyext._setvalue('shared-number', 2.5); self.say(pyext._getvalue('shared-number'));"
        "self.say(str(pyext._getvalue('no-such-number'))); pyext._setvalue('no-such-number', 1)"
    )
    assert box.expect(0) == ["Float", 2.5]
    assert box.expect(0) == ["Symbol", "None"]
    desk.expect_console("_getvalue: there is no value no-such-number")
    desk.expect_console("_setvalue: there is no value no-such-number")


def test_priority_changes_this_thread_only(desk):
    box = desk.run(
        """
        import os
        result = []
        def lower():
            before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
            pyext._priority(-1)
            result.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) - before)
        thread = threading.Thread(target=lower)
        thread.start(); thread.join()
        self.say(result)
        """
    )
    assert box.expect(0)[1:] == [1]
    box = desk.run("pyext._priority('much')")
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
def test_symbol(desk, expression, truth):
    box = desk.run(f"self.say({expression})")
    assert box.expect(0) == ["Float", truth]


def test_symbol_takes_text_only(desk):
    box = desk.run("pyext.Symbol(3)")
    assert box.expect(0)[:3] == ["Any", "raised", "TypeError"]


def test_bundle_delivers_in_order(desk):
    box = desk.run(
        """
        desk = self
        bundle = pyext.Bundle()
        assert bundle.append(self, 1, 'first') is None
        bundle.append('out-bundle', 2)
        bundle.append(self, 1, 'tag', [3])
        self.say('before')
        assert bundle.send() is bundle
        """
    )
    assert [box.expect(0) for _ in range(3)] == [["Symbol", "before"], ["Symbol", "first"], ["Any", "tag", 3]]


def test_bundle_from_a_thread(desk):
    box = desk.run(
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
def test_bundle_errors(desk, code, error):
    box = desk.run(code)
    assert box.expect(0)[:3] == ["Any", "raised", error]


def test_clock_rings_at_its_logical_time(desk):
    box = desk.run(
        """
        start = pyext.logical_time()
        self.clock = pyext.Clock(lambda: self.say('after', [pyext.logical_time() - start]))
        self.clock.delay(500)
        self.clock.delay(7.25)
        """
    )
    assert box.expect(0) == ["Any", "after", pytest.approx(7.25, abs=1e-4)]
    time_passes = desk.run("self.clock = pyext.Clock(lambda: self.say('later')); self.clock.delay(30)")
    time_passes.expect(0)
    assert len(box.heard(0)) == 1


def test_clock_that_nobody_keeps_still_rings_and_unset_silences(desk):
    box = desk.run(
        """
        pyext.Clock(lambda: self.say('rings')).delay(5)
        self.silent = pyext.Clock(lambda: self.say('never'))
        self.silent.delay(5)
        self.silent.unset()
        pyext.Clock(lambda: self.say('last')).delay(30)
        """
    )
    assert box.expect(0) == ["Symbol", "rings"]
    assert box.expect(0) == ["Symbol", "last"]


def test_clock_of_a_deleted_object_is_silent_and_errors_are_reported(desk):
    box = desk.run("self.fail = lambda: 1 / 0; pyext.Clock(self.fail).delay(1)")
    desk.expect_console("ZeroDivisionError")
    box = desk.run("self.clock = pyext.Clock(self.ring); self.clock.delay(20)\n")
    box.close()
    desk.run("pyext.Clock(lambda: self.say('done')).delay(40)").expect(0)
    assert not any("AttributeError: 'Thing'" in line for line in desk.console[-3:])


def test_clock_set_from_a_thread(desk):
    box = desk.run(
        """
        self.clock = pyext.Clock(lambda: self.say(threading.current_thread() is threading.main_thread()))
        threading.Thread(target=self.clock.delay, args=(1,)).start()
        """
    )
    box.expect(0)


def test_call_soon_runs_on_pds_thread_in_order(desk):
    box = desk.run(
        """
        pds = threading.get_ident()
        def work():
            for i in range(50):
                pyext.call_soon(lambda i=i: self.say(i, threading.get_ident() == pds))
        threading.Thread(target=work).start()
        """
    )
    assert [box.expect(0) for _ in range(50)] == [["List", i, 1] for i in range(50)]


def test_call_soon_reports_errors(desk):
    desk.run("pyext.call_soon(lambda: 1 / 0)")
    desk.expect_console("ZeroDivisionError")


def test_call_and_wait_returns_and_raises(desk):
    box = desk.run(
        """
        pds = threading.get_ident()
        def work():
            self.say('result', [pyext.call_and_wait(lambda x: x + (threading.get_ident() == pds), 1)])
            try:
                pyext.call_and_wait(lambda: 1 / 0)
            except ZeroDivisionError:
                self.say('raised')
        threading.Thread(target=work).start()
        self.say('direct', [pyext.call_and_wait(lambda: 5)])
        """
    )
    assert box.expect(0) == ["Any", "direct", 5]
    assert box.expect(0) == ["Any", "result", 2]
    assert box.expect(0) == ["Symbol", "raised"]


def test_call_and_wait_gives_up(desk):
    box = desk.run(
        """
        called = []
        def work():
            try:
                pyext.call_and_wait(called.append, 1, timeout=0.05)
            except TimeoutError:
                pass
            pyext.call_soon(lambda: self.say('called', [len(called)]))
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        """
    )
    assert box.expect(0) == ["Any", "called", 0]


def test_the_module_is_found_from_a_script_of_the_same_name(desk):
    module = f"{desk.unique()}.pyext"
    script = "import pyext\nclass Thing(pyext._class):\n    _inlets = _outlets = 1\n"
    script += "    def bang_1(self):\n        self._outlet(1, pyext.__name__)\n"
    desk.write(desk.folder, module.replace(".pyext", ".__init__"), "")
    box = desk.box("pyext. 1 1 {m} Thing", script, module=module)
    box.send(1, "bang")
    assert box.expect(0) == ["Symbol", "pyext"]


def test_scripts_find_what_lies_beside_the_library(desk):
    box = desk.run("import pdworker; self.say(pdworker.__file__)")
    assert box.expect(0)[1].endswith("/pdworker/__init__.py")


def test_the_users_module_is_not_littered(desk):
    box = desk.run("self.say(any('registry' in name for name in globals()))")
    assert box.expect(0) == ["Float", 0]
