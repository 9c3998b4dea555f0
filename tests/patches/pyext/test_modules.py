"""Finding, importing and reloading scripts."""

import sys

import pytest

COUNTS = """
import pyext
RUNS = globals().get("RUNS", 0) + 1

class Counts(pyext._class):
    _inlets = _outlets = 1
    VERSION = 1

    def __init__(self, *given):
        self.given = given

    def show_1(self):
        self._outlet(1, self.VERSION, RUNS, *self.given)
"""


def test_boxes_share_a_module_and_reload_together_with_their_own_arguments(rig):
    first = rig.box("pyext {m}.Counts 1", COUNTS)
    second = rig.box(f"pyext {first.module}.Counts 2")
    first.rewrite(first.module, COUNTS.replace("VERSION = 1", "VERSION = 2"))
    second.send(0, "reload", 9)
    first.send(1, "show")
    second.send(1, "show")
    assert first.expect(0) == ["List", 2, 2, 1]
    assert second.expect(0) == ["List", 2, 2, 9]


@pytest.mark.parametrize(
    "broken, error_text",
    [
        (COUNTS + "\n)(", "SyntaxError"),
        ("import no_such_module\n" + COUNTS, "ModuleNotFoundError"),
        (COUNTS + "\n1 / 0\n", "ZeroDivisionError"),
        (COUNTS + "\nraise SystemExit\n", "SystemExit"),
        (COUNTS.replace("self.given = given", "raise ValueError('no')"), "ValueError: no"),
        (COUNTS.replace("class Counts", "class Renamed"), "has no class Counts"),
        (COUNTS.replace("(pyext._class)", ""), "not derived"),
    ],
)
def test_a_failed_reload_keeps_the_old_instance(rig, broken, error_text):
    box = rig.box("pyext {m}.Counts 1", COUNTS)
    other = rig.box(f"pyext {box.module}.Counts 2")
    box.rewrite(box.module, broken)
    box.send(0, "reload.")
    rig.expect_console(error_text)
    for one, argument in ((box, 1), (other, 2)):
        one.send(1, "show")
        assert one.expect(0)[-1] == argument
        one.send(0, "get", "given")
        one.expect(1, "Any", "get", "given", argument)
    box.rewrite(box.module, COUNTS.replace("VERSION = 1", "VERSION = 3"))
    box.send(0, "reload.")
    other.send(1, "show")
    assert other.expect(0)[1] == 3


def test_a_reload_that_asks_for_other_outlets_is_noted(rig):
    box = rig.box("pyext {m}.Counts", COUNTS)
    box.rewrite(box.module, COUNTS.replace("_inlets = _outlets = 1", "_inlets = 1; _outlets = 4"))
    box.send(0, "reload.")
    rig.expect_console("asks for other")
    box.send(1, "show")
    box.expect(0)


def test_counts_that_raise_are_reported(rig):
    box = rig.box(
        "pyext {m}.Odd",
        "import pyext\nclass Odd(pyext._class):\n    def _inlets(self):\n        return 1 / 0\n",
        inlets=1,
        outlets=1,
    )
    rig.expect_console("ZeroDivisionError")
    box.send(0, "getdetach")
    box.expect(0)


def test_a_box_that_was_not_created_is_not_reloaded(rig):
    script = (
        COUNTS
        + "    def _init(self):\n        if self.given == (1,):\n            raise ValueError('never')\n"
    )
    failed = rig.box("pyext {m}.Counts 1", script)
    rig.expect_console("couldn't create")
    created = rig.box(f"pyext {failed.module}.Counts 2")
    created.send(0, "reload.")
    created.send(1, "show")
    assert created.expect(0) == ["List", 1, 2, 2]


def test_the_search_path_is_appended_and_installed_modules_win(rig):
    rig.write(rig.folder, "colorsys", "NAME = 'beside the patch'")
    box = rig.run(
        """
        import colorsys, os, sys
        library = os.path.dirname(os.__file__)
        self.output(hasattr(colorsys, "NAME"), sys.path.index(self._canvas_dir) > sys.path.index(library))
        """
    )
    assert box.expect(0) == ["List", 0, 1]


def test_no_bogus_folder_and_no_new_argv(rig):
    box = rig.run(
        """
        import sys
        before = list(sys.path), list(sys.argv)
        pyext._send('again', 'x')
        self.output(len(sys.argv) > 0, isinstance(sys.argv[0], str), '' in sys.path)
        """
    )
    assert box.expect(0) == ["List", 1, 1, 0]
    other = rig.run("import sys; sys.argv.append('kept'); self.output(1)")
    other.expect(0)
    other.send(0, "reload", 3)
    last = rig.run("import sys; self.output(sys.argv.count('kept'), sys.argv.remove('kept') is None)")
    assert last.expect(0) == ["List", 1, 1]


def test_the_interpreter_is_a_python_of_the_same_environment(rig):
    box = rig.run(
        """
        import subprocess, sys
        printed = subprocess.run([sys.executable, '-c', 'import sys; print(sys.version_info[:2], sys.prefix)'],
                              capture_output=True, text=True).stdout.strip()
        self.output(printed == f'{sys.version_info[:2]} {sys.prefix}', __debug__)
        """
    )
    assert box.expect(0) == ["List", 1, 1]


def test_file_is_real(rig):
    box = rig.run("self.output(__file__)")
    assert box.expect(0) == ["Symbol", str(rig.folder / f"{box.module}.py")]


def test_argparse_in_a_class(rig):
    box = rig.run(
        """
        import argparse
        parser = argparse.ArgumentParser()
        parser.add_argument('--length', type=int)
        self.output(parser.parse_args(['--length', '3']).length)
        parser.parse_args(['--wrong'])
        """
    )
    assert box.expect(0) == ["Float", 3]
    rig.expect_console("unrecognized arguments")
    assert box.expect(0)[:3] == ["Any", "raised", "SystemExit"]


def test_guarded_imports_may_fail(rig):
    box = rig.box(
        "pyext {m}.Guards",
        """
        try:
            import pyext
        except ImportError:
            pyext = None
        try:
            import no_such_thing
        except ImportError:
            no_such_thing = None
        class Guards(pyext._class):
            _inlets = _outlets = 1
            def bang_1(self):
                self._outlet(1, no_such_thing is None)
        """,
    )
    box.send(1, "bang")
    assert box.expect(0) == ["Float", 1]


@pytest.mark.parametrize(
    "script, error_text, line",
    [
        ("import pyext\nclass Thing(pyext._class)\n    pass\n", "SyntaxError", 2),
        ("import pyext\nimport no_such_module\n", "ModuleNotFoundError", 2),
        ("import pyext\n\n1 / 0\n", "ZeroDivisionError", 3),
        ("import sys\nsys.exit(1)\n", "SystemExit", 2),
        ("import pyext\nraise KeyboardInterrupt\n", "KeyboardInterrupt", 2),
    ],
)
def test_wrong_scripts_name_file_and_line(rig, script, error_text, line):
    box = rig.box("pyext {m}.Thing", script, inlets=0, outlets=0)
    line_printed = rig.expect_console(error_text)
    assert f"{box.module}.py, line {line})" in line_printed


def test_a_script_that_is_no_utf8(rig):
    (rig.folder / "latin.py").write_bytes(b"import pyext\nname = '\xe9'\n")
    rig.box("pyext latin.Thing", inlets=0, outlets=0)
    assert "latin.py" in rig.expect_console("SyntaxError")


def test_long_names(rig):
    for name in ("a" * 300, "b" * 3000, ".".join("c" * 500), "/".join("d" * 500)):
        rig.box(f"pyext {name}.Thing", inlets=0, outlets=0)
    assert sum("couldn't create" in line for line in rig.console) == 4


def test_an_embedded_python_of_at_least_3_9(rig):
    box = rig.run("import sys; self.output(*sys.version_info[:2])")
    major, minor = box.expect(0)[1:]
    assert (major, minor) >= (3, 9)
    assert sys.version_info >= (3, 9)
