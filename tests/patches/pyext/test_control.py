"""Messages at the control inlet."""

import pytest

TUNE = '''
"""What the script does.

100% of it: %s %n."""
import pyext

def helper(x):
    """Doubles."""
    return 2 * x

class Tune(pyext._class):
    """What the class does."""
    level = 1
    words = ["a", 2.5]
    nothing = None
    _inlets = _outlets = 1

    def __init__(self, *given):
        self.given = given

    def float_1(self, x):
        self._outlet(1, x)

    def show_1(self):
        self._outlet(1, *self.given)

    def level_1(self):
        self._outlet(1, f"is {self.level!r}")
'''


@pytest.fixture
def tune(rig):
    return rig.box("pyext {m}.Tune 1 two", TUNE)


def test_help_explains_the_object(rig, tune):
    tune.send(0, "help")
    rig.expect_console("[pyext IN OUT script.Class arguments...]")


def test_doc_prints_the_script_line_by_line(rig, tune):
    tune.send(0, "doc")
    rig.expect_console("What the script does.")
    rig.expect_console("100% of it: %s %n.")
    assert tune.messages(0) == tune.messages(1) == []


def test_doc_plus_prints_the_class(rig, tune):
    tune.send(0, "doc+")
    rig.expect_console("What the class does.")


def test_doc_plus_prints_a_function(rig):
    box = rig.box("py {m}.helper", TUNE)
    box.send(0, "doc+")
    rig.expect_console("Doubles.")


def test_a_script_without_documentation_is_outlined(rig):
    box = rig.box(
        "pyext {m}.Bare",
        "import pyext\nclass Bare(pyext._class):\n    def play_1(self, pitch, velocity=100):\n        pass\n",
        inlets=1,
        outlets=1,
    )
    box.send(0, "doc+")
    rig.expect_console("play_1(self, pitch, velocity=100)")
    box.send(0, "doc")
    rig.expect_console("Bare")


def test_dir_lists_the_module_and_dir_plus_the_instance(tune):
    tune.send(0, "dir")
    names = tune.expect(1, "Any", "dir")
    assert "helper" in names and "Tune" in names
    tune.send(0, "dir+")
    names = tune.expect(1, "Any", "dir+")
    assert "given" in names and "float_1" in names
    tune.send(0, "getdir+")
    assert "given" in tune.expect(1, "Any", "dir+")


@pytest.mark.parametrize(
    "name, values",
    [("level", [1]), ("words", ["a", 2.5]), ("given", [1, "two"]), ("nothing", ["None"]), ("_inlets", [1])],
)
def test_get(tune, name, values):
    tune.send(0, "get", name)
    assert tune.expect(1) == ["Any", "get", name, *values]


def test_get_of_a_missing_name_is_an_attribute_error(rig, tune):
    tune.send(0, "get", "missing")
    rig.expect_console("AttributeError")


@pytest.mark.parametrize("words, shown", [([5], "5"), ([1, "x"], "(1, <Symbol x>)"), ([2.5], "2.5")])
def test_set(tune, words, shown):
    tune.send(0, "set", "level", *words)
    tune.send(1, "level")
    assert tune.expect(0) == ["Symbol", f"is {shown}"]


def test_set_refuses_and_ignores(rig, tune):
    tune.send(0, "set", "_inlets", 3)
    rig.expect_console("begins with _")
    tune.send(0, "set", "level")
    rig.expect_console("set takes")
    tune.send(0, "set", "missing", 3)
    tune.send(0, "get", "missing")
    rig.expect_console("AttributeError")


def test_reload_replaces_the_arguments_and_reload_dot_keeps_them(tune):
    tune.send(0, "reload.")
    tune.send(1, "show")
    assert tune.expect(0) == ["List", 1, "two"]
    tune.send(0, "reload", 7, 8, 9)
    tune.send(1, "show")
    assert tune.expect(0) == ["List", 7, 8, 9]
    tune.send(0, "reload")
    tune.send(1, "show")
    assert tune.expect(0) == ["Bang"]


def test_args_attribute(tune):
    tune.send(0, "getargs")
    assert tune.expect(1) == ["Any", "args", 1, "two"]
    tune.send(0, "args", 3)
    tune.send(1, "show")
    assert tune.expect(0) == ["Float", 3]
    tune.send(0, "getargs")
    assert tune.expect(1) == ["Any", "args", 3]


def test_getattributes_and_getmethods(tune):
    tune.send(0, "getattributes")
    assert {"detach", "py", "respond", "args", "dir+"} <= set(tune.expect(1, "Any", "attributes"))
    tune.send(0, "getmethods")
    assert {"reload", "reload.", "doc+", "get"} <= set(tune.expect(1, "Any", "methods"))
    tune.send(0, "getmethods", 1)
    assert {"float", "show"} <= set(tune.expect(1, "Any", "methods"))


def test_an_attribute_that_is_only_read(rig):
    rig.box("pyext {m}.Tune @dir+ 1", TUNE)
    rig.expect_console("can only be read")


def test_edit_opens_the_script_in_the_editor(rig, tmp_path, play):
    editor = tmp_path / "editor"
    editor.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/edited\n')
    editor.chmod(0o755)
    rig.write(tmp_path, "melody", TUNE)
    patch = tmp_path / "edit.pd"
    patch.write_text(
        "#N canvas 0 0 400 300 12;\n#X obj 10 40 pyext melody.Tune;\n#X obj 10 10 receive in;\n#X connect 1 0 0 0;\n"
    )
    pd = play(
        [patch],
        arguments=rig.LIBRARY,
        environment={"EDITOR": str(editor), "VISUAL": ""},
    )
    pd.send("in", "edit")
    edited = tmp_path / "edited"
    pd._wait(lambda: edited.exists() and edited.read_text(), 10, "the editor did not start")
    assert edited.read_text().strip() == str(tmp_path / "melody.py")


def test_an_unknown_message_is_noted(rig, tune):
    tune.send(0, "interrupt")
    rig.expect_console('no control message "interrupt"')
