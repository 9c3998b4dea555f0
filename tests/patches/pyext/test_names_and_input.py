"""Scripts of one name, helper modules beside a script, what is read from the terminal, and numbers of libraries."""

import pytest

SHOWS = """
import pyext
{imports}

class Shows(pyext._class):
    _inlets = _outlets = 1

    def show_1(self):
        self._outlet(1, {value})
"""


def script(value, imports=""):
    return SHOWS.format(value=value, imports=imports)


def test_a_script_whose_name_is_taken_is_told_and_one_with_its_own_name_is_not(rig, tmp_path):
    (tmp_path / "other").mkdir()
    elsewhere = type(rig)(rig.pd, tmp_path / "other")
    name = rig.unique()
    first = rig.box(f"pyext {name}.Shows", script(1), module=name)
    second = elsewhere.box(f"pyext {name}.Shows", script(2), module=name)
    for box in (first, second):
        box.send(1, "show")
        assert box.expect(0) == ["Float", 1]

    def told():
        return [line for line in rig.errors if "is not used" in line]

    (line,) = told()
    assert f"{tmp_path}/other/{name}.py" in line and f"{tmp_path}/{name}.py has the same name" in line
    second.send(0, "reload.")
    second.send(1, "show")
    assert second.expect(0) == ["Float", 1]
    copied = rig.unique()
    for one in (rig, elsewhere):
        one.box(f"pyext {copied}.Shows", script(1), module=copied)
    assert len(told()) == 1
    own = elsewhere.box("pyext {m}.Shows", script(3))
    own.send(1, "show")
    assert own.expect(0) == ["Float", 3]


@pytest.mark.parametrize("name", ["random", "time", "numpy"])
def test_a_script_with_the_name_of_a_module_of_pythons_is_told(rig, tmp_path, name):
    rig.box(f"pyext {name}.Shows", script(1), module=name, inlets=0, outlets=0)
    assert f"{tmp_path}/{name}.py is not used" in rig.expect_console("is not used")
    box = rig.run("import random, time; self.output(random.Random(1).random() < time.time())")
    assert box.expect(0) == ["Float", 1]


@pytest.mark.parametrize("how", ["import {helper}", "from {helper} import number"])
def test_a_helper_whose_name_is_taken_is_told(rig, tmp_path, how):
    (tmp_path / "other").mkdir()
    elsewhere = type(rig)(rig.pd, tmp_path / "other")
    helper = rig.unique()
    value = f"{helper}.number()" if how.startswith("import") else "number()"
    for number, one in enumerate((rig, elsewhere)):
        one.write(one.folder, helper, f"number = lambda: {number}\n")
        one.box("pyext {m}.Shows", script(value, how.format(helper=helper)))
    (line,) = [line for line in rig.errors if "is not used" in line]
    assert f"{tmp_path}/other/{helper}.py is not used: {tmp_path}/{helper}.py has the same name" in line


@pytest.mark.parametrize("how", ["import {helper}", "from {helper} import NUMBER"])
def test_a_helper_that_has_changed_is_reloaded_with_the_script(rig, tmp_path, how):
    helper = rig.unique()
    rig.write(tmp_path, helper, "NUMBER = 1\n")
    value = f"{helper}.NUMBER" if how.startswith("import") else "NUMBER"
    box = rig.box("pyext {m}.Shows", script(value, how.format(helper=helper)))
    box.send(1, "show")
    assert box.expect(0) == ["Float", 1]
    rig.write(tmp_path, helper, "NUMBER = 1 + 1\n")
    box.send(0, "reload.")
    box.send(1, "show")
    assert box.expect(0) == ["Float", 2]


def test_a_broken_helper_is_told_and_the_old_one_stays(rig, tmp_path):
    helper = rig.unique()
    rig.write(tmp_path, helper, "NUMBER = 1\n")
    box = rig.box("pyext {m}.Shows", script(f"{helper}.NUMBER", f"import {helper}"))
    rig.write(tmp_path, helper, "NUMBER = )\n")
    box.send(0, "reload.")
    rig.expect_console("SyntaxError")
    box.send(1, "show")
    assert box.expect(0) == ["Float", 1]


def test_a_script_that_ends_python_leaves_the_others_their_input(rig):
    assert rig.run("exit()").expect(0)[:3] == ["Any", "raised", "SystemExit"]
    assert rig.run("input()").expect(0)[:3] == ["Any", "raised", "EOFError"]


@pytest.mark.parametrize(
    "code", ["input()", "sys.stdin.readline() or 1 / 0", "open(sys.stdin.fileno()).read() or 1 / 0"]
)
def test_nothing_is_read_from_pds_terminal(rig, code):
    error = "EOFError" if code == "input()" else "ZeroDivisionError"
    assert rig.run(f"import sys; {code}").expect(0)[:3] == ["Any", "raised", error]


@pytest.mark.parametrize(
    "value", ["np.array(7)", "np.array(7.0)", "np.float32(7)", "np.array([7])[0]", "Bare()"], ids=str
)
def test_a_number_without_dimensions_is_a_number(rig, value):
    bare = "import numpy as np\nclass Bare:\n    __float__ = lambda self: 7.0\n    __getitem__ = lambda self, i: 0"
    box = rig.box("pyext {m}.Shows", script(value, bare))
    box.send(1, "show")
    assert box.expect(0) == ["Float", 7]


def test_an_array_of_one_is_still_a_list(rig):
    box = rig.box("pyext {m}.Shows", script("np.array([7, 8])", "import numpy as np"))
    box.send(1, "show")
    assert box.expect(0) == ["List", 7, 8]
