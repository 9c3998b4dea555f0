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


def test_boxes_share_a_module_and_reload_together_with_their_own_arguments(desk):
    first = desk.box("pyext {m}.Counts 1", COUNTS)
    second = desk.box(f"pyext {first.module}.Counts 2")
    first.rewrite(first.module, COUNTS.replace("VERSION = 1", "VERSION = 2"))
    second.send(0, "reload", 9)
    first.send(1, "show")
    second.send(1, "show")
    assert first.expect(0) == ["List", 2, 2, 1]
    assert second.expect(0) == ["List", 2, 2, 9]


@pytest.mark.parametrize(
    "broken, complaint",
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
def test_a_failed_reload_keeps_the_old_instance(desk, broken, complaint):
    box = desk.box("pyext {m}.Counts 1", COUNTS)
    other = desk.box(f"pyext {box.module}.Counts 2")
    box.rewrite(box.module, broken)
    box.send(0, "reload.")
    desk.expect_console(complaint)
    for one, argument in ((box, 1), (other, 2)):
        one.send(1, "show")
        assert one.expect(0)[-1] == argument
        one.send(0, "get", "given")
        one.expect(1, "Any", "get", "given", argument)
    box.rewrite(box.module, COUNTS.replace("VERSION = 1", "VERSION = 3"))
    box.send(0, "reload.")
    other.send(1, "show")
    assert other.expect(0)[1] == 3


def test_a_reload_that_asks_for_other_outlets_is_noted(desk):
    box = desk.box("pyext {m}.Counts", COUNTS)
    box.rewrite(box.module, COUNTS.replace("_inlets = _outlets = 1", "_inlets = 1; _outlets = 4"))
    box.send(0, "reload.")
    desk.expect_console("asks for other")
    box.send(1, "show")
    box.expect(0)


def test_counts_that_raise_are_reported(desk):
    box = desk.box(
        "pyext {m}.Odd",
        "import pyext\nclass Odd(pyext._class):\n    def _inlets(self):\n        return 1 / 0\n",
        inlets=1,
        outlets=1,
    )
    desk.expect_console("ZeroDivisionError")
    box.send(0, "getdetach")
    box.expect(0)


def test_a_dead_box_is_not_reloaded(desk):
    script = (
        COUNTS
        + "    def _init(self):\n        if self.given == (1,):\n            raise ValueError('never')\n"
    )
    dead = desk.box("pyext {m}.Counts 1", script)
    desk.expect_console("couldn't create")
    alive = desk.box(f"pyext {dead.module}.Counts 2")
    alive.send(0, "reload.")
    alive.send(1, "show")
    assert alive.expect(0) == ["List", 1, 2, 2]


def test_the_search_path_is_appended_and_installed_modules_win(desk):
    desk.write(desk.folder, "colorsys", "NAME = 'mine'")
    box = desk.run(
        """
        import colorsys, os, sys
        library = os.path.dirname(os.__file__)
        self.say(hasattr(colorsys, "NAME"), sys.path.index(self._canvas_dir) > sys.path.index(library))
        """
    )
    assert box.expect(0) == ["List", 0, 1]


def test_no_bogus_folder_and_no_new_argv(desk):
    box = desk.run(
        """
        import sys
        before = list(sys.path), list(sys.argv)
        pyext._send('again', 'x')
        self.say(len(sys.argv) > 0, isinstance(sys.argv[0], str), '' in sys.path)
        """
    )
    assert box.expect(0) == ["List", 1, 1, 0]
    other = desk.run("import sys; sys.argv.append('kept'); self.say(1)")
    other.expect(0)
    other.send(0, "reload", 3)
    last = desk.run("import sys; self.say(sys.argv.count('kept'), sys.argv.remove('kept') is None)")
    assert last.expect(0) == ["List", 1, 1]


def test_the_interpreter_is_a_python_of_the_same_environment(desk):
    box = desk.run(
        """
        import subprocess, sys
        said = subprocess.run([sys.executable, '-c', 'import sys; print(sys.version_info[:2], sys.prefix)'],
                              capture_output=True, text=True).stdout.strip()
        self.say(said == f'{sys.version_info[:2]} {sys.prefix}', __debug__)
        """
    )
    assert box.expect(0) == ["List", 1, 1]


def test_file_is_real(desk):
    box = desk.run("self.say(__file__)")
    assert box.expect(0) == ["Symbol", str(desk.folder / f"{box.module}.py")]


def test_argparse_in_a_class(desk):
    box = desk.run(
        """
        import argparse
        parser = argparse.ArgumentParser()
        parser.add_argument('--length', type=int)
        self.say(parser.parse_args(['--length', '3']).length)
        parser.parse_args(['--wrong'])
        """
    )
    assert box.expect(0) == ["Float", 3]
    desk.expect_console("unrecognized arguments")
    assert box.expect(0)[:3] == ["Any", "raised", "SystemExit"]


def test_guards_and_failed_imports_are_harmless(desk):
    box = desk.box(
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
    "script, complaint, line",
    [
        ("import pyext\nclass Thing(pyext._class)\n    pass\n", "SyntaxError", 2),
        ("import pyext\nimport no_such_module\n", "ModuleNotFoundError", 2),
        ("import pyext\n\n1 / 0\n", "ZeroDivisionError", 3),
        ("import sys\nsys.exit(1)\n", "SystemExit", 2),
        ("import pyext\nraise KeyboardInterrupt\n", "KeyboardInterrupt", 2),
    ],
)
def test_wrong_scripts_name_file_and_line(desk, script, complaint, line):
    box = desk.box("pyext {m}.Thing", script, inlets=0, outlets=0)
    said = desk.expect_console(complaint)
    assert f"{box.module}.py, line {line})" in said


def test_a_script_that_is_no_utf8(desk):
    (desk.folder / "latin.py").write_bytes(b"import pyext\nname = '\xe9'\n")
    desk.box("pyext latin.Thing", inlets=0, outlets=0)
    assert "latin.py" in desk.expect_console("SyntaxError")


def test_long_names(desk):
    for name in ("a" * 300, "b" * 3000, ".".join("c" * 500), "/".join("d" * 500)):
        desk.box(f"pyext {name}.Thing", inlets=0, outlets=0)
    assert sum("couldn't create" in line for line in desk.console) == 4


def test_an_embedded_python_of_at_least_3_9(desk):
    box = desk.run("import sys; self.say(*sys.version_info[:2])")
    major, minor = box.expect(0)[1:]
    assert (major, minor) >= (3, 9)
    assert sys.version_info >= (3, 9)
