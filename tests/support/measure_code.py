"""Measure the project's Python code: how long modules and functions are, how branched, and which lines are copies.

    python tests/support/measure_code.py

Runs by hand; tests/unit/test_code_size.py holds the code to the limits.
"""

import ast
import subprocess
from collections import defaultdict
from pathlib import Path
from statistics import mean, median

ROOT = Path(__file__).resolve().parents[2]
MODULE_LINES, FUNCTION_LINES, EQUAL_LINES = 400, 50, 10
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def python_files(root=ROOT):
    """The project's Python files: those that git knows or would add."""
    command = ["git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    return [root / name for name in sorted(names) if name and (root / name).exists()]


def modules(files):
    """{file: its lines}."""
    return {file: len(file.read_text().splitlines()) for file in files}


def functions(files):
    """{(file, name): its lines, from `def` to the end}; methods as Class.name."""
    found = {}
    for file in files:
        for name, node in _functions(ast.parse(file.read_text()), ""):
            found[file, name] = node.end_lineno - node.lineno + 1
    return found


def _functions(node, prefix):
    for child in ast.iter_child_nodes(node):
        named = isinstance(child, (*FUNCTIONS, ast.ClassDef))
        name = f"{prefix}{child.name}" if named else prefix
        if isinstance(child, FUNCTIONS):
            yield name, child
        yield from _functions(child, f"{name}." if named else prefix)


def equal_runs(files, length=EQUAL_LINES):
    """{(file, other file): the first of their equal lines} where `length` lines in a row are the same in both.

    Blank lines and indentation do not count.
    """
    places = defaultdict(set)
    for file in files:
        lines = [line.strip() for line in file.read_text().splitlines() if line.strip()]
        for start in range(len(lines) - length + 1):
            places["\n".join(lines[start : start + length])].add(file)
    found = {}
    for text, holders in places.items():
        first, *others = sorted(holders)
        for other in others:
            found.setdefault((first, other), text.splitlines()[0])
    return found


def summary(values):
    """Count, median, 90th percentile and largest of some lengths, in words."""
    values = sorted(values)
    return f"{len(values)}, median {median(values):g}, 90 % below {values[len(values) * 9 // 10]}, most {values[-1]}"


def complexity(files):
    """Mean and largest cyclomatic complexity of the functions, by radon."""
    from radon.complexity import cc_visit

    found = [block.complexity for file in files for block in cc_visit(file.read_text())]
    return f"mean {mean(found):.2f}, most {max(found)}"


def main():
    """Print the figures of the course and of its tests, then what is over the limits."""
    everything = python_files()
    tests = [file for file in everything if file.is_relative_to(ROOT / "tests")]
    for what, files in (("course", sorted({*everything} - {*tests})), ("tests", tests)):
        print(f"{what}: {sum(modules(files).values())} lines")
        print(f"  modules: {summary(modules(files).values())}")
        print(f"  functions: {summary(functions(files).values())}")
        print(f"  cyclomatic complexity: {complexity(files)}")
    for file, lines in modules(everything).items():
        if lines > MODULE_LINES:
            print(f"{file.relative_to(ROOT)}: {lines} lines")
    for (file, name), lines in functions(everything).items():
        if lines > FUNCTION_LINES:
            print(f"{file.relative_to(ROOT)}: {name} has {lines} lines")
    for (one, other), line in equal_runs(everything).items():
        print(f"{one.relative_to(ROOT)} and {other.relative_to(ROOT)} have {EQUAL_LINES} equal lines: {line}")


if __name__ == "__main__":
    main()
