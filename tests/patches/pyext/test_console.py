"""What scripts print, and what goes wrong."""

import pytest


def test_prints_go_to_the_console_line_by_line(rig):
    rig.run("print('one\\ntwo\\n\\nthree')")
    lines = rig.console
    start = lines.index("one")
    assert lines[start : start + 4] == ["one", "two", "", "three"]


def test_unfinished_lines_wait_for_their_end(rig):
    rig.run(
        "import sys; sys.stdout.write('be'); sys.stdout.flush(); sys.stderr.write('gin'); sys.stderr.flush()"
    )
    assert not any(line == "be" for line in rig.console)
    rig.run("import sys; sys.stdout.write('ning\\n')")
    rig.expect_console("beginning")


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
def test_text_is_printed_literally_and_whole(rig, text, lines):
    rig.run(f"print({text})")
    console = rig.console
    assert console[-len(lines) :] == lines


def test_bytes_that_are_no_utf8(rig):
    rig.run("import sys; sys.stdout.buffer.write(b'caf\\xe9\\n')")
    rig.expect_console("caf\N{REPLACEMENT CHARACTER}")


def test_streams_have_what_text_streams_have(rig):
    box = rig.run(
        """
        import sys
        for stream in (sys.stdout, sys.stderr):
            stream.writelines(['a ', 'b\\n'])
            self.output(stream.isatty(), stream.encoding, stream.write('c\\n'), stream.fileno() > 0, stream.writable())
        """
    )
    for _ in range(2):
        assert box.expect(0) == ["List", 0, "utf-8", 2, 1, 1]
    rig.expect_console("a b")


def test_the_lines_of_several_threads_do_not_mix(rig):
    rig.run(
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
        assert rig.expect_console(f"first{number}") == f"first{number} last{number}"


def test_what_a_thread_leaves_unfinished_the_next_one_finishes(rig):
    rig.run(
        """
        thread = threading.Thread(target=print, args=('left ',), kwargs={'end': ''})
        thread.start()
        thread.join()
        print('finished')
        """
    )
    rig.expect_console("left finished")


def test_a_script_that_closes_stdout(rig):
    rig.run("import sys; sys.stdout.close(); print('still printed')")
    rig.expect_console("still printed")


def test_prints_of_many_threads(rig):
    rig.run(
        """
        def work(number):
            for i in range(50):
                print(f'thread {number} line {i}')
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads: thread.start()
        """
    )
    for number in range(4):
        rig.expect_console(f"thread {number} line 49")
    lines = rig.console
    assert all(f"thread {number} line {i}" in lines for number in range(4) for i in range(50))


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_an_exception_names_object_method_file_and_line_and_the_object_goes_on(rig, mode):
    box = rig.box(
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
                self._outlet(1, "done")
        """,
    )
    box.send(1, "play", 3)
    line = rig.expect_console("KeyError: 3")
    assert line.startswith(f"error: pyext {box.module}.Fails: play_1: KeyError: 3 (")
    assert line.endswith(f"{box.module}.py, line 8)")
    rig.expect_console("in inner")
    assert not any("<pyext" in text for text in rig.console)
    box.send(1, "bang")
    assert box.expect(0) == ["Symbol", "done"]


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
def test_nothing_a_method_raises_ends_pd(rig, cause):
    box = rig.box(
        "pyext {m}.Leaves",
        f"import pyext\nclass Leaves(pyext._class):\n    _inlets = 1\n    def go_1(self):\n        {cause}\n"
        "    def _del(self):\n        raise SystemExit\n",
        outlets=1,
    )
    box.send(1, "go")
    rig.expect_console("go_1: ")
    box.close()
    rig.expect_console("_del: SystemExit")
    rig.pd.sync()


def test_deep_recursion_through_pd(rig):
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
    box = rig.box("pyext {m}.Loops", script)
    box.send(1, "name", f"loop{box.number}")
    box.send(1, 0)
    rig.expect_console("RecursionError")
    rig.pd.sync()


def test_symbols_of_ten_megabytes(rig):
    box = rig.box(
        "pyext {m}.Big",
        """
        import pyext
        class Big(pyext._class):
            _inlets = _outlets = 1
            def go_1(self):
                self._bind("big", self.receive)
                pyext._send("big", "x" * 10_000_000)
            def receive(self, name):
                self._outlet(1, len(name))
        """,
    )
    box.send(1, "go")
    assert box.expect(0)[1] == pytest.approx(1e7)


def test_text_with_a_zero_or_without_utf8_reaches_pd_and_comes_back(rig):
    box = rig.run(
        """
        def receive(name):
            self.output('length', [len(name)])
        self._bind('bytes', receive)
        pyext._send('bytes', b'caf\\xe9'.decode('utf-8', 'surrogateescape'))
        pyext._send('bytes', 'zero\\0cut')
        """
    )
    assert box.expect(0) == ["Any", "length", 4]
    assert box.expect(0) == ["Any", "length", 4]
