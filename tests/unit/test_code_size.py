"""Modules and functions stay short, and nothing of any length stands in two files."""

import pytest
from support.measure_code import (
    EQUAL_LINES,
    FUNCTION_LINES,
    MODULE_LINES,
    ROOT,
    equal_runs,
    functions,
    modules,
    python_files,
)

SMALLEST = ROOT / "setup/smallest_day"  # is there to be copied


@pytest.fixture(scope="module")
def files():
    return python_files()


def name(file):
    return str(file.relative_to(ROOT))


def test_modules_are_short(files):
    for file, lines in modules(files).items():
        assert lines <= MODULE_LINES, f"{name(file)} has {lines} lines"


def test_functions_are_short(files):
    for (file, function), lines in functions(files).items():
        assert lines <= FUNCTION_LINES, f"{function} in {name(file)} has {lines} lines"


def test_no_run_of_equal_lines_stands_in_two_files(files):
    files = [file for file in files if SMALLEST not in file.parents]
    copies = {(name(one), name(other)): line for (one, other), line in equal_runs(files).items()}
    assert copies == {}


def test_what_is_long_or_a_copy_is_found(tmp_path):
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    copied = "".join(f"x{number} = {number}\n" for number in range(EQUAL_LINES))
    one.write_text("def long():\n    def inner():\n        pass\n" + 50 * "    pass\n" + copied)
    other.write_text("if True:\n" + copied.replace("x", "    x"))
    assert modules([one, other]) == {one: 53 + EQUAL_LINES, other: 1 + EQUAL_LINES}
    assert functions([one]) == {(one, "long"): 53, (one, "long.inner"): 2}
    assert equal_runs([one, other]) == {(one, other): "x0 = 0"}
    assert equal_runs([one, other], EQUAL_LINES + 1) == {}
