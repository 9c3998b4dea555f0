"""What scripts print, and what goes wrong."""

import pytest


def test_prints_go_to_the_console_line_by_line(desk):
    desk.run("print('one\\ntwo\\n\\nthree')")
    lines = desk.console
    start = lines.index("one")
    assert lines[start : start + 4] == ["one", "two", "", "three"]


def test_unfinished_lines_wait_for_their_end(desk):
    desk.run(
        "import sys; sys.stdout.write('be'); sys.stdout.flush(); sys.stderr.write('gin'); sys.stderr.flush()"
    )
    assert not any(line == "be" for line in desk.console)
    desk.run("import sys; sys.stdout.write('ning\\n')")
    desk.expect_console("beginning")


@pytest.mark.parametrize(
    "text, lines",
    [
        ("'100% %s %n %d'", ["100% %s %n %d"]),
        ("'x' * 5000", ["x" * 5000]),
        ("'ä' * 3000", ["ä" * 3000]),
        ("'a\\n' * 30 + 'end'", ["a"] * 30 + ["end"]),
        ("'h\\udcff'", ["h\\udcff"]),
        ("'{braces} [tcl] $dollar \\\\\\\\slash'", ["{braces} [tcl] $dollar \\\\slash"]),
    ],
)
def test_text_is_printed_literally_and_whole(desk, text, lines):
    desk.run(f"print({text})")
    console = desk.console
    assert console[-len(lines) :] == lines


def test_bytes_that_are_no_utf8(desk):
    desk.run("import sys; sys.stdout.buffer.write(b'caf\\xe9\\n')")
    desk.expect_console("caf\N{REPLACEMENT CHARACTER}")


def test_streams_have_what_text_streams_have(desk):
    box = desk.run(
        """
        import sys
        for stream in (sys.stdout, sys.stderr):
            stream.writelines(['a ', 'b\\n'])
            self.say(stream.isatty(), stream.encoding, stream.write('c\\n'), stream.fileno() > 0, stream.writable())
        """
    )
    for _ in range(2):
        assert box.expect(0) == ["List", 0, "utf-8", 2, 1, 1]
    desk.expect_console("a b")


def test_the_lines_of_several_threads_do_not_mix(desk):
    desk.run(
        """
        import sys
        def work(number, begun):
            sys.stdout.write(f'first{number} ')
            begun.wait()
            sys.stderr.write(f'last{number}\\n')
        begun = threading.Barrier(2)
        for number in range(2): threading.Thread(target=work, args=(number, begun)).start()
        """
    )
    for number in range(2):
        assert desk.expect_console(f"first{number}") == f"first{number} last{number}"


def test_what_a_thread_leaves_unfinished_the_next_one_finishes(desk):
    desk.run(
        """
        thread = threading.Thread(target=print, args=('left ',), kwargs={'end': ''})
        thread.start()
        thread.join()
        print('finished')
        """
    )
    desk.expect_console("left finished")


def test_a_script_that_closes_stdout(desk):
    desk.run("import sys; sys.stdout.close(); print('still heard')")
    desk.expect_console("still heard")


def test_prints_of_many_threads(desk):
    desk.run(
        """
        def work(number):
            for i in range(50):
                print(f'thread {number} line {i}')
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads: thread.start()
        """
    )
    for number in range(4):
        desk.expect_console(f"thread {number} line 49")
    lines = desk.console
    assert all(f"thread {number} line {i}" in lines for number in range(4) for i in range(50))


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_an_exception_names_object_method_file_and_line_and_is_harmless(desk, mode):
    box = desk.box(
        f"pyext {{m}}.Fails @detach {mode}",
        """
        import pyext
        class Fails(pyext._class):
            _inlets = _outlets = 1
            def play_1(self, x):
                return self.inner(x)
            def inner(self, x):
                return {}[x]
            def bang_1(self):
                self._outlet(1, "alive")
        """,
    )
    box.send(1, "play", 3)
    line = desk.expect_console("KeyError: 3")
    assert line.startswith(f"error: pyext {box.module}.Fails: play_1: KeyError: 3 (")
    assert line.endswith(f"{box.module}.py, line 8)")
    desk.expect_console("in inner")
    assert not any("<pyext" in text for text in desk.console)
    box.send(1, "bang")
    assert box.expect(0) == ["Symbol", "alive"]


@pytest.mark.parametrize(
    "cause",
    [
        "raise SystemExit",
        "import sys; sys.exit(3)",
        "raise KeyboardInterrupt",
        "raise GeneratorExit",
        "quit()",
    ],
)
def test_nothing_a_method_raises_ends_pd(desk, cause):
    box = desk.box(
        "pyext {m}.Leaves",
        f"import pyext\nclass Leaves(pyext._class):\n    _inlets = 1\n    def go_1(self):\n        {cause}\n"
        "    def _del(self):\n        raise SystemExit\n",
        outlets=1,
    )
    box.send(1, "go")
    desk.expect_console("go_1: ")
    box.close()
    desk.expect_console("_del: SystemExit")
    desk.pd.sync()


def test_deep_recursion_through_pd(desk):
    script = """
    import pyext
    class Loops(pyext._class):
        _inlets = _outlets = 1
        def float_1(self, x):
            pyext._send(self.name, x + 1)
        def name_1(self, name):
            self.name = name
            self._bind(name, self.float_1)
    """
    box = desk.box("pyext {m}.Loops", script)
    box.send(1, "name", f"loop{box.number}")
    box.send(1, 0)
    desk.expect_console("RecursionError")
    desk.pd.sync()


def test_symbols_of_ten_megabytes(desk):
    box = desk.box(
        "pyext {m}.Big",
        """
        import pyext
        class Big(pyext._class):
            _inlets = _outlets = 1
            def go_1(self):
                self._bind("big", self.hear)
                pyext._send("big", "x" * 10_000_000)
            def hear(self, name):
                self._outlet(1, len(name))
        """,
    )
    box.send(1, "go")
    assert box.expect(0)[1] == pytest.approx(1e7)


def test_text_with_a_zero_or_without_utf8_reaches_pd_and_comes_back(desk):
    box = desk.run(
        """
        def hear(name):
            self.say('length', [len(name)])
        self._bind('bytes', hear)
        pyext._send('bytes', b'caf\\xe9'.decode('utf-8', 'surrogateescape'))
        pyext._send('bytes', 'zero\\0cut')
        """
    )
    assert box.expect(0) == ["Any", "length", 4]
    assert box.expect(0) == ["Any", "length", 4]
